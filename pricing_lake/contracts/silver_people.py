"""Silver tables of people: Salesforce's records, customers and what they did. No name and no e-mail, only tokens."""

from dataclasses import replace

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.bronze_customers import (
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Pii, Rule, Severity, Table
from pricing_lake.contracts.order_columns import CUSTOMER_ID
from pricing_lake.contracts.types import BOOLEAN, DATE, INSTANT, LONG, TEXT

TOKEN_PATTERN = r"^k[1-9][0-9]*:[0-9a-f]{32}\z"  # noqa: S105  # the shape of a token, not one
"""`k<version of the key>:<32 hexadecimal digits>`, as `governance.masking` makes them."""

_account = RAW_SALESFORCE_ACCOUNTS.column
_lead = RAW_SALESFORCE_LEADS.column
_customer = RAW_SNOWFLAKE_CUSTOMERS.column


def _token(name: str, doc: str) -> Column:
    """A token in the place of a text that names a person. The rule is what keeps the text itself out of silver."""
    shape = c.matches(name, TOKEN_PATTERN, f"{name}_malformed", f"`{name}` is a token, never the text itself.")
    return Column(name, TEXT, doc, pii=Pii.PSEUDONYM, rules=(shape,))


def _within_day(name: str) -> Rule:
    doc = f"`{name}` lies in the UTC day `day`."
    return Rule(f"{name}_outside_day", pl.col(name).dt.date() == pl.col("day"), doc)


def _count(name: str, doc: str) -> Column:
    return Column(name, LONG, doc, required=True, rules=(c.at_least(name, 0, f"{name}_negative"),))


_EMAIL_TOKEN = _token("email_token", "Token of the normalised e-mail address; null without one.")

SALESFORCE_ACCOUNTS = Table(
    layer=Layer.SILVER,
    name="salesforce_accounts",
    grain="One row per Salesforce account that changed on the day, as it was at its end; deletions included.",
    owner=Owner.PRICING,
    key=("id",),
    window="day",
    partition_by=(Partition("day", "month"),),
    correctable=True,
    allow_empty=True,
    columns=(
        c.DAY,
        _account("id"),
        _account("system_modstamp"),
        _token("name_token", "Token of the account's normalised name; null without one."),
        _EMAIL_TOKEN,
        _account("industry"),
        _account("country"),
        _account("account_type"),
        _account("created_date"),
        _account("is_deleted"),
    ),
    rules=(_within_day("system_modstamp"),),
)

SALESFORCE_LEADS = replace(
    SALESFORCE_ACCOUNTS,
    name="salesforce_leads",
    grain="One row per Salesforce lead that changed on the day, as it was at its end; deletions included.",
    columns=(
        c.DAY,
        _lead("id"),
        _lead("system_modstamp"),
        _token("name_token", "Token of the lead's normalised name; null without one."),
        _EMAIL_TOKEN,
        _lead("company"),
        _lead("country"),
        _lead("lead_source"),
        _lead("status"),
        _lead("is_converted"),
        _lead("converted_account_id"),
        _lead("converted_date"),
        _lead("created_date"),
        _lead("is_deleted"),
    ),
    rules=(
        *SALESFORCE_ACCOUNTS.rules,
        Rule(
            "converted_to_no_account",
            ~pl.col("is_converted") | pl.col("converted_account_id").is_not_null(),
            "A converted lead names the account it became; Salesforce forgets it when the account is deleted.",
            Severity.WARN,
        ),
    ),
)

CUSTOMERS = Table(
    layer=Layer.SILVER,
    name="customers",
    grain="One row per customer that changed on the day, in the warehouse or through Salesforce, as at its end.",
    owner=Owner.PRICING,
    key=("customer_id",),
    window="day",
    partition_by=(Partition("day", "month"),),
    correctable=True,
    allow_empty=True,
    columns=(
        c.DAY,
        CUSTOMER_ID,
        c.TENANT_ID,
        _EMAIL_TOKEN,
        _token("full_name_token", "Token of the normalised name; null without one."),
        _customer("country"),
        _customer("segment"),
        _customer("created_at"),
        _customer("is_deleted"),
        Column("changed_at", INSTANT, "The latest of the day's changes that made this state, UTC.", required=True),
        Column("salesforce_account_id", TEXT, "The living Salesforce account with the same e-mail; null without one."),
        Column("salesforce_lead_id", TEXT, "The living Salesforce lead with the same e-mail; null without one."),
    ),
    rules=(_within_day("changed_at"),),
)

CUSTOMER_ACTIVITY = Table(
    layer=Layer.SILVER,
    name="customer_activity",
    grain="One row per signed-in customer and UTC day with activity in a shop.",
    owner=Owner.PRICING,
    key=("customer_id", "activity_date"),
    window="activity_date",
    partition_by=(Partition("tenant_id"), Partition("activity_date", "month")),
    correctable=True,
    allow_empty=True,
    columns=(
        CUSTOMER_ID,
        Column("activity_date", DATE, "The UTC day of the activity.", required=True),
        c.TENANT_ID,
        _count("sessions", "Visits with at least one event."),
        _count("views", "Products looked at."),
        _count("searches", "Searches."),
        _count("likes", "Products liked."),
        _count("carts", "Products put into the cart."),
        _count("checkouts", "Checkouts begun."),
        _count("purchases", "Purchases."),
        Column("first_event_ts", INSTANT, "When the day's first event happened, UTC.", required=True),
        Column("last_event_ts", INSTANT, "When the day's last event happened, UTC.", required=True),
        Column(
            "is_known_customer",
            BOOLEAN,
            "Whether silver/customers knew the customer of this shop by the day's end, deleted or not.",
            required=True,
            rules=(
                Rule(
                    "customer_unknown",
                    pl.col("is_known_customer"),
                    "silver/customers knew the customer by the day's end.",
                    Severity.WARN,
                ),
            ),
        ),
    ),
    rules=(
        Rule(
            "last_event_before_first",
            pl.col("last_event_ts") >= pl.col("first_event_ts"),
            "The last event is not before the first.",
        ),
        Rule(
            "activity_without_events",
            pl.sum_horizontal("views", "searches", "likes", "carts", "checkouts", "purchases") > 0,
            "A row has at least one event.",
        ),
    ),
)

PEOPLE = (SALESFORCE_ACCOUNTS, SALESFORCE_LEADS, CUSTOMERS, CUSTOMER_ACTIVITY)
