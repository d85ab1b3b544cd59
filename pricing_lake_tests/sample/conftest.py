"""A stall of each currency."""

import pytest

from pricing_lake.sample.sales import Stall
from pricing_lake_tests.sample.source_rows import stall


@pytest.fixture(scope="session")
def stalls() -> tuple[Stall, ...]:
    return tuple(stall(name, place) for place, name in enumerate(("atelier-nord", "second-spin", "vintage-lane")))
