"""A look at Snowflake, Redshift and Salesforce for `doctor`: what is there, what to do."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from pricing_lake.cli.check import Check, Status, Timing, about, judged
from pricing_lake.cli.look_at_sources import Look, Open, off
from pricing_lake.stage import Stage

if TYPE_CHECKING:
    from pricing_lake.resources.snowflake import SnowflakeResource
    from pricing_lake.sources.redshift import RedshiftBehavior, RedshiftFacts
    from pricing_lake.sources.salesforce import SalesforceFacts, SalesforceRecords
    from pricing_lake.sources.snowflake import SnowflakeFacts, SnowflakeTable

LOGIN_SECONDS, ANSWER_SECONDS = 5, 10
"""Patience of `doctor` with one login and one answer; runs have more."""
SLOW_SECONDS = 5.0
"""A warehouse or a service answers within seconds, not at once."""


def open_snowflake_orders(stage: Stage) -> Look:
    """The order history."""
    if not stage.snowflake.account:
        return off("Snowflake orders", "SNOWFLAKE_ACCOUNT")
    source = cast("SnowflakeTable", _snowflake(stage).orders())
    return lambda: _snowflake_table("Snowflake orders", source.probe(), "orders")


def open_snowflake_customers(stage: Stage) -> Look:
    """The customers."""
    if not stage.snowflake.account:
        return off("Snowflake customers", "SNOWFLAKE_ACCOUNT")
    source = cast("SnowflakeTable", _snowflake(stage).customers())
    return lambda: _snowflake_table("Snowflake customers", source.probe(), "customers")


def _snowflake(stage: Stage) -> "SnowflakeResource":
    from pricing_lake.resources.snowflake import SnowflakeResource

    settings = vars(stage.snowflake) | {"statement_timeout_seconds": ANSWER_SECONDS}
    return SnowflakeResource(**settings, login_timeout_seconds=LOGIN_SECONDS, answer_timeout_seconds=ANSWER_SECONDS)


def _snowflake_table(name: str, facts: "SnowflakeFacts", which: str) -> Check:
    found = f"Snowflake {facts.server_version}, {about(facts.table_rows_estimate)}"
    timing = Timing(facts.latency_seconds, facts.clock_skew_seconds, SLOW_SECONDS)
    if facts.missing_objects:
        text = f"there is no {', '.join(facts.missing_objects)} that the role may read; {found}, {timing}"
        return Check(name, Status.FAIL, text, f"correct SNOWFLAKE_{which.upper()}_TABLE or grant SELECT")
    if facts.missing_columns:
        text = f"no column {', '.join(facts.missing_columns)}; {found}, {timing}"
        return Check(name, Status.FAIL, text, f"map it in settings.toml, [snowflake_{which}_mapping]")
    return judged(name, found, timing)


def open_redshift(stage: Stage) -> Look:
    """The warehouse of behaviour, by unload or over the wire."""
    if not (stage.redshift.unload_uri or os.environ.get("REDSHIFT_URL")):
        return off("Redshift", "REDSHIFT_UNLOAD_URI or REDSHIFT_URL")
    from pricing_lake.resources.redshift import RedshiftResource

    settings = vars(stage.redshift) | {"timeout_seconds": ANSWER_SECONDS}
    source = cast("RedshiftBehavior", RedshiftResource(**settings).source())
    return lambda: _behaviour(source.probe())


def _behaviour(facts: "RedshiftFacts") -> Check:
    found = f"{facts.server_version} by {facts.way}"
    timing = Timing(facts.latency_seconds, facts.clock_skew_seconds, SLOW_SECONDS)
    if not facts.has_table:
        text = f"there is no table of events that may be read; {found}, {timing}"
        return Check("Redshift", Status.FAIL, text, "name it in settings.toml, [redshift_mapping], or grant SELECT")
    if facts.missing_columns:
        text = f"no column {', '.join(facts.missing_columns)}; {found}, {timing}"
        return Check("Redshift", Status.FAIL, text, "map it in settings.toml, [redshift_mapping]")
    return judged("Redshift", found, timing)


def open_accounts(stage: Stage) -> Look:
    """Salesforce's accounts."""
    return _open_salesforce(stage, "accounts")


def open_leads(stage: Stage) -> Look:
    """Salesforce's leads."""
    return _open_salesforce(stage, "leads")


def _open_salesforce(stage: Stage, which: str) -> Look:
    name = f"Salesforce {which}"
    if not stage.salesforce.domain:
        return off(name, "SALESFORCE_DOMAIN")
    from pricing_lake.resources.salesforce import SalesforceResource

    resource = SalesforceResource(**vars(stage.salesforce), attempts=1)
    source = cast("SalesforceRecords", resource.accounts() if which == "accounts" else resource.leads())
    return lambda: _records(name, source.probe(), which)


def _records(name: str, facts: "SalesforceFacts", which: str) -> Check:
    calls = "" if facts.calls_left is None else f", {facts.calls_left:,} calls left today"
    found = f"{facts.server_version}, {about(facts.rows_estimate, which)}{calls}"
    timing = Timing(facts.latency_seconds, facts.clock_skew_seconds, SLOW_SECONDS)
    if facts.missing_objects:
        text = f"there is no {', '.join(facts.missing_objects)} that the user may read; {found}, {timing}"
        return Check(name, Status.FAIL, text, "give the user the right to read it")
    if facts.missing_columns:
        text = f"no field {', '.join(facts.missing_columns)}; {found}, {timing}"
        advice = f"give the right to read it, or map it in settings.toml, [salesforce_{which}_mapping]"
        return Check(name, Status.FAIL, text, advice)
    return judged(name, found, timing)


LOOKS: Mapping[str, Open] = {
    "Snowflake orders": open_snowflake_orders,
    "Snowflake customers": open_snowflake_customers,
    "Redshift": open_redshift,
    "Salesforce accounts": open_accounts,
    "Salesforce leads": open_leads,
}
