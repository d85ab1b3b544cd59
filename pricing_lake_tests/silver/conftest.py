"""An empty lake whose bronze days each test makes itself."""

from pathlib import Path

import pytest

from pricing_lake_tests.silver.bronze_days import BronzeDays


@pytest.fixture
def days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BronzeDays:
    monkeypatch.delenv("PRICING_LAKE_MASKING_KEY", raising=False)
    return BronzeDays(tmp_path / "days")
