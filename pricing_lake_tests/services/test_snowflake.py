"""Orders and customers read over Snowflake's protocol by the real driver: exact values, one state, nothing lost."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from pricing_lake.errors import ChangesUnknownError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.changed_days import ChangedDay, ChangedDays
from pricing_lake.sources.snowflake import SnowflakeTable
from pricing_lake.sources.window import Control, Window
from pricing_lake_tests.services.snowflake_server import SnowflakeServer, running_snowflake
from pricing_lake_tests.services.snowflake_shop import DAY, SnowflakeShop

pytestmark = pytest.mark.services

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[SnowflakeServer]:
    with running_snowflake() as server:
        yield server


@pytest.fixture
def shop(server: SnowflakeServer) -> SnowflakeShop:
    return SnowflakeShop(server)


def read(source: SnowflakeTable, window: Window = DAY) -> tuple[Control, list[dict[str, object]]]:
    with source.read(window) as found:
        return found.control, pa.Table.from_batches(found.batches, found.schema).to_pylist()


class TestValues:
    def test_ten_thousand_orders_arrive_exactly(self, shop: SnowflakeShop) -> None:
        """In several parts, with NULLs, cents, text of every kind, and microseconds on both sides of 1970."""
        start = datetime(1969, 12, 31, tzinfo=UTC)
        sent = [
            {
                "order_id": f"o-{number}-é'\\\"\n\t🙂",
                "event_ts": start + timedelta(microseconds=17_279_999 * number + 1),
                "amount": Decimal(number * 7919) / 100,
                "product_id": None if number % 3 else f"p-{number}",
                "updated_at": None if number % 7 else start + timedelta(days=20_000, microseconds=number),
            }
            for number in range(10_000)
        ]
        shop.add_orders({**order, "event_ts": order["event_ts"].replace(tzinfo=None)} for order in sent)  # type: ignore[attr-defined]
        control, rows = read(shop.orders(), Window(start, start + timedelta(days=2)))
        assert (control.rows, control.total) == (10_000, sum(order["amount"] for order in sent))  # type: ignore[misc]
        found = {row["order_id"]: row for row in rows}
        assert len(found) == len(rows) == 10_000
        for order in sent:
            assert {name: found[order["order_id"]][name] for name in order} == order

    @pytest.mark.parametrize("kind", ["TIMESTAMP_NTZ", "TIMESTAMP_TZ", "TIMESTAMP_LTZ"])
    def test_a_window_is_half_open_in_utc_for_every_kind_of_time(self, server: SnowflakeServer, kind: str) -> None:
        shop = SnowflakeShop(server, {"event_ts": kind})
        zone = "" if kind == "TIMESTAMP_NTZ" else "+00"
        moments = ("02-28 23:59:59.999999", "03-01 00:00:00", "03-01 23:59:59.999999", "03-02 00:00:00")
        shop.add_orders({"order_id": moment, "event_ts": f"2026-{moment}{zone}"} for moment in moments)
        rows = read(shop.orders())[1]
        last = MIDNIGHT + timedelta(days=1, microseconds=-1)
        assert {row["event_ts"] for row in rows} == {MIDNIGHT, last}
        assert {row["order_id"] for row in rows} == set(moments[1:3])

    def test_times_far_away_are_what_they_are(self, shop: SnowflakeShop) -> None:
        shop.add_customer(created_at="0001-01-01 00:00:00")
        shop.add_customer(customer_id="c-2", created_at="9999-12-31 23:59:59.999999")
        rows = read(shop.customers())[1]
        moments = {datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)}
        assert {row["created_at"] for row in rows} == moments

    def test_what_microseconds_would_cut_off_is_named(self, server: SnowflakeServer, shop: SnowflakeShop) -> None:
        server.keep_nanoseconds(shop.schema, "ORDERS", "EVENT_TS")
        shop.add_order(event_ts="2026-03-01 12:00:00.123456789")
        shop.add_order(event_ts="2026-03-01 12:00:00.123456")
        reasons = sorted(str(row["_reason"]) for row in read(shop.orders())[1])
        assert reasons == ["None", "event_ts_finer_than_microsecond"]

    def test_a_row_without_its_time_comes_with_its_second_one(self, shop: SnowflakeShop) -> None:
        shop.add_order(event_ts=None)
        shop.add_customer(updated_at=None, created_at="2026-03-01 08:00:00")
        assert [row["event_ts"] for row in read(shop.orders())[1]] == [None]
        assert [row["updated_at"] for row in read(shop.customers())[1]] == [None]
        assert read(shop.orders(), Window.of_day(date(2026, 3, 2)))[0].rows == 0

    def test_columns_may_have_other_names_and_types(self, server: SnowflakeServer) -> None:
        shop = SnowflakeShop(server, {"order_id": "NUMBER(18,0)"})
        shop.add_order(order_id=4711)
        shop.execute(
            "ALTER TABLE ORDERS RENAME COLUMN EVENT_TS TO OCCURRED_AT", "ALTER TABLE ORDERS DROP COLUMN CATEGORY"
        )
        shop.execute("CREATE VIEW SHOWN AS SELECT *, 1 AS LOADED_BY FROM ORDERS")
        source = shop.orders(f"SHOP.{shop.schema}.SHOWN", {"event_ts": "OCCURRED_AT", "category": ""})
        control, [row] = read(source)
        assert row["order_id"] == "4711"
        assert "category" not in row
        assert control.columns["AMOUNT"] == "fixed(18,2)"
        assert control.unread == ("LOADED_BY",)


class TestOneState:
    def test_the_figures_are_those_of_the_rows(self, shop: SnowflakeShop) -> None:
        shop.add_order(amount=Decimal("0.10"))
        shop.add_order(amount=None, updated_at=None)
        shop.add_order(amount=Decimal("0.20"), updated_at="2026-03-01 12:00:01.000001")
        control, rows = read(shop.orders())
        second = int(datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC).timestamp()) * 1_000_000
        assert (control.rows, control.total, control.updates) == (3, Decimal("0.30"), 2 * second + 1)
        assert len(rows) == 3
        assert shop.orders().control(DAY) == control

    def test_an_empty_day_is_zero_and_not_unknown(self, shop: SnowflakeShop) -> None:
        control, rows = read(shop.orders())
        assert (control.rows, control.total, control.updates, rows) == (0, 0, 0, [])
        assert read(shop.customers())[0].total is None

    def test_each_day_is_one_statement_whose_values_are_bound(
        self, server: SnowflakeServer, shop: SnowflakeShop
    ) -> None:
        before = len(server.seen()["queries"])
        read(shop.orders())
        described, asked = server.seen()["queries"][before:]
        assert described == {"statement": 'SELECT * FROM "ORDERS"', "bindings": {}}
        assert "2026" not in asked["statement"]
        assert {value["value"][:10] for value in asked["bindings"].values()} == {"2026-03-01", "2026-03-02"}

    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_a_lost_part_of_a_result_is_never_a_smaller_day(
        self, server: SnowflakeServer, shop: SnowflakeShop, part: int
    ) -> None:
        """The driver ends such a result without an error."""
        shop.add_orders({"order_id": f"o-{number}"} for number in range(10_000))
        with (
            server.told(lose_part=part),
            pytest.raises(SourceUnavailableError, match=r"of ORDERS: a part of the result was lost"),
        ):
            read(shop.orders())
        assert len(read(shop.orders())[1]) == 10_000


def test_a_long_result_is_never_held_whole(server: SnowflakeServer, shop: SnowflakeShop) -> None:
    """A quarter of a million rows of half a kilobyte, in parts: 130 MB in all."""
    shop.add_order(category="x" * 400)
    shop.execute(*["INSERT INTO ORDERS SELECT * FROM ORDERS"] * 18)
    with shop.orders().read(DAY) as found:
        next(found.batches)
    before, most, rows = resident_bytes(), 0, 0
    with shop.orders().read(DAY) as found:
        for batch in found.batches:
            rows += batch.num_rows
            most = max(most, resident_bytes())
    assert rows == 1 << 18
    assert most - before < 50_000_000


def resident_bytes() -> int:
    """What this process holds, the driver's own memory included; the server is another process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class TestChanges:
    def test_a_late_row_is_found_by_the_day_it_belongs_to(self, shop: SnowflakeShop) -> None:
        shop.add_order(updated_at="2026-03-05 00:00:00")
        shop.add_order(event_ts="2025-11-30 23:59:59.999999", updated_at="2026-03-05 09:00:00")
        shop.add_order(event_ts="1969-12-31 23:59:59.999999", updated_at="2026-03-05 23:59:59.999999")
        shop.add_order(updated_at="2026-03-06 00:00:00")
        shop.add_order(event_ts=None, updated_at="2026-03-05 09:00:00")
        source = shop.orders()
        assert isinstance(source, ChangedDays)
        day = MIDNIGHT + timedelta(days=4)
        assert source.changed_days(day, day + timedelta(days=1)) == [
            ChangedDay(date(1969, 12, 31), 1),
            ChangedDay(date(2025, 11, 30), 1),
            ChangedDay(date(2026, 3, 1), 1),
        ]

    def test_the_day_is_that_of_utc(self, server: SnowflakeServer) -> None:
        shop = SnowflakeShop(server, {"event_ts": "TIMESTAMP_TZ"})
        shop.add_order(event_ts="2026-03-01 00:30:00+02")
        assert shop.orders().changed_days(MIDNIGHT, MIDNIGHT + timedelta(days=1)) == [ChangedDay(date(2026, 2, 28), 1)]

    def test_customers_change_on_the_day_of_their_change(self, shop: SnowflakeShop) -> None:
        shop.add_customer()
        shop.add_customer(customer_id="c-2", updated_at="2026-03-02 00:00:00")
        found = shop.customers().changed_days(MIDNIGHT, MIDNIGHT + timedelta(days=2))
        assert found == [ChangedDay(date(2026, 3, 1), 1), ChangedDay(date(2026, 3, 2), 1)]

    def test_a_table_that_keeps_no_time_of_change_says_so(self, shop: SnowflakeShop) -> None:
        with pytest.raises(ChangesUnknownError, match=r"map updated_at in \[snowflake_orders_mapping\]"):
            shop.orders(columns={"updated_at": ""}).changed_days(MIDNIGHT, MIDNIGHT + timedelta(days=1))


