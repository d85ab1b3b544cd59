"""Gold dimensions: who, what, when and what a currency was worth. Each is one whole, made anew from all of silver."""

from dataclasses import replace

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.gold_ranges import RATE_JUMP, RATE_TO_USD
from pricing_lake.contracts.model import Column, Grain, Layer, Owner, Rule, Scope, Severity, Table
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.contracts.types import BOOLEAN, DATE, INSTANT, INTEGER, LONG, PRECISE_RATE, RATE, TEXT

UNKNOWN_MEMBER = -1
"""Surrogate key of a fact whose dimension row is not known (yet); no dimension has it."""

STALE_WARN_DAYS = 4
"""The longest that a rate is carried while all is well: on Easter Monday the newest one is of Maundy Thursday."""
CARRIED_DAYS = 7
"""A rate older than a week is none: its currency is fixed no more, or its provider is dead."""


def surrogate(name: str, doc: str) -> Column:
    """A dimension's own key: a 63-bit hash of the natural key, so that it is the same in every rebuild."""
    rules = (c.at_least(name, 0, f"{name}_negative"),)
    return Column(name, LONG, doc, required=True, rules=rules)


def _in_order(name: str) -> pl.Expr:
    """A column with the versions of each customer one after the other. Sorting is 80 times as quick as a window."""
    return pl.col(name).sort_by("customer_id", "valid_from")


_IS_LAST_VERSION = _in_order("customer_id") != _in_order("customer_id").shift(-1)
_ENDS_BEFORE_NEXT = (_in_order("valid_to") <= _in_order("valid_from").shift(-1)).fill_null(value=False)

_customer = CUSTOMERS.column

DIM_CUSTOMER = Table(
    layer=Layer.GOLD,
    name="dim_customer",
    grain="One row per version of a customer (SCD2); versions of one customer are half-open and never overlap.",
    owner=Owner.PRICING,
    key=("customer_sk",),
    window="valid_from",
    every=Grain.WHOLE,
    allow_empty=True,
    columns=(
        surrogate("customer_sk", "Hash of customer_id and valid_from."),
        _customer("customer_id"),
        _customer("tenant_id"),
        _customer("email_token"),
        _customer("full_name_token"),
        _customer("country"),
        _customer("segment"),
        _customer("salesforce_account_id"),
        _customer("salesforce_lead_id"),
        _customer("created_at"),
        Column(
            "valid_from",
            INSTANT,
            "When the customer took this state, UTC; of the first that is known, when they signed up.",
            required=True,
        ),
        Column(
            "valid_to",
            INSTANT,
            "When the next version began or the customer was deleted, UTC; null while it stands. Not part of it.",
            rules=(
                Rule(
                    "valid_to_not_after_from",
                    pl.col("valid_to") > pl.col("valid_from"),
                    "A version lasts: `valid_to` is later than `valid_from`.",
                ),
            ),
        ),
        Column("is_current", BOOLEAN, "Whether this version stands: the one without `valid_to`.", required=True),
    ),
    rules=(
        Rule(
            "is_current_wrong",
            pl.col("is_current") == pl.col("valid_to").is_null(),
            "`is_current` is true for exactly the versions without `valid_to`.",
        ),
        Rule(
            "current_versions_many",
            pl.col("customer_id").filter(pl.col("is_current")).n_unique() == pl.col("is_current").sum(),
            "A customer has at most one current version.",
            scope=Scope.TABLE,
        ),
        Rule(
            "versions_overlap",
            (_IS_LAST_VERSION.fill_null(value=True) | _ENDS_BEFORE_NEXT).all(),
            "No two versions of a customer hold at one moment.",
            scope=Scope.TABLE,
        ),
    ),
)

DIM_PRODUCT = Table(
    layer=Layer.GOLD,
    name="dim_product",
    grain="One row per product of a shop, as it was last told (SCD1).",
    owner=Owner.PRICING,
    key=("product_sk",),
    window="first_sold_on",
    every=Grain.WHOLE,
    allow_empty=True,
    columns=(
        surrogate("product_sk", "Hash of tenant_id and product_id."),
        c.TENANT_ID,
        c.PRODUCT_ID,
        replace(c.CATEGORY, required=False, doc="What kind of thing it is, in the shop's words; null if never told."),
        c.BRAND,
        Column("first_sold_on", DATE, "UTC day of its first sale or order.", required=True),
        Column("last_sold_on", DATE, "UTC day of its latest sale or order.", required=True),
    ),
)

