"""Reading SmartGo's sales from a real MariaDB server: text as stored, odd dates, windows, snapshots, streams."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from pricing_lake.errors import ConfigurationError, SourceSchemaError
from pricing_lake.sources.smartgo import ChangedDay
from pricing_lake.sources.smartgo_mapping import COLUMNS, OPTIONAL, SmartGoMapping
from pricing_lake.sources.smartgo_mysql import MySqlSales
from pricing_lake.sources.window import Control, Source, Window
from pricing_lake_tests.services.mariadb_shop import MariaDbShop, connected, mariadb_shop
from pricing_lake_tests.sources.sales import DAY, NEXT_DAY, SALE, control_of, counted

pytestmark = pytest.mark.services

BEFORE = "2026-10-31 12:00:00"
WITHIN = "2026-11-01 12:00:00"
AFTER = "2026-11-02 12:00:00"
DAY_BEFORE = Window.of_day(date(2026, 10, 31))


@pytest.fixture
def shop(mariadb_url: str) -> Iterator[MariaDbShop]:
    with mariadb_shop(mariadb_url) as shop:
        yield shop


def read_table(source: Source, window: Window = DAY) -> pa.Table:
    with source.read(window) as read:
        table = pa.Table.from_batches(read.batches, read.schema)
        assert table.num_rows == read.control.rows
    return table


class TestRows:
    def test_an_ordinary_sale_arrives_as_text_in_order(self, shop: MariaDbShop) -> None:
        shop.add()
        table = read_table(shop.source())
        assert table.column_names == list(COLUMNS)
        assert set(table.schema.types) == {pa.string()}
        times = dict.fromkeys(["sold_at", "updated_at"], "2026-11-01 12:00:00.000000")
        assert table.to_pylist() == [dict(SALE) | times | {"quantity": "1"}]

    @pytest.mark.parametrize(
        "text",
        [
            "x'; DROP TABLE sales; --",
            '" OR 1=1',
            "Ærø 東京 🧥👩‍👩‍👧",
            "two\nlines",
            "",
            "{lo} %s %(lo)s",
            "\\N",
            "\t",
            "nul\0",
        ],
    )
    def test_any_text_is_only_text(self, shop: MariaDbShop, text: str) -> None:
        shop.add(description=text, sale_id=text)
        table = read_table(shop.source())
        assert table["description"].to_pylist() == table["sale_id"].to_pylist() == [text]

    @pytest.mark.parametrize("length", [250, 251, 252, 65_535, 65_536, 17_000_000])
    def test_text_of_any_length_arrives_whole(self, mariadb_url: str, length: int) -> None:
        with mariadb_shop(mariadb_url, description="longtext") as shop:
            shop.execute(
                f"INSERT INTO sales (sale_id, sold_at, brand, description)"
                f" VALUES ('long', '{WITHIN}', 'after', CONCAT(REPEAT('x', {length - 1}), 'y'))"
            )
            (row,) = read_table(shop.source()).to_pylist()
        assert row["description"] == "x" * (length - 1) + "y"
        assert row["customer_id"] is None
        assert row["brand"] == "after"

    def test_numbers_arrive_as_the_server_writes_them(self, mariadb_url: str) -> None:
        kinds = {"sold_price": "decimal(30,10)", "quantity": "bigint unsigned", "customer_id": "double"}
        with mariadb_shop(mariadb_url, **kinds) as shop:
            shop.add(sold_price="-0.05", quantity=2**64 - 1, customer_id=0.1)
            shop.add(sold_price="12345678901234567890.0123456789", quantity=0, customer_id=1e300)
            table = read_table(shop.source())
        assert table["sold_price"].to_pylist() == ["-0.0500000000", "12345678901234567890.0123456789"]
        assert table["quantity"].to_pylist() == ["18446744073709551615", "0"]
        assert table["customer_id"].to_pylist() == ["0.1", "1e300"]

    def test_a_column_of_another_character_set_is_read_as_utf8(self, mariadb_url: str) -> None:
        with mariadb_shop(mariadb_url, brand="varchar(20) CHARACTER SET latin1") as shop:
            shop.add(brand="Ærø €")
            assert read_table(shop.source())["brand"].to_pylist() == ["Ærø €"]

    def test_bytes_that_are_no_text_fail_nothing(self, mariadb_url: str) -> None:
        with mariadb_shop(mariadb_url, brand="varbinary(20)") as shop:
            shop.add(brand=b"good")
            shop.add(brand=b"\xff\x00caf\xc3\xa9\xe9")
            assert read_table(shop.source())["brand"].to_pylist() == ["good", "\ufffd\0café\ufffd"]

    def test_every_column_but_the_time_may_be_null(self, shop: MariaDbShop) -> None:
        shop.add(**dict.fromkeys(COLUMNS) | {"sold_at": WITHIN})
        assert read_table(shop.source()).to_pylist() == [dict.fromkeys(COLUMNS) | {"sold_at": f"{WITHIN}.000000"}]

    def test_an_empty_window_has_a_schema_and_no_batches(self, shop: MariaDbShop) -> None:
        shop.add()
        with shop.source().read(NEXT_DAY) as read:
            assert read.schema.names == list(COLUMNS)
            assert counted(read.control) == Control(0, Decimal(0))
            assert list(read.batches) == []

    def test_rows_stream_in_batches(self, shop: MariaDbShop) -> None:
        shop.add()
        shop.execute("INSERT INTO sales SELECT s.* FROM sales s, seq_2_to_5000")
        with shop.source(batch_rows=1000).read(DAY) as read:
            assert [batch.num_rows for batch in read.batches] == [1000] * 5

    def test_a_stream_left_early_is_left_at_once_and_leaves_no_session(self, shop: MariaDbShop) -> None:
        shop.add(description="x" * 1000)
        shop.execute("INSERT INTO sales SELECT s.* FROM sales s, seq_2_to_50000")
        with shop.source(batch_rows=10).read(DAY) as read:
            assert next(read.batches).num_rows == 10
        shop.execute("SET lock_wait_timeout = 5", "ALTER TABLE sales ADD COLUMN needs_an_exclusive_lock int")
        with shop.source().read(DAY) as read:
            assert read.control.rows == 50_000


class TestOddTimes:
    NEVER = ("0000-00-00", "2026-00-15", "2026-11-00", "0000-05-05", "2026-02-31")

    @pytest.mark.parametrize("lost", [*NEVER, None])
    @pytest.mark.parametrize("kind", ["datetime(6)", "date"])
    def test_a_sale_of_no_day_shows_up_on_the_day_of_its_update(
        self, mariadb_url: str, kind: str, lost: str | None
    ) -> None:
        with mariadb_shop(mariadb_url, sold_at=kind) as shop:
            shop.add(sold_at=lost)
            windows = [DAY_BEFORE, DAY, NEXT_DAY, *(Window.of_day(date(2026, 2, day)) for day in (27, 28))]
            windows.append(Window.of_day(date(2025, 12, 31)))
            tables = [read_table(shop.source(), window) for window in windows]
        assert [table.num_rows for table in tables] == [0, 1, 0, 0, 0, 0]
        (shown,) = tables[1]["sold_at"].to_pylist()
        assert shown == (lost if lost is None or kind == "date" else f"{lost} 00:00:00.000000")

    def test_a_zero_timestamp_too(self, mariadb_url: str) -> None:
        with mariadb_shop(mariadb_url, sold_at="timestamp NULL", deleted_at="timestamp NULL") as shop:
            shop.add(sold_at="0000-00-00 00:00:00", deleted_at="0000-00-00 00:00:00")
            (row,) = read_table(shop.source()).to_pylist()
        assert row["sold_at"] == row["deleted_at"] == "0000-00-00 00:00:00"

    def test_timestamps_are_shown_in_utc_and_datetimes_taken_as_utc(self, mariadb_url: str) -> None:
        with mariadb_shop(mariadb_url, updated_at="datetime", deleted_at="date") as shop:
            with connected(shop.url) as tokyo, tokyo.cursor() as cursor:
                cursor.execute("SET time_zone = '+09:00'")
                cursor.execute(
                    "INSERT INTO sales (sold_at, updated_at, deleted_at)"
                    " VALUES ('2026-11-01 09:00:00', '2026-11-01 09:00:00', '2026-11-05')"
                )
            (row,) = read_table(shop.source()).to_pylist()
            assert read_table(shop.source(), DAY_BEFORE).num_rows == 0
        assert row["sold_at"] == "2026-11-01 00:00:00.000000"
        assert row["updated_at"] == "2026-11-01 09:00:00"
        assert row["deleted_at"] == "2026-11-05"


class TestWindow:
    @pytest.mark.parametrize("kind", ["timestamp(6) NULL", "datetime(6)"])
    @pytest.mark.parametrize(
        ("sold_at", "inside"),
        [
            ("2026-10-31 23:59:59.999999", False),
            ("2026-11-01 00:00:00", True),
            ("2026-11-01 23:59:59.999999", True),
            ("2026-11-02 00:00:00", False),
        ],
    )
    def test_it_is_half_open(self, mariadb_url: str, kind: str, sold_at: str, inside: bool) -> None:
        with mariadb_shop(mariadb_url, sold_at=kind) as shop:
            shop.add(sold_at=sold_at, updated_at=None)
            assert read_table(shop.source()).num_rows == inside

    def test_a_bound_within_a_day_cuts_a_column_of_days_too(self, mariadb_url: str) -> None:
        with mariadb_shop(mariadb_url, sold_at="date") as shop:
            shop.add(sold_at="2026-11-01", updated_at=None)
            afternoon = Window(DAY.lo + timedelta(hours=12), DAY.hi)
            morning = Window(DAY.lo, DAY.lo + timedelta(hours=12))
            assert [read_table(shop.source(), window).num_rows for window in (morning, afternoon)] == [1, 0]

    @pytest.mark.parametrize(
        ("sold_at", "counts"),
        [(BEFORE, [1, 0, 0]), (WITHIN, [0, 1, 0]), (AFTER, [0, 1, 1])],
        ids=["late", "now", "soon"],
    )
    def test_late_rows_stay_and_early_rows_show_up_twice(
        self, shop: MariaDbShop, sold_at: str, counts: list[int]
    ) -> None:
        shop.add(sold_at=sold_at, updated_at=WITHIN)
        assert [read_table(shop.source(), window).num_rows for window in (DAY_BEFORE, DAY, NEXT_DAY)] == counts

    def test_without_updated_at_only_the_time_of_sale_decides(self, shop: MariaDbShop) -> None:
        shop.add(sold_at=None)
        shop.add()
        assert read_table(shop.source(columns={"updated_at": None})).num_rows == 1

    def test_indexes_are_used(self, shop: MariaDbShop) -> None:
        shop.execute(
            "INSERT INTO sales (sale_id, sold_at, updated_at) SELECT seq,"
            " TIMESTAMP'2026-01-01 00:00:00' + INTERVAL seq * 5 MINUTE,"
            " TIMESTAMP'2026-01-01 00:00:00' + INTERVAL seq * 5 MINUTE FROM seq_1_to_100000",
            "CREATE INDEX by_sale ON sales (sold_at)",
            "CREATE INDEX by_update ON sales (updated_at)",
            "ANALYZE TABLE sales",
        )
        sql = MySqlSales(SmartGoMapping(), dict.fromkeys(COLUMNS, "timestamp"))
        bounds = {name: f"'{text}'" for name, text in MySqlSales.bounds(DAY).items()}
        for statement in (sql.rows(), sql.control()):
            ((*_, kind, _possible, keys, _length, _ref, rows, _extra),) = shop.execute(
                f"EXPLAIN {statement.format_map(bounds)}"
            )
            assert kind == "index_merge"
            assert set(keys.split(",")) == {"by_sale", "by_update"}
            assert int(rows) < 2000


class TestControl:
    def test_it_counts_and_adds_exactly(self, shop: MariaDbShop) -> None:
        for price in ["0.10", "99999999.99", None, "-5.00"]:
            shop.add(sold_price=price)
        shop.add(sold_at=BEFORE)
        assert counted(control_of(shop.source())) == Control(4, Decimal("99999995.09"))

    @pytest.mark.parametrize(
        ("kind", "prices", "total"),
        [
            ("varchar(200)", ["12.50", " ", None], None),
            ("varchar(200)", ["12.50", "12.50\n"], None),
            ("varchar(200)", ["12.50", "0x10"], None),
            ("varchar(200)", ["12.50", "NaN"], None),
            ("varchar(200)", ["12.50", "1e99"], None),
            ("varchar(200)", ["9" * 150], None),
            ("varchar(200)", ["12.50", "-.5", "+1e2", "0012.5", None], Decimal("124.50")),
            ("double", ["0.1", "0.2", "2.55"], Decimal("2.85")),
            ("double", ["0.1", "1e300"], None),
            ("bigint unsigned", [str(2**64 - 1), str(2**64 - 1)], Decimal(2 * (2**64 - 1))),
        ],
    )
    def test_other_types_of_price(
        self, mariadb_url: str, kind: str, prices: list[str | None], total: Decimal | None
    ) -> None:
        with mariadb_shop(mariadb_url, sold_price=kind) as shop:
            for price in prices:
                shop.add(sold_price=price)
            assert counted(control_of(shop.source())) == Control(len(prices), total)
            assert read_table(shop.source())["sold_price"].to_pylist() == prices

    def test_control_and_rows_are_one_state_whatever_others_write(self, shop: MariaDbShop) -> None:
        for i in range(10):
            shop.add(sale_id=f"s-{i}")
        with shop.source().read(DAY) as read:
            shop.execute("DELETE FROM sales WHERE sale_id > 's-4'", "UPDATE sales SET sold_price = 0")
            table = pa.Table.from_batches(read.batches, read.schema)
            assert counted(read.control) == Control(10, Decimal("125.00"))
        assert table.num_rows == 10
        assert set(table["sold_price"].to_pylist()) == {"12.50"}
        assert counted(control_of(shop.source())) == Control(5, Decimal("0.00"))

    def test_the_state_is_that_of_the_count_not_of_the_first_row(self, shop: MariaDbShop) -> None:
        """The stream begins after the count: were the server's default isolation in force, the two would differ."""
        shop.add()
        with shop.source()._snapshot(MySqlSales.bounds(DAY)) as snapshot:  # type: ignore[attr-defined]
            before = snapshot.rows("SELECT COUNT(*) FROM sales")
            shop.add()
            assert snapshot.rows("SELECT COUNT(*) FROM sales") == before


