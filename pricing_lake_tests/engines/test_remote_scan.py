"""Files on S3 are streamed as the Parquet they are, with the Iceberg reader's rows, and only where that is safe."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.table import Table
from pyiceberg.types import StringType

from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.engines.iceberg_scan import IcebergScan
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.resources.files import files_at
from pricing_lake_tests.aws.moto_server import client, environment, running_moto
from pricing_lake_tests.lake.conftest import day, sales

QUERIES = (
    "SELECT * FROM sales_history ORDER BY sale_id",
    "SELECT sale_id, embedding FROM sales_history WHERE tenant_id = 'acme' ORDER BY sale_id",
    "SELECT sale_id FROM sales_history WHERE sold_date >= TIMESTAMP '2026-03-02 00:05:00' ORDER BY sale_id",
    "SELECT sale_id FROM sales_history WHERE sold_price > CAST(10 AS DECIMAL(10, 2)) AND brand > 'A' ORDER BY sale_id",
    "SELECT sale_id FROM sales_history WHERE brand IS NULL OR product_id IN ('p1', 'p2') ORDER BY sale_id",
    "SELECT COUNT(*) AS n, SUM(sold_price) AS total FROM sales_history",
    "SELECT sale_id FROM sales_history WHERE sold_date > TIMESTAMP '2027-01-01 00:00:00'",
)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@pytest.fixture
def table(moto: str, monkeypatch: pytest.MonkeyPatch) -> Table:
    """Three days on S3, one of them dearer."""
    for name, value in environment(moto, "http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    bucket = f"scan-{uuid4().hex[:8]}"
    client("s3", moto).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    properties = {"warehouse": f"s3://{bucket}/lake", "s3.endpoint": moto, "s3.region": "eu-west-1"}
    catalog = GlueCatalog("test", client=client("glue", moto), **properties)
    files, _ = files_at(f"s3://{bucket}/lake", "eu-west-1", moto)
    lake = Lake(catalog, f"scan_{uuid4().hex[:8]}", f"s3://{bucket}/lake", files=files)
    prices = {day(1): "10.00", day(2): "12.50", day(3): "7.25"}
    publish(lake, SALES_HISTORY, list(prices), lambda window: Candidate(sales(window, 40, price=prices[window])), "run")
    return lake.table(SALES_HISTORY)


def rows(sql: str, table: Table) -> list[dict[str, object]]:
    return DuckDbEngine().run(sql, {"sales_history": table}, {}).read_all().to_pylist()


def reader(sql: str, table: Table) -> str:
    return DuckDbEngine().explain(sql, {"sales_history": table}, {}).inputs[0].reader


@pytest.mark.parametrize("sql", QUERIES)
def test_streamed_rows_are_those_of_the_iceberg_reader(sql: str, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader(sql, table) == ("nothing" if "2027" in sql else "streamed files")
    streamed = rows(sql, table)
    monkeypatch.setattr(IcebergScan, "is_streamed", lambda _: False)
    assert streamed == rows(sql, table)
    assert bool(streamed) == ("2027" not in sql)


def test_a_column_that_came_later_is_left_to_the_iceberg_reader(table: Table) -> None:
    with table.update_schema() as update:
        update.add_column("later", StringType())
    sql = "SELECT sale_id, later FROM sales_history ORDER BY sale_id"
    assert reader(sql, table) == "iceberg reader"
    assert {row["later"] for row in rows(sql, table)} == {None}
    assert len(rows(sql, table)) == 120
    assert reader("SELECT sale_id FROM sales_history", table) == "streamed files"


def test_the_contract_is_read_by_the_names_it_declares(table: Table) -> None:
    assert set(rows("SELECT * FROM sales_history", table)[0]) >= set(SALES_HISTORY.names)
