"""Marts about the lake itself: what a pruned query reads, and what each day's publishes decided. No price figures."""

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.mart_columns import ITEMS_SOLD, MONTH, REVENUE, month_mart
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Rule, Severity, Table
from pricing_lake.contracts.quality import TABLE_ID
from pricing_lake.contracts.types import DOUBLE, LONG, TEXT, TEXT_LIST

VERDICTS = ("passed", "refused")

TENANT_MONTH_SALES = month_mart(
    "tenant_month_sales",
    grain="One row per month, tenant and currency with at least one sale; the file figures repeat over currencies.",
    key=("month", "tenant_id", "currency"),
    columns=(
        MONTH,
        c.TENANT_ID,
        c.CURRENCY,
        ITEMS_SOLD,
        REVENUE,
        Column(
            "files_scanned",
            LONG,
            "Data files of silver/sales_history that a query for this tenant and month must read.",
            required=True,
            rules=(c.at_least("files_scanned", 1, "files_scanned_not_positive"),),
        ),
        Column("bytes_scanned", LONG, "Size of those files in bytes, all columns.", required=True),
        Column("files_total", LONG, "Data files of the whole table, all tenants and months.", required=True),
    ),
    rules=(
        Rule(
            "files_scanned_above_total",
            pl.col("files_scanned") <= pl.col("files_total"),
            "A pruned query reads no more files than there are.",
        ),
    ),
)


def _rows(name: str, doc: str) -> Column:
    return Column(name, LONG, doc, rules=(c.at_least(name, 0, f"{name}_negative"),))


DATA_QUALITY_DAILY = Table(
    layer=Layer.MARTS,
    name="data_quality_daily",
    grain="One row per day and table that published or was refused: its latest verdict of that day.",
    owner=Owner.QUALITY,
    key=("day", "table_id"),
    window="day",
    partition_by=(Partition("day", "month"),),
    allow_empty=True,
    max_bad_share=0.0,
    few_bad_rows=0,
    columns=(
        c.DAY,
        TABLE_ID,
        _rows("rows_in", "Rows the publish received."),
        _rows("good_rows", "Rows that entered the table."),
        _rows("quarantined_rows", "Rows set aside, each once however many rules it broke."),
        Column(
            "quarantined_by_reason",
            TEXT_LIST,
            "`reason=rows` per broken rule, by name; a row that broke two rules counts under both; null when none.",
        ),
        _rows("duplicate_rows", "Rows equal in every column to one that was kept, dropped."),
        _rows("excluded_rows", "Rows left out on purpose: returns and cancellations."),
        Column("null_rate", DOUBLE, "Highest share of nulls in any one column, 0 to 1; null when not measured."),
        Column(
            "embedding_coverage", DOUBLE, "Rows with an embedding ÷ rows, 0 to 1; null for tables without embeddings."
        ),
        Column("freshness_hours", DOUBLE, "Hours from the end of the day to its publish; null when not measured."),
        Column(
            "verdict",
            TEXT,
            "refused when a critical rule on the whole partition did not hold, else passed.",
            required=True,
            rules=(c.one_of("verdict", VERDICTS, "verdict_unknown"),),
        ),
    ),
    rules=(
        Rule(
            "row_counts_do_not_add_up",
            pl.col("rows_in") == pl.sum_horizontal("good_rows", "quarantined_rows", "duplicate_rows", "excluded_rows"),
            "Rows in = good + quarantined + duplicates + excluded.",
            # The row is evidence: it is shown, not set aside.
            severity=Severity.WARN,
        ),
    ),
)
