"""An empty lake whose silver days each test makes itself."""

from pathlib import Path

import pytest

from pricing_lake_tests.gold.silver_days import SilverDays
from pricing_lake_tests.gold.star_days import StarDays


@pytest.fixture
def days(tmp_path: Path) -> SilverDays:
    return SilverDays(tmp_path / "days")


@pytest.fixture
def star(tmp_path: Path) -> StarDays:
    return StarDays(tmp_path / "star")
