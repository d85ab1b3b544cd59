"""What a SQLite shop says of a window beside its rows: extremes, times of change, columns; and that the gate agrees."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.errors import ChangesUnknownError
from pricing_lake.sources.changed_days import ChangedDays
from pricing_lake.sources.smartgo import open_smartgo
from pricing_lake.sources.smartgo_mapping import COLUMNS, SmartGoMapping
from pricing_lake.sources.window import Control
from pricing_lake_tests.sources.sales import DAY, NEXT_DAY, control_of, judged_control, make_shop

EVERY_RULE = {
    "count_law", "control_total_sold_price", "control_min_sold_price", "control_max_sold_price",
    "control_min_sold_at", "control_max_sold_at",
}  # fmt: skip
TIMES = [
    "2026-11-01",
    "2026-11-01T00:00:00Z",
    "2026-11-01 23:59",
    "2026-11-01T12:00:00.5+00:00",
    "2026-11-01t09:00:00z",
]
DIRT = [None, "abc", "", 5, 2.5, "2026-11-31", "2026-11-01 noon", "9999-12-31", b"\xff\xfe", "2026-11-01 \U0001f600"]


def shop(path: Path, *changes: dict[str, Any], types: str = "") -> Any:
    return open_smartgo(make_shop(path / "shop.db", changes, types))


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path / "shop.db")) as connection, connection:
        connection.execute(statement)


class TestExtremes:
    def test_they_are_those_of_the_window(self, tmp_path: Path) -> None:
        moments = ["2026-11-01T00:00:00Z", "2026-11-01T23:00:00Z", "2026-11-02T01:00:00Z"]
        prices = [9, "10.50", 1000]
        rows = [
            {"sold_at": moment, "updated_at": moment, "sold_price": price}
            for moment, price in zip(moments, prices, strict=True)
        ]
        assert dict(control_of(shop(tmp_path, *rows)).ranges) == {
            "sold_price": (Decimal(9), Decimal("10.5")),
            "sold_at": (moments[0], moments[1]),
        }

    def test_no_rows_have_none(self, tmp_path: Path) -> None:
        assert control_of(shop(tmp_path, {}), NEXT_DAY) == Control(0, Decimal(0), columns=dict.fromkeys(COLUMNS, ""))

    @pytest.mark.parametrize(("column", "wrong"), [("sold_price", "abc"), ("sold_at", "soon")])
    def test_a_value_of_no_order_leaves_none_of_its_column(self, tmp_path: Path, column: str, wrong: str) -> None:
        assert column not in control_of(shop(tmp_path, {}, {column: wrong})).ranges

    @settings(max_examples=60, deadline=None)
    @given(
        rows=st.lists(
            st.fixed_dictionaries(
                {
                    "sold_at": st.sampled_from(TIMES + DIRT),
                    "sold_price": st.sampled_from([0.1, "12.50", " 7 ", -3, "1e2", "+5.", None, "abc", "NaN", 8e9]),
                    "updated_at": st.sampled_from(["2026-11-01T12:00:00Z", "2026-11-01"]),
                }
            ),
            max_size=8,
        )
    )
    def test_the_gate_finds_the_same_whatever_is_stored(
        self, tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
    ) -> None:
        with shop(tmp_path_factory.mktemp("shop"), *rows).read(DAY) as read:
            assert set(judged_control(read).values()) == {True}

    def test_clean_rows_are_held_against_every_figure(self, tmp_path: Path) -> None:
        with shop(tmp_path, {}, {"sold_price": "99"}).read(DAY) as read:
            assert judged_control(read) == dict.fromkeys(EVERY_RULE, True)


class TestTimesOfChange:
    def test_an_insert_an_update_and_a_delete_change_the_figures(self, tmp_path: Path) -> None:
        source = shop(tmp_path, {"sale_id": "a"}, {"sale_id": "b", "updated_at": "2026-11-07"})
        seen = [source.control(DAY).figures]
        for statement in (
            "UPDATE sales SET category = 'hats', updated_at = '2026-11-09T00:00:00.001Z' WHERE sale_id = 'a'",
            "INSERT INTO sales SELECT * FROM sales WHERE sale_id = 'b'",
            "DELETE FROM sales WHERE sale_id = 'a'",
        ):
            execute(tmp_path, statement)
            seen.append(source.control(DAY).figures)
        assert [figures["updates"] for figures in seen] == list(dict.fromkeys(figures["updates"] for figures in seen))

    def test_other_days_and_the_order_of_rows_do_not(self, tmp_path: Path) -> None:
        source = shop(tmp_path, {"sale_id": "a"}, {"sale_id": "b", "updated_at": "2026-11-07"})
        before = source.control(DAY).figures
        execute(tmp_path, "CREATE TABLE turned AS SELECT * FROM sales ORDER BY sale_id DESC")
        execute(tmp_path, "DROP TABLE sales")
        execute(tmp_path, "ALTER TABLE turned RENAME TO sales")
        execute(tmp_path, "INSERT INTO sales (sold_at, updated_at) VALUES ('2026-11-02', '2026-11-02')")
        assert source.control(DAY).figures == before

    @pytest.mark.parametrize("odd", [None, "abc", 5, 1e300, "9999-12-31", b"\xff"])
    def test_an_odd_time_of_change_fails_nothing(self, tmp_path: Path, odd: Any) -> None:
        assert shop(tmp_path, *({"updated_at": odd} for _ in range(1000))).control(DAY).rows == 1000

    def test_without_the_column_there_is_no_such_figure(self, tmp_path: Path) -> None:
        source = open_smartgo(make_shop(tmp_path / "shop.db", [{}]), SmartGoMapping(columns={"updated_at": None}))
        assert control_of(source).updates is None
        assert isinstance(source, ChangedDays)
        with pytest.raises(ChangesUnknownError):
            source.changed_days(DAY.lo, DAY.hi)


def test_a_control_alone_is_the_control_of_the_read(tmp_path: Path) -> None:
    source = shop(tmp_path, {}, {"sold_price": 3})
    assert source.control(DAY) == control_of(source)


def test_the_clock_is_the_database_s_own(tmp_path: Path) -> None:
    assert abs((shop(tmp_path).now() - datetime.now(UTC)).total_seconds()) < 1


class TestColumns:
    def test_all_are_told_with_their_types_and_the_unread_ones_by_name(self, tmp_path: Path) -> None:
        source = shop(tmp_path, types="TEXT")
        execute(tmp_path, "ALTER TABLE sales ADD COLUMN tier VARCHAR(20)")
        control = control_of(source)
        assert dict(control.columns) == dict.fromkeys(COLUMNS, "TEXT") | {"tier": "VARCHAR(20)"}
        assert control.unread == ("tier",)

    def test_a_column_that_another_is_mapped_over_is_unread(self, tmp_path: Path) -> None:
        url = make_shop(tmp_path / "shop.db")
        execute(tmp_path, "ALTER TABLE sales ADD COLUMN amount")
        assert control_of(open_smartgo(url, SmartGoMapping(columns={"sold_price": "amount"}))).unread == ("sold_price",)

    def test_an_ignored_column_is_no_news_in_whatever_case(self, tmp_path: Path) -> None:
        url = make_shop(tmp_path / "shop.db")
        execute(tmp_path, "ALTER TABLE sales ADD COLUMN Tier")
        assert control_of(open_smartgo(url, SmartGoMapping(ignored=["tier"]))).unread == ()


FROM, TO = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("control", "figures"),
    [
        (Control(0, None), {"rows": "0"}),
        (Control(3, Decimal("25.00")), {"rows": "3", "total": "25"}),
        (Control(10, Decimal("1E+3"), updates=Decimal("100")), {"rows": "10", "total": "1000", "updates": "100"}),
        (
            Control(1, Decimal("0.00"), {"sold_at": (FROM, TO)}),
            {"rows": "1", "total": "0", "min.sold_at": FROM.isoformat(), "max.sold_at": TO.isoformat()},
        ),
        (
            Control(1, None, {"sold_price": (Decimal("1.50"), Decimal("1.5000"))}),
            {"rows": "1", "min.sold_price": "1.5", "max.sold_price": "1.5"},
        ),
    ],
)
def test_figures_are_what_is_known_as_text(control: Control, figures: dict[str, str]) -> None:
    assert control.figures == figures
