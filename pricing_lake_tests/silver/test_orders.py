"""silver/orders: every event once, after the one before it, whatever order its days are built in."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM, RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.order_columns import STATUSES
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.silver.orders import orders
from pricing_lake_tests.silver.bronze_days import DAYS, ORDER, BronzeDays, Row, at, bronze_of, published, window_of


def message(days: BronzeDays, offset: int, when: datetime, status: str, **change: object) -> None:
    """A Kafka message, a second after the event it tells of."""
    row: Row = {"order_id": "o1", "event_ts": when, "status": status, "offset": offset}
    days.tell(RAW_ORDERS_STREAM, **{**row, "message_ts": when + timedelta(seconds=1), **change})


def warehouse(days: BronzeDays, when: datetime, status: str, **change: object) -> None:
    days.tell(RAW_SNOWFLAKE_ORDERS, **{"order_id": "o1", "event_ts": when, "status": status, **change})


def test_an_order_is_followed_over_days_and_sources(days: BronzeDays) -> None:
    message(days, 0, at(1, "10:00:00"), "PLACED")
    warehouse(days, at(1, "23:59:59.999999"), "PAID")
    message(days, 1, at(3, "00:00:00"), "SHIPPED")
    days.build([orders], DAYS)
    steps = [(r["status"], r["source"], r["previous_status"], r["previous_event_ts"]) for r in days.rows(ORDERS)]
    assert steps == [
        ("PLACED", "kafka", None, None),
        ("PAID", "snowflake", "PLACED", at(1, "10:00:00")),
        ("SHIPPED", "kafka", "PAID", at(1, "23:59:59.999999")),
    ]
    paid = at(1, "23:59:59.999999")
    assert [row["paid_at"] for row in days.rows(ORDERS)] == [None, paid, paid]
    assert [days.warned(ORDERS, day) for day in DAYS] == [{}, {}, {}]


def test_a_row_holds_the_event_exactly(days: BronzeDays) -> None:
    warehouse(days, at(1), "PLACED", product_id="p7", amount="1234567.89", currency="USD", tenant_id="bolt")
    days.build([orders], [1])
    assert days.rows(ORDERS) == [
        {
            "order_id": "o1",
            "event_ts": at(1),
            "tenant_id": "bolt",
            "customer_id": "c1",
            "product_id": "p7",
            "category": "shoes",
            "amount": Decimal("1234567.89"),
            "currency": "USD",
            "status": "PLACED",
            "source": "snowflake",
            "previous_status": None,
            "previous_event_ts": None,
            "paid_at": None,
        }
    ]


def test_the_warehouse_wins_and_the_other_copy_is_counted(days: BronzeDays) -> None:
    message(days, 0, at(1, "10:00:00"), "PLACED")
    warehouse(days, at(1, "10:00:00"), "PLACED")
    message(days, 1, at(1, "11:00:00"), "PAID", amount="12.00")
    warehouse(days, at(1, "11:00:00"), "PAID", amount="11.00")
    days.build([orders], [1])
    assert [(r["source"], r["amount"]) for r in days.rows(ORDERS)] == [
        ("snowflake", Decimal("10.00")),
        ("snowflake", Decimal("11.00")),
    ]
    verdict = days.verdict(ORDERS, 1)
    assert verdict.excluded == {"told_twice": 1, "told_differently": 1}
    assert (verdict.source_rows, verdict.good_rows) == (4, 2)


def test_copies_that_leave_the_same_out_are_equal(days: BronzeDays) -> None:
    """A null equals a null: neither source names the product."""
    message(days, 0, at(1), "PLACED", product_id=None, category=None)
    warehouse(days, at(1), "PLACED", product_id=None, category=None)
    days.build([orders], [1])
    assert days.verdict(ORDERS, 1).excluded == {"told_twice": 1}


def test_an_order_whose_product_is_blank_is_one_that_names_none(days: BronzeDays) -> None:
    message(days, 0, at(1), "PLACED", product_id="", category=" ")
    warehouse(days, at(1), "PLACED", product_id=None, category="\t")
    days.build([orders], [1])
    assert [(row["product_id"], row["category"]) for row in days.rows(ORDERS)] == [(None, None)]
    assert days.verdict(ORDERS, 1).excluded == {"told_twice": 1}
    assert days.warned(RAW_ORDERS_STREAM, 1) == {"product_id_blank": 1, "category_blank": 1}


def test_of_messages_that_repeat_an_event_the_newest_is_kept(days: BronzeDays) -> None:
    message(days, 7, at(1, "10:00:00"), "PLACED", amount="3.00", message_ts=at(1, "10:00:09"))
    message(days, 8, at(1, "10:00:00"), "PLACED", amount="1.00", message_ts=at(1, "10:00:01"))
    message(days, 9, at(1, "10:00:00"), "PLACED", amount="3.00", message_ts=at(1, "10:00:08"))
    days.build([orders], [1])
    assert [row["amount"] for row in days.rows(ORDERS)] == [Decimal("3.00")]
    assert days.verdict(ORDERS, 1).excluded == {"told_twice": 1, "told_differently": 1}


def test_the_event_before_is_the_one_that_silver_kept(days: BronzeDays) -> None:
    """The warehouse corrects what the stream told of the day before: PAID is what came before SHIPPED."""
    message(days, 0, at(1, "10:00:00"), "PLACED")
    warehouse(days, at(1, "10:00:00"), "PAID")
    message(days, 1, at(2), "SHIPPED")
    days.build([orders], [1, 2])
    assert days.rows(ORDERS)[-1]["previous_status"] == "PAID"


def test_an_order_of_another_shop_with_the_same_id_is_another_order(days: BronzeDays) -> None:
    message(days, 0, at(1, "10:00:00"), "PLACED")
    message(days, 1, at(1, "11:00:00"), "PLACED", tenant_id="bolt")
    message(days, 2, at(1, "12:00:00"), "PAID")
    message(days, 3, at(2), "SHIPPED", tenant_id="bolt")
    days.build([orders], [1, 2])
    steps = [(r["tenant_id"], r["status"], r["previous_status"], r["paid_at"]) for r in days.rows(ORDERS)]
    assert steps == [
        ("acme", "PLACED", None, None),
        ("bolt", "PLACED", None, None),
        ("acme", "PAID", "PLACED", at(1, "12:00:00")),
        ("bolt", "SHIPPED", "PLACED", None),
    ]
    assert days.warned(ORDERS, 1) == {}
    assert days.warned(ORDERS, 2) == {"shipped_before_paid": 1, "status_out_of_order": 1}


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["PLACED", "PAID", "SHIPPED"], {}),
        (["PLACED", "CANCELLED"], {}),
        (["PLACED", "PAID", "CANCELLED"], {}),
        (["PLACED", "SHIPPED", "PAID"], {"shipped_before_paid": 1, "status_out_of_order": 2}),
        (["SHIPPED"], {"shipped_before_paid": 1, "status_out_of_order": 1}),
        (["PAID", "PLACED", "SHIPPED"], {"status_out_of_order": 3}),
        (["PLACED", "PAID", "SHIPPED", "CANCELLED"], {"status_out_of_order": 1}),
        (["PLACED", "CANCELLED", "PAID"], {"status_out_of_order": 1}),
        (["PLACED", "PAID", "PAID"], {"status_out_of_order": 1}),
    ],
)
def test_an_order_out_of_order_is_published_with_a_warning(
    days: BronzeDays, statuses: Sequence[str], expected: dict[str, int]
) -> None:
    for hour, status in enumerate(statuses):
        message(days, hour, at(1, f"1{hour}:00:00"), status)
    days.build([orders], [1])
    assert days.warned(ORDERS, 1) == expected
    assert len(days.rows(ORDERS)) == len(statuses)


def test_a_late_event_is_seen_once_its_day_and_the_later_one_are_built_again(days: BronzeDays) -> None:
    message(days, 0, at(1), "PLACED")
    message(days, 1, at(3), "SHIPPED")
    days.build([orders], DAYS)
    assert days.warned(ORDERS, 3) == {"shipped_before_paid": 1, "status_out_of_order": 1}
    message(days, 2, at(2), "PAID", message_ts=at(3, "18:00:00"))
    days.build([orders], [2, 3])
    assert days.warned(ORDERS, 3) == {}
    assert [row["previous_status"] for row in days.rows(ORDERS)] == [None, "PLACED", "PAID"]


def test_a_day_without_orders_is_published_empty_and_one_without_bronze_is_refused(days: BronzeDays) -> None:
    days.build([orders], [1])
    assert days.verdict(ORDERS, 1).passed
    days.load(RAW_ORDERS_STREAM, [2])
    refused = days.make(orders, [2]).refused
    assert "bronze/raw_snowflake_orders 2026-03-02 is not published" in refused[0].explain()


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "order_id": st.sampled_from(["o1", "o2", "o3"]),
            # Few moments, so that sources meet and events of one order follow each other closely, midnight included.
            "event_ts": st.builds(
                at, st.sampled_from(DAYS), st.sampled_from(["00:00:00", "08:00:00", "23:59:59.999999"])
            ),
            "status": st.sampled_from(STATUSES),
            "amount": st.sampled_from(["10.00", "11.50"]),
            "product_id": st.sampled_from([None, "p1"]),
        }
    ),
    max_size=25,
)


@settings(max_examples=5, deadline=None)
@given(stream=EVENTS, told=EVENTS, first=st.permutations(DAYS), second=st.permutations(DAYS))
def test_days_in_any_order_twice_give_the_same_table(
    stream: list[Row], told: list[Row], first: list[int], second: list[int]
) -> None:
    sources = {RAW_ORDERS_STREAM.id: messages_of(stream), RAW_SNOWFLAKE_ORDERS.id: once(told)}
    with TemporaryDirectory() as folder:
        straight = BronzeDays(Path(folder) / "straight", sources)
        straight.build([orders], DAYS)
        shuffled = BronzeDays(Path(folder) / "shuffled", {name: rows[::-1] for name, rows in sources.items()})
        shuffled.build([orders], first)
        shuffled.build([orders], second)
        assert shuffled.all_days(orders) == straight.all_days(orders)
        assert shuffled.make(orders, first).snapshot_id is None


@settings(max_examples=100, deadline=None)
@given(stream=EVENTS, told=EVENTS)
def test_every_day_holds_what_history_gives(stream: list[Row], told: list[Row]) -> None:
    messages, unique = messages_of(stream), once(told)
    made: list[Row] = []
    for day in DAYS:
        own_messages, all_messages = bronze_of(RAW_ORDERS_STREAM, messages, day)
        own, every = bronze_of(RAW_SNOWFLAKE_ORDERS, unique, day)
        candidate = orders.transform(own_messages, own, all_messages, every, window_of(day))
        made += published(ORDERS, candidate, day)
    assert sorted(made, key=_place) == followed(messages, unique)


def messages_of(events: list[Row]) -> list[Row]:
    return [{**row, "offset": number, "message_ts": at(4)} for number, row in enumerate(events)]


def once(events: list[Row]) -> list[Row]:
    """The warehouse tells of each event once."""
    return list({(row["order_id"], row["event_ts"]): row for row in events}.values())


def followed(messages: list[Row], told: list[Row]) -> list[Row]:
    """What the table must hold, worked out event by event."""
    kept: dict[tuple[str, datetime], Row] = {}
    for row in messages:  # offsets rise, so a later one replaces
        kept[str(row["order_id"]), row["event_ts"]] = {**ORDER, **row, "source": "kafka"}  # type: ignore[index]
    for row in told:
        kept[str(row["order_id"]), row["event_ts"]] = {**ORDER, **row, "source": "snowflake"}  # type: ignore[index]
    histories: defaultdict[str, list[Row]] = defaultdict(list)
    for (order_id, when), row in sorted(kept.items(), key=lambda item: item[0]):
        history = histories[order_id]
        before = history[-1] if history else {"status": None, "event_ts": None}
        paid = [event["event_ts"] for event in history if event["status"] == "PAID"]
        paid += [when] if row["status"] == "PAID" else []
        follow: Row = {"previous_status": before["status"], "previous_event_ts": before["event_ts"]}
        history.append({**row, **follow, "paid_at": paid[0] if paid else None, "amount": Decimal(str(row["amount"]))})
    rows = [{name: row[name] for name in ORDERS.names} for history in histories.values() for row in history]
    return sorted(rows, key=_place)


def _place(row: Row) -> tuple[str, str]:
    return str(row["event_ts"]), str(row["order_id"])
