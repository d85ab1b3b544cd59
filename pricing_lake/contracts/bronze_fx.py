"""The bronze table of exchange rates, as the European Central Bank published them. Nothing is carried forward here."""

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Rule, Scope, Severity, Table
from pricing_lake.contracts.types import DATE, RATE, TEXT

RAW_FX_RATES = Table(
    layer=Layer.BRONZE,
    name="raw_fx_rates",
    grain="One row per day and currency with a reference rate of the European Central Bank.",
    owner=Owner.INGESTION,
    key=("as_of_date", "ccy"),
    window="as_of_date",
    partition_by=(Partition("as_of_date", "month"),),
    correctable=True,
    # Weekends and holidays have no fixing; that rates stay away for long is the business of the freshness check.
    allow_empty=True,
    # A day has about 30 currencies: one that is wrong must not hold up the others, four that are make the day suspect.
    max_bad_share=0.10,
    few_bad_rows=3,
    columns=(
        Column("as_of_date", DATE, "The day of the fixing: a TARGET business day.", required=True),
        Column(
            "ccy",
            TEXT,
            "ISO 4217 code of the currency, as it was called on that day.",
            required=True,
            rules=(
                c.matches("ccy", r"^[A-Z]{3}\z", "ccy_malformed", "`ccy` is three capital letters."),
                Rule("ccy_is_base", pl.col("ccy") != pl.col("base_ccy"), "A currency has no rate to itself."),
            ),
        ),
        Column(
            "rate",
            RATE,
            "Units of `ccy` for one unit of `base_ccy`, exactly as published.",
            required=True,
            rules=(Rule("rate_not_positive", pl.col("rate") > 0, "`rate` is above zero."),),
        ),
        Column(
            "base_ccy",
            TEXT,
            "The currency that rates are quoted against: EUR.",
            required=True,
            rules=(c.one_of("base_ccy", ("EUR",), "base_ccy_unknown"),),
        ),
    ),
    rules=(
        Rule(
            "usd_missing",
            (pl.col("ccy") == "USD").any(),
            "A day with rates has one of the US dollar, in which the lake compares currencies.",
            Severity.WARN,
            Scope.TABLE,
        ),
    ),
)
