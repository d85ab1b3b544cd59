"""orders_current: every order as it stood when the period ended, from the events that silver holds."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.queries.saved import Moment, saved_query
from pricing_lake.silver.orders import orders
from pricing_lake_tests.silver.bronze_days import BronzeDays, Row, at

QUERY = saved_query("orders_current")


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> BronzeDays:
    days = BronzeDays(tmp_path_factory.mktemp("orders") / "lake")
    told = [
        ("o1", "acme", "PLACED", at(1, "10:00:00")),
        ("o1", "acme", "PAID", at(2, "10:00:00")),
        ("o1", "acme", "SHIPPED", at(3, "10:00:00")),
        ("o2", "acme", "PLACED", at(2, "20:30:00")),
        ("o3", "bolt", "PLACED", at(1, "09:00:00")),
        ("o3", "bolt", "CANCELLED", at(2, "00:00:00")),
    ]
    for offset, (order_id, tenant_id, status, when) in enumerate(told):
        event: Row = {"order_id": order_id, "tenant_id": tenant_id, "status": status, "event_ts": when}
        days.tell(RAW_ORDERS_STREAM, **event, offset=offset, message_ts=when)
    days.build([orders], [1, 2, 3])
    return days


def ask(days: BronzeDays, end: datetime, **given: object) -> list[Row]:
    values = QUERY.over(datetime(2026, 3, 1), end.replace(tzinfo=None)) | given
    rows: list[Row] = DuckDbEngine().run(QUERY.sql, {"orders": days.lake.table(ORDERS)}, values).read_all().to_pylist()
    return rows


def test_an_order_stands_as_its_last_event_says(days: BronzeDays) -> None:
    standing = [(row["order_id"], row["status"], row["hours_in_status"]) for row in ask(days, at(4, "00:00:00"))]
    assert standing == [("o2", "PLACED", 27), ("o1", "SHIPPED", 14), ("o3", "CANCELLED", 48)]


def test_orders_of_two_shops_with_one_id_stand_each_by_itself(tmp_path: Path) -> None:
    days = BronzeDays(tmp_path / "lake")
    for offset, (tenant_id, status) in enumerate([("acme", "PLACED"), ("bolt", "PAID")]):
        when = at(1, f"1{offset}:00:00")
        event: Row = {"order_id": "o1", "tenant_id": tenant_id, "status": status, "event_ts": when}
        days.tell(RAW_ORDERS_STREAM, **event, offset=offset, message_ts=when)
    days.build([orders], [1])
    standing = [(row["tenant_id"], row["status"]) for row in ask(days, at(2, "00:00:00"))]
    assert standing == [("acme", "PLACED"), ("bolt", "PAID")]


def test_later_events_are_not_known_at_an_earlier_end(days: BronzeDays) -> None:
    rows = ask(days, at(2, "12:00:00"))
    assert [(row["order_id"], row["status"]) for row in rows] == [("o1", "PAID"), ("o3", "CANCELLED")]


def test_a_row_in_full(days: BronzeDays) -> None:
    assert ask(days, at(4, "00:00:00"), tenant_id="acme", status="SHIPPED") == [
        {
            "tenant_id": "acme",
            "order_id": "o1",
            "customer_id": "c1",
            "product_id": None,
            "category": "shoes",
            "amount": Decimal("10.00"),
            "currency": "EUR",
            "status": "SHIPPED",
            "status_since": at(3, "10:00:00"),
            "hours_in_status": 14,
            "paid_at": at(2, "10:00:00"),
            "previous_status": "PAID",
            "source": "kafka",
        }
    ]


def test_one_status_is_that_of_the_end_not_of_any_time(days: BronzeDays) -> None:
    assert ask(days, at(4, "00:00:00"), status="PAID") == []


def test_it_reads_only_the_period_and_has_defaults(days: BronzeDays) -> None:
    assert QUERY.parameters == {
        "period_start": Moment.LAST_MONTH, "period_end": Moment.TODAY, "tenant_id": None, "status": None,
    }  # fmt: skip
    third = {"period_start": datetime(2026, 3, 3), "period_end": datetime(2026, 3, 4)}
    scan = DuckDbEngine().explain(QUERY.sql, {"orders": days.lake.table(ORDERS)}, QUERY.parameters | third).inputs[0]
    # A file per day and tenant with events: two on the 1st, two on the 2nd, one on the 3rd.
    assert (scan.files_scanned, scan.files_total) == (1, 5)
