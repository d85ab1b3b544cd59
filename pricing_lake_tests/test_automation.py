"""Wholes and months follow what they are made of: asked for once, and only those that changed."""

from pathlib import Path

import dagster as dg
import pytest

from pricing_lake_tests.test_graph import local_definitions

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
FX_RATES, DIM_FX = dg.AssetKey(["silver", "fx_rates"]), dg.AssetKey(["gold", "dim_fx"])
SALES, BRANDS = dg.AssetKey(["silver", "sales_history"]), dg.AssetKey(["marts", "brand_performance"])


class Following:
    """The real graph on an instance without runs, looked at tick by tick."""

    def __init__(self, home: Path) -> None:
        self._definitions = local_definitions(home)
        self._instance = dg.DagsterInstance.ephemeral()
        self._cursor = None

    def made(self, key: dg.AssetKey, partition: str | None = None) -> None:
        """Somebody materialized it."""
        self._instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=partition))

    def asked(self, key: dg.AssetKey) -> set[str]:
        """Partitions of `key` that this tick asks for; of a whole, its name."""
        result = dg.evaluate_automation_conditions(self._definitions, self._instance, cursor=self._cursor)
        self._cursor = result.cursor
        subset = next((found.true_subset for found in result.results if found.key == key), None)
        if subset is None or subset.is_empty:
            return set()
        return set(subset.expensively_compute_partition_keys()) if subset.is_partitioned else {key.path[-1]}


@pytest.fixture
def following(tmp_path: Path) -> Following:
    return Following(tmp_path)


def test_a_dimension_follows_any_day_that_it_is_made_of(following: Following) -> None:
    assert following.asked(DIM_FX) == set()
    following.made(FX_RATES, "2026-03-02")
    assert following.asked(DIM_FX) == {"dim_fx"}
    following.made(DIM_FX)
    assert following.asked(DIM_FX) == set()


def test_a_month_follows_its_own_days(following: Following) -> None:
    assert following.asked(BRANDS) == set()
    following.made(SALES, "2026-03-03")
    assert following.asked(BRANDS) == {"2026-03-01"}
    assert following.asked(BRANDS) == set()
