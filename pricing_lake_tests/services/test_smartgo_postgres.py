"""Reading SmartGo's sales from a real PostgreSQL server: types, odd values, windows, snapshots, streams."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import adbc_driver_postgresql.dbapi
import pyarrow as pa
import pytest

from pricing_lake.errors import SourceDataError, SourceSchemaError
from pricing_lake.sources.smartgo import ChangedDay
from pricing_lake.sources.smartgo_mapping import COLUMNS, OPTIONAL, SmartGoMapping
from pricing_lake.sources.smartgo_postgresql import PostgresSales
from pricing_lake.sources.window import Control, Source, Window
from pricing_lake_tests.services.postgres_shop import PostgresShop, execute, postgres_shop
from pricing_lake_tests.sources.sales import DAY, NEXT_DAY, NOON, SALE, control_of, counted

pytestmark = pytest.mark.services

BEFORE = "2026-10-31T12:00:00Z"
WITHIN = "2026-11-01T12:00:00Z"
AFTER = "2026-11-02T12:00:00Z"
DAY_BEFORE = Window.of_day(date(2026, 10, 31))


@pytest.fixture
def shop(postgres_url: str) -> Iterator[PostgresShop]:
    with postgres_shop(postgres_url) as shop:
        yield shop


def read_table(source: Source, window: Window = DAY) -> pa.Table:
    with source.read(window) as read:
        table = pa.Table.from_batches(read.batches, read.schema)
        assert table.num_rows == read.control.rows
    return table


class TestRows:
    def test_an_ordinary_sale_arrives_typed_and_in_order(self, shop: PostgresShop) -> None:
        shop.add()
        table = read_table(shop.source())
        assert table.column_names == list(COLUMNS)
        assert table.schema.field("sold_at").type == pa.timestamp("us", "UTC")
        assert table.schema.field("quantity").type == pa.int64()
        assert table.schema.field("sold_price").type == pa.string()
        assert table.to_pylist() == [dict(SALE) | {"sold_at": NOON, "updated_at": NOON}]

    @pytest.mark.parametrize(
        "text", ["x'; DROP TABLE sales; --", '" OR 1=1', "Ærø 東京 🧥", "two\nlines", "", "{lo} ?1 $1", "\\N", "\t"]
    )
    def test_any_text_is_only_text(self, shop: PostgresShop, text: str) -> None:
        shop.add(description=text, sale_id=text)
        table = read_table(shop.source())
        assert table["description"].to_pylist() == table["sale_id"].to_pylist() == [text]

    def test_numerics_arrive_as_the_text_they_are(self, postgres_url: str) -> None:
        stored = ["1.123456789012345678901", "NaN", None, "123456.7800", "-0.05", "1e30", "Infinity"]
        with postgres_shop(postgres_url, sold_price="numeric") as shop:
            for price in stored:
                shop.add(sold_price=price)
            prices = read_table(shop.source())["sold_price"].to_pylist()
        assert prices == [*stored[:5], "1" + "0" * 30, "Infinity"]

    def test_every_column_but_the_time_may_be_null(self, shop: PostgresShop) -> None:
        shop.add(**dict.fromkeys(COLUMNS) | {"sold_at": WITHIN})
        assert read_table(shop.source()).to_pylist() == [dict.fromkeys(COLUMNS) | {"sold_at": NOON}]

    def test_an_empty_window_has_a_schema_and_no_batches(self, shop: PostgresShop) -> None:
        shop.add()
        with shop.source().read(NEXT_DAY) as read:
            assert counted(read.control) == Control(0, Decimal(0))
            assert list(read.batches) == []

    def test_rows_stream_in_batches(self, shop: PostgresShop) -> None:
        shop.add()
        shop.execute("INSERT INTO {shop}.sales SELECT s.* FROM {shop}.sales s, generate_series(2, 5000)")
        with shop.source(batch_bytes=100_000).read(DAY) as read:
            sizes = [batch.num_rows for batch in read.batches]
        assert sum(sizes) == 5000
        assert len(sizes) > 5

    def test_a_stream_left_early_leaves_no_session(self, shop: PostgresShop) -> None:
        shop.add()
        shop.execute("INSERT INTO {shop}.sales SELECT s.* FROM {shop}.sales s, generate_series(2, 50000)")
        with shop.source(batch_bytes=10_000).read(DAY) as read:
            assert next(read.batches).num_rows < 50_000
        shop.execute("ALTER TABLE {shop}.sales ADD COLUMN needs_an_exclusive_lock int")


class TestOddTimes:
    @pytest.mark.parametrize(
        ("stored", "shown"),
        [
            ("infinity", datetime(9999, 12, 31, tzinfo=UTC)),
            ("-infinity", datetime(1, 1, 1, tzinfo=UTC)),
            ("294276-12-31 00:00:00+00", datetime(9999, 12, 31, tzinfo=UTC)),
            ("4713-01-01 00:00:00+00 BC", datetime(1, 1, 1, tzinfo=UTC)),
            ("2026-11-01 13:30:00.123456+01:30", datetime(2026, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ],
    )
    def test_times_keep_their_direction_when_no_calendar_has_them(
        self, shop: PostgresShop, stored: str, shown: datetime
    ) -> None:
        shop.add(deleted_at=stored)
        assert read_table(shop.source())["deleted_at"].to_pylist() == [shown]

    @pytest.mark.parametrize("lost", ["infinity", "-infinity", None])
    def test_a_sale_of_no_day_shows_up_on_the_day_of_its_update(self, shop: PostgresShop, lost: str | None) -> None:
        shop.add(sold_at=lost)
        counts = [read_table(shop.source(), window).num_rows for window in (DAY_BEFORE, DAY, NEXT_DAY)]
        assert counts == [0, 1, 0]

    def test_a_date_and_a_time_without_zone_are_taken_as_utc(self, postgres_url: str) -> None:
        with postgres_shop(postgres_url, sold_at="date", updated_at="timestamp", deleted_at="timestamp") as shop:
            shop.execute("ALTER DATABASE postgres SET timezone = 'Asia/Tokyo'")
            shop.add(sold_at="2026-11-01", updated_at="2026-11-01 12:00:00", deleted_at="infinity")
            shop.add(sold_at="infinity", updated_at="2026-11-01 23:59:59.999999")
            shop.add(sold_at="5874897-12-31", updated_at="2026-11-02 00:00:00")
            try:
                table = read_table(shop.source())
                changed = shop.source().changed_days(DAY.lo, DAY.hi)
            finally:
                shop.execute("ALTER DATABASE postgres RESET timezone")
        assert table["sold_at"].to_pylist() == [DAY.lo, datetime(9999, 12, 31, tzinfo=UTC)]
        assert table["updated_at"].to_pylist() == [NOON, DAY.hi - timedelta(microseconds=1)]
        assert table["deleted_at"].to_pylist() == [datetime(9999, 12, 31, tzinfo=UTC), None]
        assert changed == [ChangedDay(date(2026, 11, 1), 1)]


class TestWindow:
    @pytest.mark.parametrize(
        ("sold_at", "inside"),
        [
            ("2026-10-31 23:59:59.999999Z", False),
            ("2026-11-01 00:00:00Z", True),
            ("2026-11-02 01:59:59.999999+02", True),
            ("2026-11-02 00:00:00Z", False),
        ],
    )
    def test_it_is_half_open(self, shop: PostgresShop, sold_at: str, inside: bool) -> None:
        shop.add(sold_at=sold_at, updated_at=None)
        assert read_table(shop.source()).num_rows == inside

    @pytest.mark.parametrize(
        ("sold_at", "counts"),
        [(BEFORE, [1, 0, 0]), (WITHIN, [0, 1, 0]), (AFTER, [0, 1, 1])],
        ids=["late", "now", "soon"],
    )
    def test_late_rows_stay_and_early_rows_show_up_twice(
        self, shop: PostgresShop, sold_at: str, counts: list[int]
    ) -> None:
        shop.add(sold_at=sold_at, updated_at=WITHIN)
        assert [read_table(shop.source(), window).num_rows for window in (DAY_BEFORE, DAY, NEXT_DAY)] == counts

    def test_without_updated_at_only_the_time_of_sale_decides(self, shop: PostgresShop) -> None:
        shop.add(sold_at=None)
        shop.add()
        assert read_table(shop.source(columns={"updated_at": None})).num_rows == 1

    def test_indexes_are_used(self, shop: PostgresShop) -> None:
        shop.execute(
            "INSERT INTO {shop}.sales (sale_id, sold_at, updated_at) SELECT i, moment, moment FROM ("
            " SELECT i, timestamptz '2026-01-01Z' + i * interval '5 minutes' AS moment"
            " FROM generate_series(1, 100000) i) moments",
            "CREATE INDEX by_sale ON {shop}.sales (sold_at)",
            "CREATE INDEX by_update ON {shop}.sales (updated_at)",
            "ANALYZE {shop}.sales",
        )
        sql = PostgresSales(SmartGoMapping(f"{shop.schema}.sales"), dict.fromkeys(COLUMNS, "timestamp with time zone"))
        bounds = PostgresSales.bounds(DAY)
        statement = sql.rows().format_map({name: f"current_setting('lake.{name}')" for name in bounds})
        with (
            adbc_driver_postgresql.dbapi.connect(shop.url) as connection,
            connection.cursor(adbc_stmt_kwargs={"adbc.postgresql.use_copy": "false"}) as cursor,
        ):
            cursor.execute(
                "SELECT set_config('lake.lo', $1, true), set_config('lake.hi', $2, true)", (*bounds.values(),)
            )
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Index Scan on by_sale" in plan
        assert "Index Scan on by_update" in plan
        assert "Seq Scan" not in plan


class TestControl:
    def test_it_counts_and_adds_exactly(self, shop: PostgresShop) -> None:
        for price in ["0.10", "99999999.99", None, "-5.00"]:
            shop.add(sold_price=price)
        shop.add(sold_at=BEFORE)
        assert counted(control_of(shop.source())) == Control(4, Decimal("99999995.09"))

    @pytest.mark.parametrize("endless", ["NaN", "Infinity"])
    def test_a_price_without_end_leaves_no_total(self, postgres_url: str, endless: str) -> None:
        with postgres_shop(postgres_url, sold_price="numeric") as shop:
            shop.add(sold_price=endless)
            shop.add()
            assert counted(control_of(shop.source())) == Control(2, None)

    @pytest.mark.parametrize(
        ("kind", "prices", "total"),
        [
            ("text", ["12.50", " ", None], None),
            ("text", ["12.50", "1e400000"], None),
            pytest.param("text", ["9" * 140_000], None, id="more digits than numeric holds"),
            ("text", ["12.50", "-.5", "+1e2", None], Decimal("112.00")),
            ("float8", ["0.1", "0.2", "2.55"], Decimal("2.85")),
            ("float8", ["0.1", "Infinity"], None),
            ("bigint", ["9223372036854775807", "9223372036854775807"], Decimal(2 * (2**63 - 1))),
        ],
    )
    def test_other_types_of_price(
        self, postgres_url: str, kind: str, prices: list[str | None], total: Decimal | None
    ) -> None:
        with postgres_shop(postgres_url, sold_price=kind) as shop:
            for price in prices:
                shop.add(sold_price=price)
            assert counted(control_of(shop.source())) == Control(len(prices), total)
            assert read_table(shop.source())["sold_price"].to_pylist() == prices

    def test_control_and_rows_are_one_state_whatever_others_write(self, shop: PostgresShop) -> None:
        for i in range(10):
            shop.add(sale_id=f"s-{i}")
        with shop.source().read(DAY) as read:
            shop.execute("DELETE FROM {shop}.sales WHERE sale_id > 's-4'", "UPDATE {shop}.sales SET sold_price = 0")
            table = pa.Table.from_batches(read.batches, read.schema)
            assert counted(read.control) == Control(10, Decimal("125.00"))
        assert table.num_rows == 10
        assert set(table["sold_price"].to_pylist()) == {"12.50"}
        assert counted(control_of(shop.source())) == Control(5, Decimal("0.00"))


class TestMapping:
    def test_other_types_names_and_absent_columns(self, shop: PostgresShop) -> None:
        shop.execute(
            "CREATE TYPE {shop}.state AS ENUM ('good', 'poor')",
            "CREATE DOMAIN {shop}.moment AS timestamptz",
            'CREATE TABLE {shop}."Order" ("select" uuid, tenant_id int, product_id bigint, category varchar(9),'
            " condition {shop}.state, sold_price money, currency char(3), sold_at {shop}.moment, quantity numeric)",
            """INSERT INTO {shop}."Order" VALUES
            ('5d3a2c1e-0000-4000-8000-000000000001', 7, 8, 'shoes', 'poor', 5, 'EUR', '2026-11-01Z', 1.5)""",
        )
        absent = dict.fromkeys(set(OPTIONAL) - {"quantity"})
        table = read_table(shop.source("Order", {"sale_id": "select"} | absent))
        assert table.schema.field("quantity").type == pa.string()
        assert table.schema.field("updated_at").type == pa.timestamp("us", "UTC")
        assert table.to_pylist() == [
            absent
            | {"sale_id": "5d3a2c1e-0000-4000-8000-000000000001", "tenant_id": "7", "product_id": "8"}
            | {"category": "shoes", "condition": "poor", "sold_price": "$5.00", "currency": "EUR"}
            | {"sold_at": DAY.lo, "quantity": "1.5"}
        ]

    def test_an_absent_quantity_is_still_a_number(self, shop: PostgresShop) -> None:
        shop.add()
        column = read_table(shop.source(columns={"quantity": None}))["quantity"]
        assert (column.type, column.to_pylist()) == (pa.int64(), [None])

    def test_a_view_will_do(self, shop: PostgresShop) -> None:
        shop.add()
        shop.execute("CREATE VIEW {shop}.shown AS SELECT *, upper(brand) AS label FROM {shop}.sales")
        table = read_table(shop.source("shown", {"brand": "label"}))
        assert table["brand"].to_pylist() == ["ASTER"]

    def test_a_missing_column_is_named_with_those_that_exist(self, shop: PostgresShop) -> None:
        source = shop.source(columns={"brand": "BRAND"})
        with (
            pytest.raises(SourceSchemaError, match=r"no column BRAND; it has sale_id, .*: fix SMARTGO mapping"),
            source.read(DAY),
        ):
            pass

    def test_a_missing_table_is_named_with_those_that_exist(self, postgres_url: str, shop: PostgresShop) -> None:
        execute(postgres_url, "CREATE TABLE public_orders (x int)")
        try:
            with (
                pytest.raises(
                    SourceSchemaError, match=r"no table .*\.sold; it has .*public_orders.*: fix SMARTGO mapping"
                ),
                shop.source("sold").read(DAY),
            ):
                pass
        finally:
            execute(postgres_url, "DROP TABLE public_orders")

    def test_a_time_column_must_be_a_time(self, postgres_url: str) -> None:
        with (
            postgres_shop(postgres_url, sold_at="text") as shop,
            pytest.raises(SourceSchemaError, match=r"column sold_at of .* is text, but sold_at needs timestamptz"),
            shop.source().read(DAY),
        ):
            pass

    def test_the_probe_says_so_too(self, postgres_url: str) -> None:
        with (
            postgres_shop(postgres_url, updated_at="text") as shop,
            pytest.raises(SourceSchemaError, match=r"column updated_at of .* is text"),
        ):
            shop.source().probe()

    def test_a_view_that_cannot_be_computed_is_wrong_data(self, shop: PostgresShop) -> None:
        shop.add()
        shop.execute("CREATE VIEW {shop}.broken AS SELECT * FROM {shop}.sales WHERE 1 / (quantity - 1) > 0")
        with pytest.raises(SourceDataError, match="division by zero"), shop.source("broken").read(DAY):
            pass


class TestChangedDays:
    def test_days_of_sale_are_counted_by_update(self, shop: PostgresShop) -> None:
        for sold_at, updated_at in [
            ("2026-10-31 23:59:59Z", "2026-11-05 06:00:00Z"),
            ("2026-11-01 00:00:00Z", "2026-11-05 10:00:00Z"),
            ("2026-11-02 00:59:59+01", "2026-11-06 05:59:59Z"),
            ("2026-11-02 12:00:00Z", "2026-11-05 05:59:59Z"),
            ("2026-11-03 12:00:00Z", "2026-11-06 06:00:00Z"),
            ("infinity", "2026-11-05 10:00:00Z"),
            ("-infinity", "2026-11-05 10:00:00Z"),
            (None, "2026-11-05 10:00:00Z"),
        ]:
            shop.add(sold_at=sold_at, updated_at=updated_at)
        since = datetime(2026, 11, 5, 6, tzinfo=UTC)
        assert shop.source().changed_days(since, since + timedelta(days=1)) == [
            ChangedDay(date(2026, 10, 31), 1),
            ChangedDay(date(2026, 11, 1), 2),
        ]


class TestProbe:
    def test_it_tells_what_answers(self, shop: PostgresShop) -> None:
        shop.add()
        shop.execute("ANALYZE {shop}.sales")
        facts = shop.source().probe()
        assert facts.dialect == "postgresql"
        assert facts.server_version[:2].isdigit()
        assert 0 <= facts.latency_seconds < 1
        assert abs(facts.clock_skew_seconds) < 0.5
        assert facts.table_rows_estimate == 1
        assert facts.missing_columns == ()

    def test_missing_columns_are_reported_and_a_view_has_no_estimate(self, shop: PostgresShop) -> None:
        shop.execute("CREATE VIEW {shop}.narrow AS SELECT sale_id FROM {shop}.sales")
        facts = shop.source("narrow").probe()
        assert facts.missing_columns == COLUMNS[1:]
        assert facts.table_rows_estimate is None

    def test_a_table_never_analysed_has_no_estimate(self, shop: PostgresShop) -> None:
        assert shop.source().probe().table_rows_estimate is None


def test_odd_values_of_any_column_fail_nothing(shop: PostgresShop) -> None:
    odd: list[dict[str, Any]] = [
        {"quantity": 2**31 - 1},
        {"quantity": -(2**31)},
        {"sold_price": "NaN"},
        {"updated_at": "infinity"},
    ]
    for change in odd:
        shop.add(**change)
    assert read_table(shop.source()).num_rows == len(odd)
