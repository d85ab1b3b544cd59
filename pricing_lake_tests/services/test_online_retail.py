"""Two full weeks of a real shop, from SQLite and from PostgreSQL, through every table: to the cent, and only once."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from pricing_lake.contracts.bronze import RAW_PRODUCT_IMAGES, RAW_SMARTGO_SALES
from pricing_lake.contracts.model import Layer
from pricing_lake.contracts.quality import QUARANTINED_ROWS
from pricing_lake.contracts.silver import EMBEDDINGS, SALES_HISTORY
from pricing_lake.definitions import build_defs
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake_tests.services import online_retail as shop
from pricing_lake_tests.services.range_runs import TABLES, Operator, calendar_days, lake_of, settled_stage, trading_days
from pricing_lake_tests.services.reconcile import Reconciliation, day_differences, reconcile
from pricing_lake_tests.services.retail_file import days_of_file

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(shop.missing_data() is not None, reason=shop.missing_data() or ""),
]

WEEKS = ((date(2010, 12, 19), date(2010, 12, 25)), (date(2011, 8, 7), date(2011, 8, 13)))
BELOW_A_CENT = date(2011, 7, 26)
"""Added to the weeks because it holds a price of 0.001."""
BAD_DAY = date(2010, 12, 22)
"""64 of its 291 lines were given away for nothing, more than a day may have."""
BAD_DEBT = date(2011, 8, 12)
"""Its two lines of -11,062.06 are the file's only negative prices."""
DAYS = sorted([BELOW_A_CENT, *(day for week in WEEKS for day in calendar_days(*week))])
CLOSED = [date(2010, 12, 24), date(2010, 12, 25), date(2011, 8, 13)]
OPEN = [day for day in DAYS if day not in CLOSED]
MONTHS = sorted({day.replace(day=1) for day in DAYS})


@dataclass(frozen=True)
class FilledLake:
    """A lake that `OPEN` days and their months were run into, `CLOSED` ones asked for, and what was refused."""

    operator: Operator
    refused: list[date]
    closed: list[date]

    @property
    def lake(self) -> Lake:
        return lake_of(self.operator.stage)

    def reconciled(self) -> Reconciliation:
        return reconcile(self.lake, DAYS)

    def verdict(self, table_id: str, day: date) -> Verdict | None:
        return VerdictStore(self.lake.proofs).latest(table_id, [day.isoformat()]).get(day.isoformat())

    def quarantined(self, day: date) -> list[dict[str, Any]]:
        rows = self.lake.table(QUARANTINED_ROWS).scan(row_filter=f"day = '{day}'").to_arrow()
        return [row for row in rows.to_pylist() if row["table_id"] == RAW_SMARTGO_SALES.id]

    def data_files(self) -> set[Path]:
        """Every Parquet file on disk, whether a snapshot knows it or not."""
        return set(self.operator.stage.warehouse.rglob("*.parquet"))

    def contents(self) -> dict[str, tuple[int | None, frozenset[str]]]:
        """Current snapshot and data files by table."""
        tables = {contract.id: self.lake.table(contract) for contract in TABLES}
        return {
            name: (table.metadata.current_snapshot_id, frozenset(t.file.file_path for t in table.scan().plan_files()))
            for name, table in tables.items()
        }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledLake]:
    home = tmp_path_factory.mktemp(request.param)
    photos = home / "sample" / "photos"
    shop.write_photos(photos)
    sales = shop.smartgo_sales(photos)
    with ExitStack() as open_things:
        environment = open_things.enter_context(pytest.MonkeyPatch.context())
        environment.delenv("SMARTGO_URL", raising=False)
        if request.param == "sqlite":
            url = shop.fill_sqlite(home / "sample" / "smartgo.db", sales)
        else:
            server = request.getfixturevalue("postgres_url")
            url = open_things.enter_context(shop.filled_postgresql(server, sales))
        stage = settled_stage(home, url)
        operator = Operator(stage, build_defs(stage), open_things.enter_context(dg.DagsterInstance.ephemeral()))
        refused, closed = operator.fill(OPEN), operator.refuse(CLOSED)
        for month in MONTHS:
            operator.fill_month(month)
        yield FilledLake(operator, refused, closed)


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.register("sales", shop.smartgo_sales(tmp_path_factory.mktemp("photos")))
        yield connection


class TestShop:
    """The file as SmartGo's table, before any lake."""

    def test_every_line_of_the_file_is_a_row_at_its_price(self, sales: duckdb.DuckDBPyConnection) -> None:
        in_file = f"SELECT count(*), sum(UnitPrice::DECIMAL(18, 6)) FROM '{shop.RETAIL}'"
        in_shop = "SELECT count(*), sum(sold_price::DECIMAL(18, 6)) FROM sales"
        assert sales.execute(in_shop).fetchall() == sales.execute(in_file).fetchall()

    def test_exact_duplicates_and_they_alone_share_a_sale(self, sales: duckdb.DuckDBPyConnection) -> None:
        ((distinct,),) = sales.execute(f"SELECT count(*) FROM (SELECT DISTINCT * FROM '{shop.RETAIL}')").fetchall()
        ((rows, keys),) = sales.execute(
            "SELECT count(DISTINCT sales), count(DISTINCT (tenant_id, sale_id)) FROM sales"
        ).fetchall()
        assert (rows, keys) == (distinct, distinct)

    def test_the_shop_names_its_own_trading_days(self, filled: FilledLake) -> None:
        days = trading_days(filled.operator.stage.smartgo_url, shop.FIRST_DAY, shop.LAST_DAY)
        assert len(days) == 219
        assert [day for day in DAYS if day not in days] == CLOSED


