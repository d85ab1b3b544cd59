"""Columns, rules and defaults that several marts share. No mart is declared here, and no column of another layer."""

from dataclasses import replace

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Grain, Layer, Owner, Partition, Rule, Scope, Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.types import AMOUNT, DOUBLE, LONG

# Shares are doubles: a sum of thousands of them misses 1 by rounding alone.
SHARE_TOLERANCE = 1e-6


def share(name: str, doc: str) -> Column:
    """A part of a whole, 0 to 1."""
    rule = Rule(f"{name}_outside_0_1", pl.col(name).is_between(0, 1), f"`{name}` lies between 0 and 1.")
    return Column(name, DOUBLE, doc, required=True, rules=(rule,))


def growth(name: str, doc: str) -> Column:
    """A relative change; -1 is the loss of everything, so nothing lies below."""
    rule = Rule(f"{name}_below_minus_1", pl.col(name) >= -1, f"`{name}` is at least -1.")
    return Column(name, DOUBLE, doc, rules=(rule,))


def positive_price(name: str, doc: str) -> Column:
    """A statistic of prices in `currency`; prices are positive, so it is too."""
    rule = Rule(f"{name}_not_positive", pl.col(name) > 0, f"`{name}` is above zero.")
    return Column(name, DOUBLE, doc, required=True, rules=(rule,))


def shares_sum_to_1(name: str, *whole: str) -> Rule:
    """The shares `name` of every `whole` add up to 1: nothing was left out and nothing counted twice."""
    off = (pl.col(name).sum().over(*whole) - 1).abs()
    return Rule(
        f"{name}_sum_not_1",
        off.max() < SHARE_TOLERANCE,
        f"`{name}` adds up to 1 over each {', '.join(whole)}.",
        scope=Scope.TABLE,
    )


def month_mart(
    name: str, *, grain: str, key: tuple[str, ...], columns: tuple[Column, ...], rules: tuple[Rule, ...] = ()
) -> Table:
    """A mart of one partition per month: derived from audited rows, so a single bad row refuses the month."""
    return Table(
        layer=Layer.MARTS,
        name=name,
        grain=grain,
        owner=Owner.PRICING,
        key=key,
        window="month",
        every=Grain.MONTH,
        partition_by=(Partition("tenant_id"), Partition("month")),
        allow_empty=True,
        max_bad_share=0.0,
        few_bad_rows=0,
        columns=columns,
        rules=rules,
    )


MONTH = replace(
    c.MONTH, rules=(Rule("month_not_first_day", pl.col("month").dt.day() == 1, "`month` is the first of a month."),)
)
BRAND = replace(c.BRAND, doc="The maker; `unknown` where the shop does not say.", required=True)
SOURCE = SALES_HISTORY.column("source")
SEASON = SALES_HISTORY.column("season")
ITEMS_SOLD = Column(
    "items_sold",
    LONG,
    "Items sold: the count of sales, each of one item.",
    required=True,
    rules=(c.at_least("items_sold", 1, "items_sold_not_positive"),),
)
REVENUE = Column(
    "revenue",
    AMOUNT,
    "Sum of the prices paid, in `currency`.",
    required=True,
    rules=(Rule("revenue_not_positive", pl.col("revenue") > 0, "`revenue` is above zero."),),
)
AVG_PRICE = positive_price("avg_price", "Mean price of one item, in `currency`.")