class TestMapping:
    def test_other_types_names_and_absent_columns(self, shop: MariaDbShop) -> None:
        shop.execute(
            'CREATE TABLE "Order" ("select" uuid, tenant_id int, product_id bigint, category varchar(9),'
            " \"condition\" enum('good', 'poor'), sold_price decimal(10,2), currency char(3), sold_at datetime,"
            " quantity decimal(3,1))",
            """INSERT INTO "Order" VALUES
            ('5d3a2c1e-0000-4000-8000-000000000001', 7, 8, 'shoes', 'poor', 5, 'EUR', '2026-11-01', 1.5)""",
        )
        absent = dict.fromkeys(set(OPTIONAL) - {"quantity"})
        table = read_table(shop.source("Order", {"sale_id": "select"} | absent))
        assert table.to_pylist() == [
            absent
            | {"sale_id": "5d3a2c1e-0000-4000-8000-000000000001", "tenant_id": "7", "product_id": "8"}
            | {"category": "shoes", "condition": "poor", "sold_price": "5.00", "currency": "EUR"}
            | {"sold_at": "2026-11-01 00:00:00", "quantity": "1.5"}
        ]

    def test_a_view_another_database_and_other_letter_cases_will_do(self, mariadb_url: str, shop: MariaDbShop) -> None:
        shop.add()
        shop.execute("CREATE VIEW shown AS SELECT *, UPPER(brand) AS label FROM sales")
        with mariadb_shop(mariadb_url) as other:
            table = read_table(other.source(f"{shop.database}.shown", {"brand": "LABEL", "sold_at": "SOLD_AT"}))
        assert table["brand"].to_pylist() == ["ASTER"]

    def test_a_missing_column_is_named_with_those_that_exist(self, shop: MariaDbShop) -> None:
        with (
            pytest.raises(SourceSchemaError, match=r"no column maker; it has sale_id, .*: fix SMARTGO mapping"),
            shop.source(columns={"brand": "maker"}).read(DAY),
        ):
            pass

    def test_a_missing_table_is_named_with_those_that_exist(self, shop: MariaDbShop) -> None:
        with (
            pytest.raises(SourceSchemaError, match=r"no table sold; it has sales: fix SMARTGO mapping"),
            shop.source("sold").read(DAY),
        ):
            pass

    def test_a_time_column_must_be_a_time(self, mariadb_url: str) -> None:
        with mariadb_shop(mariadb_url, updated_at="varchar(40)") as shop:
            for ask in (shop.source().probe, lambda: read_table(shop.source())):
                with pytest.raises(SourceSchemaError, match=r"column updated_at of sales is varchar, but updated_at"):
                    ask()

    def test_a_broken_view_is_a_wrong_schema(self, shop: MariaDbShop) -> None:
        shop.execute(
            "CREATE TABLE base AS SELECT * FROM sales", "CREATE VIEW broken AS SELECT * FROM base", "DROP TABLE base"
        )
        with pytest.raises(SourceSchemaError, match="broken"), shop.source("broken").read(DAY):
            pass


