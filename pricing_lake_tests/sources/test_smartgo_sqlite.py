"""Which rows belong to a window when times are text: every spelling right, every row somewhere, indexes used."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pricing_lake.sources.smartgo import open_smartgo
from pricing_lake.sources.smartgo_mapping import SmartGoMapping
from pricing_lake.sources.smartgo_sqlite import SqliteSales
from pricing_lake.sources.window import Window
from pricing_lake_tests.sources.sales import DAY, NEXT_DAY, make_shop

BEFORE = "2026-10-31T12:00:00Z"
WITHIN = "2026-11-01T12:00:00Z"
AFTER = "2026-11-02T12:00:00Z"
DAY_BEFORE = Window.of_day(date(2026, 10, 31))
STAMPS = ("TEXT", "TIMESTAMPTZ", "DATETIME", "")


def ids(url: str, window: Window, mapping: SmartGoMapping | None = None) -> list[str]:
    with open_smartgo(url, mapping).read(window) as read:
        found = [sale for batch in read.batches for sale in batch.column("sale_id").to_pylist()]
        assert len(found) == read.control.rows
    return sorted(found)


def belongs(tmp_path: Path, sold_at: Any, updated_at: Any = BEFORE, window: Window = DAY) -> bool:
    return bool(ids(make_shop(tmp_path / "shop.db", [{"sold_at": sold_at, "updated_at": updated_at}]), window))


@pytest.mark.parametrize("types", STAMPS)
@pytest.mark.parametrize("zone", ["", "Z", "z", "+00:00", "+00", "-00:00"])
@pytest.mark.parametrize("separator", ["T", " ", "t"])
def test_every_spelling_of_a_moment_finds_its_day(tmp_path: Path, types: str, zone: str, separator: str) -> None:
    spelled = {
        "lost-1": "2026-10-31{}23:59:59.999999{}",
        "in-1": "2026-11-01{}00:00:00{}",
        "in-2": "2026-11-01{}00:00:00.000{}",
        "in-3": "2026-11-01{}23:59:59{}",
        "in-4": "2026-11-01{}23:59:59.999999{}",
        "lost-2": "2026-11-02{}00:00:00{}",
        "lost-3": "2026-11-02{}00:00:00.000000{}",
    }
    sales: list[dict[str, Any]] = [
        {"sale_id": name, "sold_at": text.format(separator, zone), "updated_at": BEFORE}
        for name, text in spelled.items()
    ]
    assert ids(make_shop(tmp_path / "shop.db", sales, types), DAY) == ["in-1", "in-2", "in-3", "in-4"]


SPELLINGS = (
    lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
    lambda moment: moment.isoformat(),
    lambda moment: moment.isoformat(sep=" ", timespec="auto"),
    lambda moment: moment.isoformat().replace("+00:00", "Z"),
    lambda moment: moment.isoformat().removesuffix("+00:00").rstrip("0") if moment.microsecond else moment.isoformat(),
)
MIDNIGHT = DAY.lo
HOUR = 3_600_000_000
NEIGHBOURS = [whole + part for whole in (0, 10 * HOUR, 24 * HOUR) for part in (0, 1, 500_000, 510_000, 1_000_000)]
MOMENTS = st.one_of(st.sampled_from(NEIGHBOURS), st.integers(-25 * HOUR, 50 * HOUR)).map(
    lambda microseconds: MIDNIGHT + timedelta(microseconds=microseconds)
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    moments=st.lists(st.tuples(MOMENTS, st.sampled_from(SPELLINGS)), max_size=20),
    bounds=st.tuples(MOMENTS, MOMENTS).filter(lambda pair: pair[0] < pair[1]),
)
@example(  # every spelling of moments on and beside bounds that have fractions
    moments=[(MIDNIGHT + timedelta(microseconds=part), spell) for part in NEIGHBOURS[:5] for spell in SPELLINGS],
    bounds=(MIDNIGHT + timedelta(microseconds=500_000), MIDNIGHT + timedelta(microseconds=510_000)),
)
def test_any_window_holds_exactly_the_moments_in_it(
    tmp_path_factory: pytest.TempPathFactory, moments: list[Any], bounds: tuple[datetime, datetime]
) -> None:
    window = Window(*bounds)
    sales: list[dict[str, Any]] = [
        {"sale_id": f"{i:03}", "sold_at": spell(moment), "updated_at": None}
        for i, (moment, spell) in enumerate(moments)
    ]
    url = make_shop(tmp_path_factory.mktemp("shop") / "shop.db", sales)
    assert ids(url, window) == [f"{i:03}" for i, (moment, _) in enumerate(moments) if bounds[0] <= moment < bounds[1]]


NONSENSE_TEXT = [
    "",
    "abc",
    "now",
    " 2026-11-01",
    "20261101",
    "2026-13-01",
    "2026-1-1",
    "11/01/2026",
    "2026-11-31T00:00:00Z",
]
NONSENSE = [None, 20261101, 2461345.5, b"2026-11-01T12:00:00Z", "\N{FULLWIDTH DIGIT TWO}026-11-01", *NONSENSE_TEXT]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=repr)
def test_a_sale_of_no_day_shows_up_on_the_day_of_its_update_only(tmp_path: Path, nonsense: Any) -> None:
    url = make_shop(tmp_path / "shop.db", [{"sold_at": nonsense, "updated_at": WITHIN}])
    assert [len(ids(url, window)) for window in (DAY_BEFORE, DAY, NEXT_DAY)] == [0, 1, 0]


def test_a_late_row_stays_with_the_day_of_its_sale(tmp_path: Path) -> None:
    url = make_shop(tmp_path / "shop.db", [{"sold_at": BEFORE, "updated_at": WITHIN}])
    assert [len(ids(url, window)) for window in (DAY_BEFORE, DAY, NEXT_DAY)] == [1, 0, 0]


def test_a_sale_still_to_come_shows_up_on_both_days(tmp_path: Path) -> None:
    url = make_shop(tmp_path / "shop.db", [{"sold_at": AFTER, "updated_at": WITHIN}])
    assert [len(ids(url, window)) for window in (DAY_BEFORE, DAY, NEXT_DAY)] == [0, 1, 1]


@pytest.mark.parametrize("updated_at", [None, "abc", BEFORE, AFTER, 7])
def test_a_sale_in_the_window_needs_no_update_in_it(tmp_path: Path, updated_at: Any) -> None:
    assert belongs(tmp_path, WITHIN, updated_at)


def test_the_first_year_of_the_calendar_is_as_good_as_any(tmp_path: Path) -> None:
    everything = Window(datetime.min.replace(tzinfo=UTC), DAY.hi)
    assert belongs(tmp_path, "0001-01-01T00:00:00Z", window=everything)


def test_garbage_after_the_day_does_not_hide_the_row(tmp_path: Path) -> None:
    assert belongs(tmp_path, "2026-11-01 at noon")


def test_without_updated_at_only_the_time_of_sale_decides(tmp_path: Path) -> None:
    sales: list[dict[str, Any]] = [
        {"sale_id": "in", "sold_at": WITHIN},
        {"sale_id": "null", "sold_at": None, "updated_at": WITHIN},
        {"sale_id": "later", "sold_at": AFTER, "updated_at": WITHIN},
    ]
    url = make_shop(tmp_path / "shop.db", sales)
    assert ids(url, DAY) == ["in", "later", "null"]
    assert ids(url, DAY, SmartGoMapping(columns={"updated_at": None})) == ["in"]


def plan(path: Path, statement: str, window: Window) -> list[str]:
    bounds = SqliteSales.bounds(window)
    named = statement.format_map({name: f":{name}" for name in bounds})
    with closing(sqlite3.connect(path)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {named}", bounds)]


@pytest.mark.parametrize("types", ["TEXT", "TIMESTAMPTZ"])
@pytest.mark.parametrize("window", [DAY, Window(DAY.lo + timedelta(hours=3), DAY.hi)])
def test_indexes_on_the_plain_columns_are_used(tmp_path: Path, types: str, window: Window) -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    moments = [(day + timedelta(hours=i)).isoformat() for i in range(8000)]
    path = tmp_path / "shop.db"
    make_shop(path, [{"sale_id": moment, "sold_at": moment, "updated_at": moment} for moment in moments], types)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE INDEX by_sale ON sales(sold_at); CREATE INDEX by_update ON sales(updated_at);")
    sql = SqliteSales(SmartGoMapping(), {})
    for statement in (sql.rows(), sql.control()):
        steps = plan(path, statement, window)
        assert any("USING INDEX by_sale (sold_at>? AND sold_at<?)" in step for step in steps), steps
        assert any("USING INDEX by_update (updated_at>? AND updated_at<?)" in step for step in steps), steps
        assert not any(step.startswith("SCAN sales") for step in steps), steps
    assert any("by_update" in step for step in plan(path, sql.changed_days(), window))
