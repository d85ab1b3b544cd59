"""bronze/raw_smartgo_sales when the shop's table changes upstream: each change has one stated outcome."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pricing_lake.contracts.quality import QUALITY_RESULTS
from pricing_lake_tests.schema_changes import CHANGES, RULE, SALES, TYPED, Change, hold_against, results_called
from pricing_lake_tests.sources.sales import SALE
from pricing_lake_tests.sources.sales_service import SalesService, serving
from pricing_lake_tests.watched_lake import OTHER, RECENT, WatchedLake


@pytest.fixture(autouse=True)
def settings_of_the_home_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMARTGO_URL", "PRICING_LAKE_HOME", "PRICING_LAKE_START_DATE", "PRICING_LAKE_END_DATE"):
        monkeypatch.delenv(name, raising=False)


def sale(day: str, sale_id: str, **changes: Any) -> Mapping[str, Any]:
    moments = {"sold_at": f"{day}T12:00:00Z", "updated_at": f"{day}T12:00:05Z", "image_url": None}
    return {**SALE, "sale_id": sale_id, **moments, **changes}


@pytest.fixture
def alter(tmp_path: Path) -> Callable[[str], None]:
    """A typed SQLite shop with two days of sales; runs statements in it, `RETYPE column type` among them."""
    path = tmp_path / "shop.db"

    def written(types: Mapping[str, str]) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            columns = ", ".join(f"{name} {types.get(name, '')}" for name in SALE)
            connection.execute(f"CREATE TABLE sales ({columns})")
            for day, sale_id in SALES:
                connection.execute(
                    f"INSERT INTO sales VALUES ({', '.join('?' * len(SALE))})", (*sale(day, sale_id).values(),)
                )

    def run(statement: str) -> None:
        if statement.startswith("RETYPE"):  # SQLite cannot alter a type: shops write the table anew
            _, column, kind = statement.split(" ", 2)
            run("DROP TABLE sales")
            written(TYPED | {column: kind})
            return
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    written(TYPED)
    return run


@pytest.fixture
def lake(tmp_path: Path) -> WatchedLake:
    return WatchedLake(tmp_path / "lake", f"sqlite:///{tmp_path / 'shop.db'}", '[smartgo_mapping]\nignored = ["till"]')


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_column_changes_in_sqlite(lake: WatchedLake, alter: Callable[[str], None], change: Change) -> None:
    hold_against(lake, "sqlite", change, alter)


class TestUnknownColumns:
    def test_the_lane_can_be_queried_by_day(self, lake: WatchedLake, alter: Callable[[str], None]) -> None:
        lake.publish(OTHER, tables=("bronze/raw_smartgo_sales", "quality/quality_results"))
        alter("ALTER TABLE sales ADD COLUMN loyalty_tier VARCHAR(20)")
        lake.publish(RECENT, tables=("bronze/raw_smartgo_sales", "quality/quality_results"))
        rows = lake.lake.table(QUALITY_RESULTS).scan().to_arrow().to_pylist()
        [row] = [row for row in rows if row["rule"] == "unknown_column.loyalty_tier"]
        assert (str(row["day"]), row["severity"], row["passed"]) == (RECENT, "warn", False)

    def test_it_warns_every_day_until_it_is_ignored_or_read(
        self, lake: WatchedLake, alter: Callable[[str], None], tmp_path: Path
    ) -> None:
        alter("ALTER TABLE sales ADD COLUMN Loyalty_Tier VARCHAR(20)")
        lake.publish(OTHER, RECENT)
        for day in (OTHER, RECENT):
            [known] = results_called(lake.verdict(day), "known_columns")
            assert (known.passed, known.value) == (False, 1)
            assert "the source has Loyalty_Tier (VARCHAR(20)); declare it" in known.note
        for number, mapping in enumerate(
            ('ignored = ["loyalty_tier"]', '[smartgo_mapping.columns]\nbrand = "loyalty_tier"')
        ):
            other = WatchedLake(tmp_path / f"lake-{number}", lake.url, f"[smartgo_mapping]\n{mapping}")
            other.publish(RECENT)
            unknown = [result.rule for result in other.verdict(RECENT).results if "unknown_column" in result.rule]
            assert unknown == ([] if number == 0 else ["unknown_column.brand"])

    def test_the_first_day_of_a_lake_has_nothing_to_compare_with(
        self, lake: WatchedLake, alter: Callable[[str], None]
    ) -> None:
        alter("ALTER TABLE sales ADD COLUMN loyalty_tier VARCHAR(20)")
        lake.publish(RECENT)
        [schema] = results_called(lake.verdict(RECENT), RULE)
        assert (schema.passed, schema.note) == (True, "")


def test_a_column_that_comes_back_heals_the_day(lake: WatchedLake, alter: Callable[[str], None]) -> None:
    lake.publish(OTHER)
    alter("ALTER TABLE sales RENAME COLUMN sold_price TO amount")
    lake.publish(RECENT)
    assert not lake.verdict(RECENT).passed
    alter("ALTER TABLE sales RENAME COLUMN amount TO sold_price")
    assert list(lake.ask()) == [RECENT]
    assert lake.run_daily(RECENT)
    assert lake.verdict(RECENT).passed


class TestWebService:
    """It serves the sales of one day at a time."""

    def test_an_added_field_is_a_warning(self, tmp_path: Path) -> None:
        with serving(SalesService([sale(OTHER, "a")])) as service:
            lake = WatchedLake(tmp_path / "lake", service.url)
            lake.publish(OTHER)
            service.sales = [sale(RECENT, "b", loyalty_tier="gold"), sale(RECENT, "c")]
            lake.publish(RECENT)
        [schema] = results_called(lake.verdict(RECENT), RULE)
        assert (schema.passed, schema.note) == (False, "loyalty_tier came (JSON)")
        [lane] = results_called(lake.verdict(RECENT), "unknown_column.loyalty_tier")
        assert lane.note == "JSON"
        assert lake.verdict(RECENT).good_rows == 2

    def test_a_renamed_field_refuses_the_day(self, tmp_path: Path) -> None:
        renamed = {"amount" if name == "sold_price" else name: value for name, value in sale(RECENT, "b").items()}
        with serving(SalesService([sale(OTHER, "a")])) as service:
            lake = WatchedLake(tmp_path / "lake", service.url)
            lake.publish(OTHER)
            service.sales = [renamed]
            lake.publish(RECENT)
        [schema] = lake.verdict(RECENT).broken
        assert schema.rule == RULE
        assert "has a sold_price; they have amount, " in schema.note
        assert schema.note.endswith("sold_price may now be called amount")

    def test_a_value_of_another_kind_is_judged_by_itself(self, tmp_path: Path) -> None:
        with serving(SalesService([sale(OTHER, "a")])) as service:
            lake = WatchedLake(tmp_path / "lake", service.url)
            lake.publish(OTHER)
            service.sales = [sale(RECENT, "b"), sale(RECENT, "c", sold_price="cheap")]
            lake.publish(RECENT)
        verdict = lake.verdict(RECENT)
        assert (verdict.passed, dict(verdict.reasons)) == (True, {"sold_price_unparseable": 1})
        assert all(result.passed for result in results_called(verdict, RULE))