class TestChangedDays:
    def test_days_of_sale_are_counted_by_update(self, mariadb_url: str) -> None:
        with mariadb_shop(mariadb_url, sold_at="datetime(6)") as shop:
            for sold_at, updated_at in [
                ("2026-10-31 23:59:59.999999", "2026-11-05 06:00:00"),
                ("2026-11-01 00:00:00", "2026-11-05 10:00:00"),
                ("2026-11-01 23:59:59", "2026-11-06 05:59:59.999999"),
                ("2026-11-02 12:00:00", "2026-11-05 05:59:59.999999"),
                ("2026-11-03 12:00:00", "2026-11-06 06:00:00"),
                *((never, "2026-11-05 10:00:00") for never in TestOddTimes.NEVER),
                (None, "2026-11-05 10:00:00"),
            ]:
                shop.add(sold_at=sold_at, updated_at=updated_at)
            since = datetime(2026, 11, 5, 6, tzinfo=UTC)
            assert shop.source().changed_days(since, since + timedelta(days=1)) == [
                ChangedDay(date(2026, 10, 31), 1),
                ChangedDay(date(2026, 11, 1), 2),
            ]

    def test_without_a_change_column_it_cannot_be_told(self, shop: MariaDbShop) -> None:
        with pytest.raises(ConfigurationError, match="updated_at is mapped to null"):
            shop.source(columns={"updated_at": None}).changed_days(DAY.lo, DAY.hi)


