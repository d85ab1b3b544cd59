"""Closed days heal themselves: whatever changes in the shop, exactly the changed days are run again, and once."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake_tests.sources.sales import make_shop
from pricing_lake_tests.sources.sales_service import SalesService, serving
from pricing_lake_tests.watched_lake import CHAIN, NOW, OLD, OTHER, RECENT, TABLE, WatchedLake, ago

TODAY = NOW.date().isoformat()
SOLD = [
    {"sale_id": f"{day}-{number}", "sold_at": f"{day}T12:00:00Z", "updated_at": f"{day}T12:00:05Z", "image_url": None}
    for day in (OLD, OTHER, RECENT)
    for number in (1, 2)
]


class Shop:
    """The shop behind a watched lake."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = make_shop(path, SOLD)

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement)

    def correct(self, day: str, change: str, updated_at: str) -> None:
        self.execute(f"UPDATE sales SET {change}, updated_at = '{updated_at}' WHERE sale_id = '{day}-1'")

    def sell_late(self, sale_id: str, day: str, updated_at: str) -> str:
        """The statement that adds a sale to a closed day."""
        columns = ["sale_id", "sold_at", "updated_at"]
        values = [sale_id, f"{day}T18:00:00Z", updated_at]
        with closing(sqlite3.connect(self.path)) as connection:
            others = [row[1] for row in connection.execute("PRAGMA table_info(sales)") if row[1] not in columns]
        listed = ", ".join((*columns, *others))
        new = ", ".join((*(f"'{value}'" for value in values), *others))
        return f"INSERT INTO sales ({listed}) SELECT {new} FROM sales WHERE sale_id = '{RECENT}-1'"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop.db")


@pytest.fixture
def lake(tmp_path: Path, shop: Shop) -> WatchedLake:
    """A lake that has published the days of the shop and asked once."""
    lake = WatchedLake(tmp_path / "lake", shop.url)
    lake.publish(OLD, OTHER, RECENT)
    assert lake.ask() == {}
    return lake


def test_a_lake_without_a_published_day_asks_nobody(tmp_path: Path) -> None:
    lake = WatchedLake(tmp_path / "lake", f"sqlite:///{tmp_path}/absent.db")
    assert "no day of bronze/raw_smartgo_sales is published yet" in lake.tick().skip_message


class TestChanges:
    @pytest.mark.parametrize("day", [OLD, RECENT])
    @pytest.mark.parametrize(
        ("change", "column", "value"),
        [("sold_price = '99.00'", "sold_price", "99.00"), (f"deleted_at = '{ago(minutes=5)}'", "deleted_at", "20")],
        ids=["a correction", "a soft delete"],
    )
    def test_a_changed_row_runs_its_day_and_no_other(
        self, lake: WatchedLake, shop: Shop, day: str, change: str, column: str, value: str
    ) -> None:
        shop.correct(day, change, ago(minutes=5))
        assert list(lake.ask()) == [day]
        assert lake.run_daily(day)
        assert str(lake.rows()[f"{day}-1"][column]).startswith(value)
        assert lake.ask() == {}

    @pytest.mark.parametrize("day", [OLD, RECENT])
    def test_a_late_row_comes_with_its_day(self, lake: WatchedLake, shop: Shop, day: str) -> None:
        shop.execute(shop.sell_late("late", day, ago(minutes=1)))
        assert list(lake.ask()) == [day]
        assert lake.run_daily(day)
        assert "late" in lake.rows("silver/sales_history")

    @pytest.mark.parametrize(("overlap_minutes", "seen"), [(60, [OLD]), (10, [])])
    def test_a_row_stamped_before_the_last_question_and_committed_after_it_needs_the_overlap(
        self, tmp_path: Path, shop: Shop, overlap_minutes: int, seen: list[str]
    ) -> None:
        lake = WatchedLake(tmp_path / "lake", shop.url, overlap_minutes=overlap_minutes)
        lake.publish(OLD)
        with closing(sqlite3.connect(shop.path)) as slow, slow:
            slow.execute(shop.sell_late("late", OLD, ago(minutes=30)))
            assert lake.ask() == {}
        assert list(lake.ask()) == seen

    def test_a_row_that_vanished_is_missed_within_the_look_back_alone(self, lake: WatchedLake, shop: Shop) -> None:
        shop.execute("DELETE FROM sales WHERE sale_id LIKE '%-1'")
        assert list(lake.ask()) == [OTHER, RECENT]
        assert lake.run_daily(RECENT)
        assert f"{RECENT}-1" not in lake.rows()

    def test_without_times_of_change_the_look_back_is_compared_all_the_same(self, tmp_path: Path, shop: Shop) -> None:
        lake = WatchedLake(tmp_path / "lake", shop.url, '[smartgo_mapping.columns]\nupdated_at = ""')
        lake.publish(OLD, RECENT)
        assert lake.ask() == {}
        shop.execute("UPDATE sales SET sold_price = '99.00'")
        assert list(lake.ask()) == [RECENT]

    def test_a_refused_day_is_tried_again_when_its_rows_are_mended(self, tmp_path: Path, shop: Shop) -> None:
        for number in range(30):
            shop.execute(shop.sell_late(f"late-{number}", OTHER, ago(days=4)))
        shop.execute("UPDATE sales SET sold_price = 'cheap' WHERE sale_id LIKE 'late%'")
        lake = WatchedLake(tmp_path / "lake", shop.url)
        lake.publish(OTHER)
        assert not lake.verdict(OTHER).passed
        assert lake.ask() == {}
        shop.execute(
            f"UPDATE sales SET sold_price = '5.00', updated_at = '{ago(minutes=1)}' WHERE sale_id LIKE 'late%'"
        )
        assert list(lake.ask()) == [OTHER]