class TestProbe:
    def test_a_sound_table(self, shop: SnowflakeShop) -> None:
        shop.add_order()
        facts = shop.orders().probe()
        assert (facts.missing_columns, facts.missing_objects, facts.table_rows_estimate) == ((), (), 1)
        assert facts.server_version
        assert 0 < facts.latency_seconds < 5
        assert abs(facts.clock_skew_seconds) < 2
        assert abs(shop.orders().now() - datetime.now(UTC)) < timedelta(seconds=5)

    def test_missing_columns_and_tables_are_reported(self, shop: SnowflakeShop) -> None:
        shop.execute("ALTER TABLE ORDERS DROP COLUMN STATUS", "ALTER TABLE ORDERS DROP COLUMN UPDATED_AT")
        assert shop.orders().probe().missing_columns == ("STATUS", "UPDATED_AT")
        assert shop.orders("NOWHERE").probe().missing_objects == ("NOWHERE",)

    def test_reading_them_is_refused(self, shop: SnowflakeShop) -> None:
        shop.execute("ALTER TABLE ORDERS DROP COLUMN STATUS")
        with pytest.raises(SourceSchemaError, match="lacks STATUS"):
            read(shop.orders())
        with pytest.raises(SourceSchemaError, match="correct the setting or grant SELECT"):
            read(shop.orders("NOWHERE"))