class TestProbe:
    def test_it_tells_what_answers(self, shop: MariaDbShop) -> None:
        shop.add()
        shop.execute("ANALYZE TABLE sales")
        facts = shop.source().probe()
        assert facts.dialect == "mysql"
        assert "MariaDB" in facts.server_version
        assert 0 <= facts.latency_seconds < 1
        assert abs(facts.clock_skew_seconds) < 0.5
        assert facts.table_rows_estimate == 1
        assert facts.missing_columns == ()

    def test_missing_columns_are_reported_and_a_view_has_no_estimate(self, shop: MariaDbShop) -> None:
        shop.execute("CREATE VIEW narrow AS SELECT sale_id FROM sales")
        facts = shop.source("narrow").probe()
        assert facts.missing_columns == COLUMNS[1:]
        assert facts.table_rows_estimate is None


def test_odd_values_of_any_column_fail_nothing(mariadb_url: str) -> None:
    odd: list[dict[str, Any]] = [
        {"quantity": 2**63 - 1},
        {"quantity": -(2**63)},
        {"updated_at": "0000-00-00"},
        {"deleted_at": "9999-12-31 23:59:59.999999"},
        {"brand": 1},
    ]
    with mariadb_shop(
        mariadb_url, quantity="bigint", updated_at="datetime", deleted_at="datetime(6)", brand="bit(1)"
    ) as shop:
        for change in odd:
            shop.add(**{"brand": 0} | change)
        assert read_table(shop.source()).num_rows == len(odd)
