"""What each mart's query has to read of the small lake: the files of its months and look-back, and no vector."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from pricing_lake.contracts.marts import MARTS
from pricing_lake.contracts.model import Grain, Table
from pricing_lake.engines import InputScan
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.queries.saved import saved_query
from pricing_lake_tests.marts.small_lake import DECEMBER, NOVEMBER, SmallLake

# acme's November lies in two files. Looking back adds one per month: October (brands); October, September, August and
# February (seasons, trend: October 2024 is too old). 1 November is in one file, its 60 days reach back to September.
FILES_OF_NOVEMBER = {"brand_performance": 3, "monthly_sales_trend": 6, "season_performance": 6, "comparables": 3}
SALES_MARTS = [mart for mart in MARTS if "silver/sales_history" in saved_query(mart.name).reads]


@pytest.mark.parametrize("mart", SALES_MARTS, ids=lambda mart: str(mart.name))
def test_partitions_prune(mart: Table, lake: SmallLake) -> None:
    start, end = (NOVEMBER, NOVEMBER + timedelta(days=1)) if mart.every is Grain.DAY else (NOVEMBER, DECEMBER)
    one, every = _scan(mart, lake, start, end, tenant_id="acme"), _scan(mart, lake, start, end)
    assert one.files_scanned == FILES_OF_NOVEMBER.get(mart.name, 2)
    assert one.files_scanned < every.files_scanned < every.files_total


@pytest.mark.parametrize("mart", SALES_MARTS, ids=lambda mart: str(mart.name))
def test_only_comparables_read_embeddings(mart: Table, lake: SmallLake) -> None:
    columns = _scan(mart, lake, NOVEMBER, DECEMBER).columns
    assert ("embedding" in columns) == (mart.name == "comparables")
    assert "description" not in columns


def _scan(mart: Table, lake: SmallLake, start: datetime, end: datetime, **parameters: object) -> InputScan:
    query = saved_query(mart.name)
    scans: Mapping[str, InputScan] = {
        scan.name: scan
        for scan in DuckDbEngine()
        .explain(query.sql, lake.inputs(mart.name), query.over(start, end) | parameters)
        .inputs
    }
    return scans["sales_history"]
