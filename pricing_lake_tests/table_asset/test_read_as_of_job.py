"""The job `read_as_of`: rows of a table or a query as they were, in a file; Dagit sees a few without personal data."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.resources import resources_for
from pricing_lake.table_asset.read_as_of_job import PREVIEWED, READ_AS_OF_OP, read_as_of_job
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.shop import CHAIN, Shop

DAY, LATER = "2026-03-01", "2026-03-02"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def sold(shop: Shop) -> list[int]:
    """Two days of sales, a day after the other: the snapshots of the bronze table."""
    for day, count in ((DAY, 3), (LATER, 40)):
        for number in range(count):
            shop.sell(f"{day}-{number:02}", day, customer_id=f"someone-{number}")
        assert shop.run([day], CHAIN[:1]).success
    lake: Lake = resources_for(shop.stage)["lake"].open()  # type: ignore[attr-defined]  # a LakeResource
    return [snapshot.snapshot_id for snapshot in lake.table(RAW_SMARTGO_SALES).snapshots()]


def run(shop: Shop, instance: dg.DagsterInstance, **config: Any) -> dg.ExecuteInProcessResult:
    return read_as_of_job(shop.stage).execute_in_process(
        run_config={"ops": {READ_AS_OF_OP: {"config": config}}},
        instance=instance,
        resources=dict(resources_for(shop.stage)),
        raise_on_error=False,
    )


def told(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    assert result.success
    [output] = result.filter_events(lambda event: event.is_successful_output)
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def test_a_table_is_kept_as_it_was_in_a_snapshot(shop: Shop, sold: list[int], instance: dg.DagsterInstance) -> None:
    then = told(run(shop, instance, table="bronze/raw_smartgo_sales", when=[str(sold[0])]))
    now = told(run(shop, instance, table="raw_smartgo_sales", when=[]))
    assert (then["rows"], then["snapshots"]) == (3, {"raw_smartgo_sales": str(sold[0])})
    kept = pq.read_table(then["file"])
    assert sorted(kept.column("sale_id").to_pylist()) == [f"{DAY}-0{number}" for number in range(3)]
    assert kept.column_names == list(RAW_SMARTGO_SALES.names)
    assert (now["rows"], pq.read_table(now["file"]).num_rows) == (43, 43)
    assert Path(then["file"]).is_relative_to(shop.home / "as_of" / "raw_smartgo_sales")


def test_dagit_is_shown_a_few_rows_without_personal_data(
    shop: Shop, sold: list[int], instance: dg.DagsterInstance
) -> None:
    shown = told(run(shop, instance, table="raw_smartgo_sales", when=["2120-01-01"]))["preview"].splitlines()
    assert len(shown) == PREVIEWED + 2
    assert {"sold_price", "currency"} <= {name.strip() for name in shown[0].split("|")}
    assert not [line for line in shown if "someone" in line or "customer_id" in line]


def test_csv_of_some_columns(shop: Shop, sold: list[int], instance: dg.DagsterInstance) -> None:
    columns = ["sale_id", "sold_price"]
    found = told(run(shop, instance, table="raw_smartgo_sales", when=[str(sold[0])], columns=columns, format="csv"))
    with Path(found["file"]).open(newline="") as file:
        assert [row["sold_price"] for row in csv.DictReader(file)] == ["10.00"] * 3


def test_a_saved_query_is_asked_of_the_tables_as_they_were(
    shop: Shop, sold: list[int], instance: dg.DagsterInstance
) -> None:
    asked = {"period_start": "2026-03-01", "period_end": "2026-04-01"}
    query = {"query": "brand_performance", "parameters": asked, "when": ["2120-01-01"]}
    assert "not published yet; run `pricing-lake materialize`" in failure_of(run(shop, instance, **query))
    assert shop.run([DAY], CHAIN).success
    assert shop.run([LATER], CHAIN).success
    lake: Lake = resources_for(shop.stage)["lake"].open()  # type: ignore[attr-defined]  # a LakeResource
    first = lake.table(SALES_HISTORY).snapshots()[0].snapshot_id
    now, then = (
        told(run(shop, instance, **{**query, "when": when})) for when in ([], [f"silver/sales_history={first}"])
    )
    assert [pq.read_table(found["file"]).column("items_sold").to_pylist() for found in (then, now)] == [[3], [43]]
    assert "items_sold" in now["preview"]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"when": ["now"], "table": "raw_smartgo_sales"}, "is not a time; write it as"),
        ({"when": ["1"], "table": "raw_smartgo_sales"}, "has no snapshot 1"),
        ({"when": [], "table": "no_such"}, "no table 'no_such'"),
        ({"when": []}, "name a table or a query, one of them"),
        ({"when": [], "query": "no_such"}, "no saved query 'no_such'"),
        ({"when": [], "table": "raw_smartgo_sales", "columns": ["no_such"]}, "had no column no_such"),
        ({"when": [], "table": "silver/sales_history"}, "not published yet"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_is_not_tried_again(
    shop: Shop, sold: list[int], instance: dg.DagsterInstance, config: dict[str, Any], text: str
) -> None:
    result = run(shop, instance, **config)
    assert text in failure_of(result)
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert not list(shop.home.glob("as_of/**/*.*"))
