"""Holds a lake filled from the real shop against the shop's raw file: every figure of every day, to the cent."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.marts_sales import SALES_BY_CATEGORY_MONTH
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake_tests.services.retail_file import (
    NOTHING,
    CategoryMonth,
    DayFigures,
    category_months_of_file,
    days_of_file,
)

Stored = Mapping[date, tuple[int, Decimal]]


@dataclass(frozen=True)
class Reconciliation:
    """What the file says of some days and what the lake says of them; `month_differences` are the mart's."""

    expected: Mapping[date, DayFigures]
    found: Mapping[date, DayFigures]
    month_rows: int
    month_differences: Sequence[str]

    @property
    def differences(self) -> list[str]:
        """Every figure that differs, one line each."""
        return [*day_differences(self.expected, self.found), *self.month_differences]

    @property
    def pence(self) -> Decimal:
        """How far the two are apart: absolute differences of every sum of every day, in pence."""
        sums = [item.name for item in fields(DayFigures) if item.name.endswith("_total")]
        pairs = [(self.expected[day], self.found[day]) for day in self.expected]
        return 100 * sum((abs(getattr(a, name) - getattr(b, name)) for a, b in pairs for name in sums), NOTHING)

    def total(self, name: str) -> Decimal:
        """One figure of the lake, added up over the days."""
        return sum((Decimal(getattr(day, name)) for day in self.found.values()), NOTHING)

    def counts(self, name: str) -> dict[str, int]:
        """Rows of the lake by reason, added up over the days."""
        return dict(sum((Counter(getattr(day, name)) for day in self.found.values()), Counter[str]()))

    def lines(self) -> list[str]:
        """The result for people to read."""
        refused = [day for day, figures in self.found.items() if figures.refused]
        closed = [day for day in refused if not self.found[day].source_rows]
        bad = ", ".join(day.isoformat() for day in refused if day not in closed) or "none"
        held_back = self.total("good_rows") - self.total("bronze_rows")
        return [
            f"{len(self.found)} days: {len(self.found) - len(refused)} published, {len(closed)} closed and refused, "
            f"refused for their content: {bad}",
            f"{self.total('source_rows'):,} rows: {self.total('bronze_rows'):,} in bronze, "
            f"{self.total('quarantined_rows'):,} quarantined {self.counts('reasons')}, "
            f"{self.total('duplicate_rows'):,} duplicates dropped, {held_back:,} good ones of refused days",
            f"{self.total('sale_rows'):,} rows in sales_history, excluded {self.counts('excluded')}",
            f"sums: source {self.total('source_total'):,.3f} GBP, bronze {self.total('bronze_total'):,.2f}, "
            f"sales_history {self.total('sale_total'):,.2f}; off by {self.pence.normalize():f} pence",
            f"{self.month_rows} rows of sales_by_category_month compared",
            *(self.differences or ["no difference"]),
        ]


def reconcile(lake: Lake, days: Sequence[date]) -> Reconciliation:
    """Compare `days`, which are all the days that the lake was asked for."""
    expected = days_of_file(days)
    months = category_months_of_file([day for day, figures in expected.items() if not figures.refused])
    stored = _category_months(lake)
    return Reconciliation(expected, _found_days(lake, days), len(stored), _month_differences(months, stored))


def day_differences(expected: Mapping[date, DayFigures], found: Mapping[date, DayFigures]) -> list[str]:
    """Every figure of a day that differs, one line each."""
    return [
        f"{day} {item.name}: the file says {wanted}, the lake {got}"
        for day, figures in expected.items()
        for item in fields(DayFigures)
        if (wanted := getattr(figures, item.name)) != (got := getattr(found[day], item.name))
    ]


def _found_days(lake: Lake, days: Sequence[date]) -> dict[date, DayFigures]:
    """Figures of the lake's tables, verdicts and lanes. Raises KeyError for a day that nobody judged."""
    keys = [day.isoformat() for day in days]
    store = VerdictStore(lake.proofs)
    bronze, sales = (store.latest(table.id, keys) for table in (RAW_SMARTGO_SALES, SALES_HISTORY))
    rows, sale_rows = _stored(lake, RAW_SMARTGO_SALES), _stored(lake, SALES_HISTORY)
    return {
        day: _found(lake, bronze[key], sales.get(key), rows.get(day, (0, NOTHING)), sale_rows.get(day, (0, NOTHING)))
        for day, key in zip(days, keys, strict=True)
    }


def _found(
    lake: Lake, verdict: Verdict, sales: Verdict | None, stored: tuple[int, Decimal], sold: tuple[int, Decimal]
) -> DayFigures:
    lane = list(ErrorLanes(lake.proofs).read(verdict.table_id, verdict.partition, verdict.batch_id))
    quarantined_total = sum((_price(row.raw_row) for row in lane), NOTHING)
    control = next(result for result in verdict.results if result.rule == "control_total_sold_price")
    arrived = Decimal(str(control.value))
    return DayFigures(
        refused=not verdict.passed,
        source_rows=verdict.source_rows,
        source_total=arrived,
        quarantined_rows=len(lane),
        quarantined_total=quarantined_total,
        reasons=dict(Counter(reason for row in lane for reason in row.reasons)),
        duplicate_rows=verdict.duplicate_rows,
        unpublished_total=arrived - quarantined_total - stored[1],
        good_rows=verdict.source_rows - verdict.quarantined_rows - verdict.duplicate_rows,
        bronze_rows=stored[0],
        bronze_total=stored[1],
        excluded=sales.excluded if sales else {},
        sale_rows=sold[0],
        sale_total=sold[1],
    )


def _price(raw_row: str) -> Decimal:
    try:
        return Decimal(json.loads(raw_row)["sold_price"])
    except (InvalidOperation, TypeError):
        return NOTHING


def _stored(lake: Lake, contract: Table) -> Stored:
    """Rows and sum of prices by day, as any reader of the table sees them."""
    rows = lake.table(contract).scan(selected_fields=(contract.window, "sold_price")).to_arrow()
    days = pc.cast(pc.cast(rows.column(contract.window), "timestamp[us]"), "date32[day]", safe=False)
    with duckdb.connect() as connection:
        connection.register("sales", pa.table({"day": days, "price": rows.column("sold_price")}))
        by_day = connection.execute("SELECT day, count(*), sum(price) FROM sales GROUP BY day")
        return {day: (count, total) for day, count, total in by_day.fetchall()}


def _category_months(lake: Lake) -> list[CategoryMonth]:
    names = tuple(item.name for item in fields(CategoryMonth))
    rows = lake.table(SALES_BY_CATEGORY_MONTH).scan(selected_fields=names).to_arrow().to_pylist()
    return sorted((CategoryMonth(**row) for row in rows), key=lambda row: (row.month, row.tenant_id, row.category))


def _month_differences(expected: Sequence[CategoryMonth], found: Sequence[CategoryMonth]) -> list[str]:
    """Rows that differ: counts and money exactly, doubles to nine digits."""
    if len(expected) != len(found):
        return [f"sales_by_category_month: the file has {len(expected)} rows, the lake {len(found)}"]
    return [
        f"sales_by_category_month: the file says {wanted}, the lake {got}"
        for wanted, got in zip(expected, found, strict=True)
        if not all(map(_equal, astuple(wanted), astuple(got)))
    ]


def _equal(wanted: object, got: object) -> bool:
    if isinstance(wanted, float) and isinstance(got, float):
        return math.isclose(wanted, got, rel_tol=1e-9)
    return wanted == got
