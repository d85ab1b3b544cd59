"""A reader of one tenant: it returns their rows, and could not return others' if it wanted to."""

from pathlib import Path

import pyarrow.compute as pc
import pytest
from pyiceberg.expressions import GreaterThanOrEqual

from pricing_lake.contracts.all import table_called
from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.tenant_reader import TenantReader
from pricing_lake_tests.lake.conftest import day, sales
from pricing_lake_tests.silver.bronze_days import BronzeDays, at


@pytest.fixture
def sold(lake: Lake) -> Lake:
    publish(lake, SALES_HISTORY, [day(1), day(2)], lambda window: Candidate(sales(window, 12)), "run")
    return lake


def test_every_row_of_the_tenant_comes_and_none_of_another(sold: Lake) -> None:
    rows = TenantReader(sold, "acme").read(SALES_HISTORY)
    assert rows.num_rows == 12
    assert pc.unique(rows.column("tenant_id")).to_pylist() == ["acme"]
    assert rows.column_names == list(SALES_HISTORY.names)


def test_no_file_of_another_tenant_is_opened(sold: Lake, tmp_path: Path) -> None:
    """They are deleted from the disk: whoever opened one would fail."""
    others = list(tmp_path.rglob("tenant_id=bolt/**/*.parquet"))
    assert others
    for file in others:
        file.unlink()
    assert TenantReader(sold, "acme").read(SALES_HISTORY).num_rows == 12
    with pytest.raises(FileNotFoundError):
        TenantReader(sold, "bolt").read(SALES_HISTORY)


def test_columns_are_those_asked_for_also_without_the_tenant_s(sold: Lake) -> None:
    rows = TenantReader(sold, "bolt").read(SALES_HISTORY, ("sale_id", "sold_price"))
    assert rows.column_names == ["sale_id", "sold_price"]
    assert rows.num_rows == 12


def test_what_narrows_further_never_widens(sold: Lake) -> None:
    where = GreaterThanOrEqual("sold_date", "2026-03-02T00:00:00")
    assert TenantReader(sold, "acme").read(SALES_HISTORY, where=where).num_rows == 6


def test_a_tenant_that_nobody_knows_has_no_rows(sold: Lake) -> None:
    assert TenantReader(sold, "nobody").read(SALES_HISTORY).num_rows == 0


def test_a_table_that_is_not_partitioned_by_tenant_is_filtered_row_by_row(tmp_path: Path) -> None:
    days = BronzeDays(tmp_path)
    for number, tenant in enumerate(["acme", "bolt", "acme"]):
        days.tell(RAW_SNOWFLAKE_ORDERS, order_id=f"o{number}", event_ts=at(1), status="PLACED", tenant_id=tenant)
    days.load(RAW_SNOWFLAKE_ORDERS, [1])
    rows = TenantReader(days.lake, "acme").read(RAW_SNOWFLAKE_ORDERS)
    assert sorted(rows.column("order_id").to_pylist()) == ["o0", "o2"]


def test_a_table_without_tenants_is_refused(sold: Lake) -> None:
    with pytest.raises(ConfigurationError, match="its rows are of no tenant"):
        TenantReader(sold, "acme").read(table_called("bronze/raw_salesforce_leads"))


def test_a_reader_without_a_tenant_is_refused(sold: Lake) -> None:
    with pytest.raises(ConfigurationError):
        TenantReader(sold, "")