class TestOnce:
    def test_a_change_has_one_run_key_until_something_else_changes(self, lake: WatchedLake, shop: Shop) -> None:
        shop.correct(RECENT, "sold_price = '99.00'", ago(minutes=5))
        first = lake.ask()
        assert lake.ask() == first
        shop.correct(RECENT, "sold_price = '98.00'", ago(minutes=4))
        second = lake.ask()
        assert second.keys() == first.keys()
        assert second != first

    def test_a_price_that_goes_back_and_forth_is_run_each_time(self, lake: WatchedLake, shop: Shop) -> None:
        keys = set()
        for price in ("99.00", "12.50", "99.00"):
            shop.execute(f"UPDATE sales SET sold_price = '{price}' WHERE sale_id = '{RECENT}-1'")
            keys.add(lake.ask()[RECENT])
            assert lake.run_daily(RECENT)
        assert len(keys) == 3

    def test_a_day_whose_content_stays_commits_nothing_and_is_at_rest(self, lake: WatchedLake, shop: Shop) -> None:
        lake.publish(RECENT, tables=CHAIN)
        before = {name: lake.snapshots(name) for name in CHAIN}
        shop.execute(f"INSERT INTO sales SELECT * FROM sales WHERE sale_id = '{RECENT}-1'")
        assert list(lake.ask()) == [RECENT]
        assert lake.run_daily(RECENT)
        assert lake.verdict(RECENT).duplicate_rows == 1
        assert {name: lake.snapshots(name) for name in CHAIN} == before
        assert lake.ask() == {}

    def test_a_day_that_was_never_run_and_today_are_left_alone(self, lake: WatchedLake, shop: Shop) -> None:
        shop.execute(f"UPDATE sales SET sold_at = '{TODAY}T00:00:00Z', updated_at = '{ago(seconds=1)}'")
        asked = lake.ask()
        assert TODAY not in asked
        assert list(asked) == [OTHER, RECENT]


class TestVerdictsOfBefore:
    @pytest.fixture
    def aged(self, lake: WatchedLake) -> WatchedLake:
        """A lake whose verdicts are of a time before they kept the source's control."""
        for path in Path(lake.home, "warehouse").rglob("gold/quality/raw_smartgo_sales/*.json"):
            text = path.read_text()
            path.write_text(text[: text.index('"control"')] + '"passed": true}')
        assert not lake.verdict(RECENT).control
        return lake

    def test_they_are_held_against_the_number_of_rows(self, aged: WatchedLake, shop: Shop) -> None:
        assert aged.ask() == {}
        shop.execute(f"DELETE FROM sales WHERE sale_id = '{RECENT}-1'")
        assert list(aged.ask()) == [RECENT]

    def test_what_the_shop_tells_of_them_is_believed(self, aged: WatchedLake, shop: Shop) -> None:
        shop.correct(OLD, "sold_price = '99.00'", ago(minutes=5))
        assert list(aged.ask()) == [OLD]
        assert aged.run_daily(OLD)
        assert aged.ask() == {}


class TestTrouble:
    def test_a_shop_that_cannot_be_reached_fails_the_tick_and_is_asked_again(
        self, lake: WatchedLake, shop: Shop
    ) -> None:
        shop.correct(OLD, "sold_price = '99.00'", ago(minutes=5))
        shop.path.rename(shop.path.with_suffix(".away"))
        with pytest.raises(ConfigurationError, match="does not exist"):
            lake.ask()
        shop.path.with_suffix(".away").rename(shop.path)
        assert list(lake.ask()) == [OLD]

    def test_a_clock_that_was_set_back_is_no_error(self, lake: WatchedLake) -> None:
        lake.cursor = "2099-01-01T00:00:00+00:00"
        assert lake.ask() == {}
        assert str(lake.cursor) < "2099"

    def test_a_web_service_is_skipped_with_a_message(self, tmp_path: Path) -> None:
        with serving(SalesService([])) as service:
            lake = WatchedLake(tmp_path / "lake", service.url)
            lake.publish(RECENT)
            assert VerdictStore(lake.lake.proofs).partitions(TABLE) == {RECENT}
            assert "smartgo cannot be asked what it holds" in lake.tick().skip_message


@pytest.fixture(autouse=True)
def settings_of_the_home_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "SMARTGO_URL",
        "SMARTGO_TOKEN",
        "PRICING_LAKE_HOME",
        "PRICING_LAKE_START_DATE",
        "PRICING_LAKE_END_DATE",
    ):
        monkeypatch.delenv(name, raising=False)
