"""What the demo shows of the lake it built: sizes, dirt, a mart, dollars, comparables, and where to look next."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pricing_lake.cli.clients import engine_of, lake_of
from pricing_lake.cli.output import as_bytes, print_table, say
from pricing_lake.cli.planted_dirt import count_dirt
from pricing_lake.cli.sample_record import read_record
from pricing_lake.cli.tables import table_facts
from pricing_lake.contracts.gold_facts import FACT_SALES
from pricing_lake.contracts.marts_by_sale import COMPARABLES
from pricing_lake.contracts.marts_comparison import BRAND_PERFORMANCE
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.stage import Stage

LEADING_BRANDS = """
SELECT tenant_id, rank_in_month, brand, items_sold, revenue, currency, avg_price, price_premium
FROM brand_performance
WHERE month = :month AND rank_in_month <= 3
ORDER BY tenant_id, rank_in_month
"""
TAKINGS = """
SELECT tenant_id, currency, COUNT(*) AS items_sold, SUM(amount) AS revenue, SUM(amount_usd) AS revenue_usd
FROM fact_sales
GROUP BY tenant_id, currency
ORDER BY revenue_usd DESC, tenant_id
"""
DEAREST_SALE = """
SELECT sale.tenant_id, sale.sale_id, sale.brand, sale.category, sale.condition, sale.sold_price, sale.currency
FROM sales_history AS sale
INNER JOIN comparables AS near
    ON near.tenant_id = sale.tenant_id AND near.source = sale.source AND near.sale_id = sale.sale_id
WHERE near.day = :day AND near.rank = 1
ORDER BY sale.sold_price DESC, sale.tenant_id, sale.sale_id
LIMIT 1
"""
NEAREST_FIVE = """
SELECT near.rank, near.similarity, comp.brand, comp.condition, near.comp_price, near.currency, near.age_days
FROM comparables AS near
INNER JOIN sales_history AS comp
    ON comp.tenant_id = near.tenant_id AND comp.source = near.comp_source AND comp.sale_id = near.comp_sale_id
WHERE near.day = :day AND near.tenant_id = :tenant_id AND near.sale_id = :sale_id AND near.rank <= 5
ORDER BY near.rank
"""
NEXT = """\
Where to look next:
  make ui                                  every table, run and check in Dagit, http://127.0.0.1:3000
  pricing-lake queries                     what can be asked
  pricing-lake query price_distribution    ask it
  pricing-lake tables                      what the lake holds
"""


def print_answers(stage: Stage) -> str:
    """Print everything; returns the reasons whose planted and found dirt differ, or nothing.

    The stage holds a sample whose days are all published.
    """
    lake, last = lake_of(stage), stage.end_date
    if last is None:
        raise ValueError("a sample has a last day")
    _print_tables()
    unexplained = _print_dirt(stage, lake)
    ask = _Answers(stage, lake)
    month = last.replace(day=1)
    _print_rows(
        f"Leading brands of {month:%Y-%m} (marts/brand_performance)",
        ask(LEADING_BRANDS, (BRAND_PERFORMANCE,), {"month": month}),
    )
    _print_rows(
        "What was sold, in dollars at each day's made-up rate (gold/fact_sales)", ask(TAKINGS, (FACT_SALES,), {})
    )
    _print_comparables(ask, last)
    say(NEXT)
    return unexplained


class _Answers:
    """Rows of a query over published tables."""

    def __init__(self, stage: Stage, lake: Lake) -> None:
        self._engine = engine_of(stage)
        self._lake = lake

    def __call__(self, sql: str, tables: Sequence[Table], values: Mapping[str, object]) -> list[dict[str, Any]]:
        """Run `sql` over `tables`."""
        inputs = {table.name: self._lake.table(table) for table in tables}
        rows: list[dict[str, Any]] = self._engine.run(sql, inputs, values).read_all().to_pylist()
        return rows


def _print_tables() -> None:
    print_table(
        ("table", "rows", "files", "size", "partitions"),
        [
            (f.table, f.rows, f.files, as_bytes(f.bytes or 0), f"{f.partitions_published} of {f.partitions}")
            for f in table_facts()
        ],
        title="The lake",
    )
    say()


def _print_dirt(stage: Stage, lake: Lake) -> str:
    record = read_record(stage.home)
    if record is None:
        raise ValueError("the demo has a sample")
    counts = count_dirt(lake, record)
    print_table(
        ("reason", "of", "planted", "found", "agrees"),
        [(c.reason, c.of, c.planted, c.found, c.agrees) for c in counts],
        title="Dirt: planted in the sample, found by the lake (every row kept, with its reasons)",
    )
    say()
    return ", ".join(f"{c.reason} planted {c.planted} found {c.found}" for c in counts if not c.agrees)


def _print_comparables(ask: _Answers, day: date) -> None:
    tables = (COMPARABLES, SALES_HISTORY)
    dearest = ask(DEAREST_SALE, tables, {"day": day})
    if not dearest:
        say(f"No sale of {day} has an earlier one to compare with.\n")
        return
    sale = dearest[0]
    nearest = ask(NEAREST_FIVE, tables, {"day": day, "tenant_id": sale["tenant_id"], "sale_id": sale["sale_id"]})
    what = f"{sale['brand']} {sale['category']}, {sale['condition']}: {sale['sold_price']} {sale['currency']}"
    _print_rows(f"The dearest sale of {day}, {what}, and the nearest earlier ones by picture (at most five)", nearest)


def _print_rows(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(rows[0]) if rows else []
    print_table(names, [list(row.values()) for row in rows], title=title)
    say()
