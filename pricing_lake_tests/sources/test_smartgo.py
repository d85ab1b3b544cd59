"""Reading SmartGo's sales from a SQLite shop: values as stored, one snapshot, plain errors."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceSchemaError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.smartgo import ChangedDay, SmartGoSource, open_smartgo
from pricing_lake.sources.smartgo_mapping import COLUMNS, SmartGoMapping
from pricing_lake.sources.window import Control, Source, Window
from pricing_lake_tests.sources.processes import other_process
from pricing_lake_tests.sources.sales import DAY, NEXT_DAY, SALE, control_of, counted, make_shop


def read_table(source: Source, window: Window = DAY) -> pa.Table:
    with source.read(window) as read:
        return pa.Table.from_batches(read.batches, read.schema)


def shop(tmp_path: Path, *changes: dict[str, Any], types: str = "") -> SmartGoSource:
    return open_smartgo(make_shop(tmp_path / "shop.db", changes, types))


class TestRows:
    def test_an_ordinary_sale_arrives_as_text_in_order(self, tmp_path: Path) -> None:
        source: Source = shop(tmp_path, {})
        table = read_table(source)
        assert table.column_names == list(COLUMNS)
        assert set(table.schema.types) == {pa.string()}
        assert table.to_pylist() == [dict(SALE) | {"quantity": "1"}]

    def test_a_column_of_mixed_types_keeps_every_value_as_stored(self, tmp_path: Path) -> None:
        stored = [2.55, 2, 123456.78, "abc", None, "0012.50", -0.5, "NaN", " 7 "]
        prices = read_table(shop(tmp_path, *({"sold_price": price} for price in stored)))["sold_price"]
        assert prices.to_pylist() == ["2.55", "2", "123456.78", "abc", None, "0012.50", "-0.5", "NaN", " 7 "]

    @pytest.mark.parametrize(
        "text", ["x'; DROP TABLE sales; --", '" OR 1=1', "Ærø 東京 🧥", "two\nlines", "nul\0inside", "", "{lo} ?1 $1"]
    )
    def test_any_text_is_only_text(self, tmp_path: Path, text: str) -> None:
        table = read_table(shop(tmp_path, {"description": text, "sale_id": text}))
        assert table["description"].to_pylist() == table["sale_id"].to_pylist() == [text]

    def test_every_column_but_the_time_may_be_null(self, tmp_path: Path) -> None:
        nothing = dict.fromkeys(COLUMNS) | {"sold_at": "2026-11-01"}
        assert read_table(shop(tmp_path, nothing)).to_pylist() == [nothing]

    def test_an_empty_window_has_a_schema_and_no_batches(self, tmp_path: Path) -> None:
        with shop(tmp_path, {}).read(NEXT_DAY) as read:
            assert read.schema.names == list(COLUMNS)
            assert counted(read.control) == Control(0, Decimal(0))
            assert list(read.batches) == []

    def test_rows_stream_in_batches(self, tmp_path: Path) -> None:
        url = make_shop(tmp_path / "shop.db", [{"sale_id": f"s-{i}"} for i in range(1000)])
        with open_smartgo(url, options=ReadOptions(batch_rows=100)).read(DAY) as read:
            sizes = [batch.num_rows for batch in read.batches]
        assert sum(sizes) == 1000
        assert max(sizes) <= 100


class TestControl:
    def test_it_is_known_before_the_rows_and_counts_them(self, tmp_path: Path) -> None:
        source = shop(tmp_path, {}, {"sold_at": None}, {"sold_at": "2026-10-31T23:59:59Z"}, {"sold_price": None})
        with source.read(DAY) as read:
            assert counted(read.control) == Control(3, Decimal("25.00"))
            assert sum(batch.num_rows for batch in read.batches) == 3

    def test_the_sum_does_not_drift(self, tmp_path: Path) -> None:
        source = shop(tmp_path, *({"sold_price": price} for price in [0.1, 0.2, "0.3", 1] * 1000))
        assert control_of(source).total == Decimal("1600.00")

    @pytest.mark.parametrize("wrong", ["abc", "12abc", "", "NaN", "inf", float("inf"), "1e300", -1e300, "9" * 30, b"x"])
    def test_a_price_that_is_no_sound_number_leaves_no_total(self, tmp_path: Path, wrong: Any) -> None:
        source = shop(tmp_path, {"sold_price": wrong}, {"sold_price": wrong}, {})
        assert counted(control_of(source)) == Control(3, None)
        assert read_table(source).num_rows == 3

    def test_a_wrong_price_elsewhere_does_not_matter(self, tmp_path: Path) -> None:
        source = shop(tmp_path, {}, {"sold_price": "abc", "sold_at": "2026-10-01", "updated_at": "2026-10-01"})
        assert control_of(source).total == Decimal("12.50")

    @settings(max_examples=30, deadline=None)
    @given(
        cents=st.lists(st.integers(-10_000_000_000, 10_000_000_000), max_size=30),
        column=st.sampled_from(["", "TEXT", "NUMERIC", "REAL"]),
    )
    def test_the_total_is_exact_however_prices_are_stored(
        self, tmp_path_factory: pytest.TempPathFactory, cents: list[int], column: str
    ) -> None:
        prices = [Decimal(cent).scaleb(-2) for cent in cents]
        stored = [float(price) if i % 2 else str(price) for i, price in enumerate(prices)]
        source = shop(tmp_path_factory.mktemp("shop"), *({"sold_price": price} for price in stored), types=column)
        assert counted(control_of(source)) == Control(len(prices), sum(prices, Decimal(0)))


def test_control_and_rows_are_one_state_whatever_others_write(tmp_path: Path) -> None:
    source = shop(tmp_path, *({"sale_id": f"s-{i}"} for i in range(10)))
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with source.read(DAY) as read:
        with other_process(path, "DELETE FROM sales WHERE sale_id > 's-4'; UPDATE sales SET sold_price = 0"):
            pass
        table = pa.Table.from_batches(read.batches, read.schema)
        assert counted(read.control) == Control(10, Decimal("125.00"))
    assert table.num_rows == 10
    assert set(table["sold_price"].to_pylist()) == {"12.50"}
    assert counted(control_of(source)) == Control(5, Decimal("0.00"))


class TestMapping:
    def test_other_names_and_absent_columns(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
            connection.execute(
                'CREATE TABLE "order" ("select", tenant_id, product_id, category, condition, price, currency, paid)'
            )
            connection.execute("INSERT INTO \"order\" VALUES (1, 'acme', 'p', 'c', 'good', 5, 'EUR', '2026-11-01')")
            connection.commit()
        absent = dict.fromkeys(
            ["brand", "image_url", "description", "customer_id", "quantity", "updated_at", "deleted_at"]
        )
        mapping = SmartGoMapping("order", {"sale_id": "select", "sold_price": "price", "sold_at": "paid"} | absent)
        table = read_table(open_smartgo(f"sqlite:///{tmp_path / 'other.db'}", mapping))
        assert table.column_names == list(COLUMNS)
        assert set(table.schema.types) == {pa.string()}
        (row,) = table.to_pylist()
        assert {name for name, value in row.items() if value is None} == set(absent)
        assert (row["sale_id"], row["sold_price"], row["sold_at"]) == ("1", "5", "2026-11-01")

    def test_a_view_a_schema_and_other_letter_cases_will_do(self, tmp_path: Path) -> None:
        url = make_shop(tmp_path / "shop.db", [{}])
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            connection.execute("CREATE VIEW shown AS SELECT * FROM sales")
            connection.commit()
        assert read_table(open_smartgo(url, SmartGoMapping("main.shown", {"brand": "BRAND"}))).num_rows == 1

    def test_a_generated_column_will_do(self, tmp_path: Path) -> None:
        url = make_shop(tmp_path / "shop.db", [{}])
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            connection.execute("ALTER TABLE sales ADD COLUMN label AS (upper(brand))")
        table = read_table(open_smartgo(url, SmartGoMapping(columns={"brand": "label"})))
        assert table["brand"].to_pylist() == ["ASTER"]

    def test_a_missing_column_is_named_with_those_that_exist(self, tmp_path: Path) -> None:
        source = open_smartgo(make_shop(tmp_path / "shop.db"), SmartGoMapping(columns={"brand": "maker"}))
        with (
            pytest.raises(SourceSchemaError, match=r"no column maker; it has sale_id, .*: fix SMARTGO mapping"),
            source.read(DAY),
        ):
            pass

    def test_a_missing_table_is_named_with_those_that_exist(self, tmp_path: Path) -> None:
        source = open_smartgo(make_shop(tmp_path / "shop.db"), SmartGoMapping("orders"))
        with (
            pytest.raises(SourceSchemaError, match="no table orders; it has sales: fix SMARTGO mapping"),
            source.read(DAY),
        ):
            pass

    def test_a_missing_file_is_a_wrong_setting(self, tmp_path: Path) -> None:
        source = open_smartgo(f"sqlite:///{tmp_path}/absent.db")
        with pytest.raises(ConfigurationError, match="does not exist"):
            source.probe()
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["oracle://u:Zq9@h/d", "ftp://h/sales", "shop.db", "u:Zq9@h://x", "", "SQLITE:///x"])
def test_an_unknown_scheme_is_refused_with_those_that_work(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"use one of sqlite://, postgresql://, postgres://") as refused:
        open_smartgo(url)
    assert "Zq9" not in str(refused.value)


class TestChangedDays:
    SINCE = datetime(2026, 11, 5, 6, tzinfo=UTC)
    UNTIL = SINCE + timedelta(days=1)

    def test_days_of_sale_are_counted_by_update(self, tmp_path: Path) -> None:
        source = shop(
            tmp_path,
            {"sold_at": "2026-10-31T23:59:59Z", "updated_at": "2026-11-05T06:00:00Z"},
            {"sold_at": "2026-11-01 00:00:00", "updated_at": "2026-11-05 10:00:00.5"},
            {"sold_at": "2026-11-01T23:00:00+00:00", "updated_at": "2026-11-06T05:59:59.999Z"},
            {"sold_at": "2026-11-02", "updated_at": "2026-11-05T05:59:59Z"},
            {"sold_at": "2026-11-03", "updated_at": "2026-11-06T06:00:00Z"},
        )
        assert source.changed_days(self.SINCE, self.UNTIL) == [
            ChangedDay(date(2026, 10, 31), 1),
            ChangedDay(date(2026, 11, 1), 2),
        ]

    @pytest.mark.parametrize("nonsense", ["abc", None, "2026-11-31", "", 5, "0000-01-01"])
    def test_a_time_of_sale_without_a_day_is_left_out(self, tmp_path: Path, nonsense: Any) -> None:
        source = shop(tmp_path, {"sold_at": nonsense, "updated_at": "2026-11-05T10:00:00Z"})
        assert source.changed_days(self.SINCE, self.UNTIL) == []

    def test_without_a_change_column_it_cannot_be_told(self, tmp_path: Path) -> None:
        source = open_smartgo(make_shop(tmp_path / "shop.db"), SmartGoMapping(columns={"updated_at": None}))
        with pytest.raises(ConfigurationError, match="updated_at is mapped to null"):
            source.changed_days(self.SINCE, self.UNTIL)


class TestProbe:
    def test_it_tells_what_answers(self, tmp_path: Path) -> None:
        facts = shop(tmp_path, {}, {}).probe()
        assert facts.dialect == "sqlite"
        assert facts.server_version.startswith("3.")
        assert 0 <= facts.latency_seconds < 1
        assert abs(facts.clock_skew_seconds) < 0.5
        assert facts.table_rows_estimate == 2
        assert facts.missing_columns == ()

    def test_missing_columns_are_reported(self, tmp_path: Path) -> None:
        mapping = SmartGoMapping(columns={"brand": "maker", "condition": "state", "quantity": None})
        facts = open_smartgo(make_shop(tmp_path / "shop.db"), mapping).probe()
        assert facts.missing_columns == ("maker", "state")

    def test_a_missing_table_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(SourceSchemaError, match="no table orders"):
            open_smartgo(make_shop(tmp_path / "shop.db"), SmartGoMapping("orders")).probe()

    def test_a_view_over_nothing_is_an_error(self, tmp_path: Path) -> None:
        url = make_shop(tmp_path / "shop.db")
        with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            connection.execute("CREATE VIEW broken AS SELECT * FROM nowhere")
            connection.commit()
        with pytest.raises(SourceDataError, match="nowhere"):
            open_smartgo(url, SmartGoMapping("broken")).probe()