DIM_DATE = Table(
    layer=Layer.GOLD,
    name="dim_date",
    grain="One row per day of the lake's calendar and the year after it.",
    owner=Owner.PRICING,
    key=("date_sk",),
    window="date",
    every=Grain.WHOLE,
    columns=(
        Column("date_sk", INTEGER, "The day as a number, yyyymmdd.", required=True),
        Column("date", DATE, "The day.", required=True),
        Column("year", INTEGER, "Calendar year.", required=True),
        Column("quarter", INTEGER, "Calendar quarter, 1 to 4.", required=True),
        Column("month", INTEGER, "Calendar month, 1 to 12.", required=True),
        Column("iso_year", INTEGER, "Year that the ISO 8601 week belongs to.", required=True),
        Column("iso_week", INTEGER, "ISO 8601 week, 1 to 53.", required=True),
        Column("iso_weekday", INTEGER, "Day of the week, Monday 1 to Sunday 7.", required=True),
        Column("is_weekend", BOOLEAN, "Whether it is a Saturday or a Sunday.", required=True),
        Column("fiscal_year", INTEGER, "Fiscal year, named after the calendar year in which it ends.", required=True),
        Column("fiscal_quarter", INTEGER, "Fiscal quarter, 1 to 4.", required=True),
    ),
)

DIM_FX = Table(
    layer=Layer.GOLD,
    name="dim_fx",
    grain="One row per day and currency: the latest published rate up to that day, against the dollar.",
    owner=Owner.PRICING,
    key=("as_of_date", "ccy"),
    window="as_of_date",
    every=Grain.WHOLE,
    allow_empty=True,
    columns=(
        Column("as_of_date", DATE, "The day the rate is used for.", required=True),
        Column(
            "ccy",
            TEXT,
            "ISO 4217 code of the currency.",
            required=True,
            rules=(c.matches("ccy", r"^[A-Z]{3}\z", "ccy_malformed", "`ccy` is three capital letters."),),
        ),
        Column("rate_date", DATE, "The day of the fixing that is used: `as_of_date` or before.", required=True),
        Column(
            "staleness_days",
            INTEGER,
            "Days from `rate_date` to `as_of_date`.",
            required=True,
            rules=(
                Rule(
                    "rate_carried_too_long",
                    pl.col("staleness_days").is_between(0, CARRIED_DAYS),
                    f"A rate is of its day or before, and carried {CARRIED_DAYS} days at most.",
                ),
            ),
        ),
        Column("rate_per_eur", RATE, "Units of `ccy` for one euro, as published.", required=True),
        Column(
            "rate_to_usd",
            PRECISE_RATE,
            "Dollars for one unit of `ccy`: dollars per euro divided by `rate_per_eur`.",
            required=True,
            rules=(
                Rule("rate_to_usd_not_positive", pl.col("rate_to_usd") > 0, "`rate_to_usd` is above zero."),
                RATE_TO_USD,
            ),
        ),
    ),
    rules=(
        Rule(
            "staleness_days_wrong",
            pl.col("staleness_days") == (pl.col("as_of_date") - pl.col("rate_date")).dt.total_days(),
            "`staleness_days` counts the days from `rate_date` to `as_of_date`.",
        ),
        Rule(
            "rates_stale",
            (
                pl.col("staleness_days").filter(pl.col("as_of_date") == pl.col("as_of_date").max()) <= STALE_WARN_DAYS
            ).all(),
            f"On the table's last day no rate is older than {STALE_WARN_DAYS} days. Of a currency that ended the rates "
            "then go; those of its own last days are history, and warn nobody any more.",
            Severity.WARN,
            Scope.TABLE,
        ),
        RATE_JUMP,
    ),
)

DIMENSIONS = (DIM_CUSTOMER, DIM_PRODUCT, DIM_DATE, DIM_FX)