class TestReconciliation:
    def test_every_figure_of_every_day_and_month_is_the_files(self, filled: FilledLake) -> None:
        result = filled.reconciled()
        assert result.differences == []
        assert result.pence == 0
        assert result.month_rows > 50

    def test_the_weeks_hold_every_kind_of_dirt(self) -> None:
        days = days_of_file(DAYS)
        assert [day for day, figures in days.items() if figures.refused] == sorted([BAD_DAY, *CLOSED])
        assert days[BELOW_A_CENT].reasons["sold_price_out_of_range"] == 1
        assert days[BAD_DEBT].quarantined_total < -22_000
        assert sum(day.duplicate_rows for day in days.values()) > 50
        assert sum(day.excluded.get("returned", 0) for day in days.values()) > 100

    def test_a_missing_penny_is_noticed(self, filled: FilledLake) -> None:
        result = filled.reconciled()
        day = result.found[BAD_DEBT]
        short = {**result.found, BAD_DEBT: replace(day, bronze_total=day.bronze_total - Decimal("0.01"))}
        assert [line.split(":")[0] for line in day_differences(result.expected, short)] == [f"{BAD_DEBT} bronze_total"]
        assert replace(result, found=short).pence == 1


class TestWhereDirtLands:
    def test_a_day_without_sales_is_refused_as_empty(self, filled: FilledLake) -> None:
        assert filled.closed == CLOSED
        for day in CLOSED:
            verdict = filled.verdict(RAW_SMARTGO_SALES.id, day)
            assert verdict is not None
            assert [result.rule for result in verdict.broken] == ["not_empty"]

    def test_a_day_given_away_is_refused_and_holds_up_no_other(self, filled: FilledLake) -> None:
        assert filled.refused == [BAD_DAY]
        verdict = filled.verdict(RAW_SMARTGO_SALES.id, BAD_DAY)
        assert verdict is not None
        assert [result.rule for result in verdict.broken] == ["bad_share"]
        assert filled.verdict(SALES_HISTORY.id, BAD_DAY) is None
        assert len(filled.quarantined(BAD_DAY)) == 64

    def test_negative_prices_are_quarantined_with_their_words(self, filled: FilledLake) -> None:
        debts = [row for row in filled.quarantined(BAD_DEBT) if "Adjust bad debt" in row["raw_row"]]
        assert {row["row_key"] for row in debts} == {"uk-shop|A563186-1", "uk-shop|A563187-1"}
        assert {tuple(row["reasons"]) for row in debts} == {("sold_price_not_positive",)}

    def test_a_price_below_a_cent_is_never_rounded(self, filled: FilledLake) -> None:
        (row,) = [row for row in filled.quarantined(BELOW_A_CENT) if "0.001" in row["raw_row"]]
        assert row["reasons"] == ["sold_price_out_of_range"]

    def test_cancellations_stay_in_bronze_and_leave_sales_history(self, filled: FilledLake) -> None:
        returned = filled.lake.table(RAW_SMARTGO_SALES).scan(row_filter="quantity < 1").to_arrow().num_rows
        days = [day for day in OPEN if day != BAD_DAY]
        excluded = [verdict.excluded for day in days if (verdict := filled.verdict(SALES_HISTORY.id, day))]
        assert len(excluded) == len(days)
        assert sum(counts.get("returned", 0) for counts in excluded) == returned > 0

    def test_every_sale_has_its_pictures_vector(self, filled: FilledLake) -> None:
        verdict = filled.verdict(SALES_HISTORY.id, BELOW_A_CENT)
        assert verdict is not None
        assert verdict.figures["embedding_coverage"] == 1


class TestSecondRun:
    def test_the_same_days_again_add_no_snapshot_and_no_file(self, filled: FilledLake) -> None:
        before = filled.contents()
        written = filled.data_files()
        empty = {name for name, (_, files) in before.items() if not files}
        sources = {table.id for table in TABLES if table.layer in (Layer.BRONZE, Layer.SILVER)}
        assert empty == sources - {RAW_SMARTGO_SALES.id, RAW_PRODUCT_IMAGES.id, EMBEDDINGS.id, SALES_HISTORY.id}
        filled.operator.fill(OPEN)
        for month in MONTHS:
            filled.operator.fill_month(month)
        after = filled.contents()
        assert {name for name in before if after[name] != before[name]} == set()
        assert filled.data_files() == written
