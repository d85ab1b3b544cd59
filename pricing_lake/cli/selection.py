"""Tables as a person names them: by `layer/name`, bare name or layer, and what to suggest for an unknown word."""

import os
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pricing_lake.errors import ConfigurationError

if TYPE_CHECKING:
    from pricing_lake.contracts.model import Table
    from pricing_lake.stage import Stage

SWITCHES = {
    "bronze/raw_orders_stream": "ORDERS_KAFKA_BOOTSTRAP",
    "bronze/raw_orders_dlq": "ORDERS_KAFKA_BOOTSTRAP",
    "bronze/raw_snowflake_orders": "SNOWFLAKE_ACCOUNT",
    "bronze/raw_snowflake_customers": "SNOWFLAKE_ACCOUNT",
    "bronze/raw_redshift_behavior": "REDSHIFT_UNLOAD_URI or REDSHIFT_URL",
    "bronze/raw_salesforce_accounts": "SALESFORCE_DOMAIN",
    "bronze/raw_salesforce_leads": "SALESFORCE_DOMAIN",
}
"""What switches the source of a bronze table on, where nothing waits for a source that is off."""


def select_tables(names: Sequence[str]) -> tuple["Table", ...]:
    """The named tables in flow order; all of them when nothing is named.

    Raises ConfigurationError for a name that is no table and no layer.
    """
    from pricing_lake.contracts.all import TABLES

    if not names:
        return TABLES
    known = {word for table in TABLES for word in _words(table)}
    for name in names:
        if name not in known:
            layers = ", ".join(dict.fromkeys(str(table.layer) for table in TABLES))
            raise ConfigurationError(
                f"no table or layer {name!r}{did_you_mean(name, known)}; layers are {layers}, "
                "and `pricing-lake tables` lists the tables"
            )
    return tuple(table for table in TABLES if _words(table) & set(names))


def one_table(name: str) -> "Table":
    """The table called so, by `layer/name` or bare name. Raises ConfigurationError for any other word, a layer too."""
    from pricing_lake.contracts.all import TABLES

    found = [table for table in TABLES if name in (table.id, table.name)]
    if not found:
        meant = did_you_mean(name, [word for table in TABLES for word in (table.id, table.name)])
        raise ConfigurationError(f"no table {name!r}{meant}; `pricing-lake tables` lists them")
    return found[0]


def made_from_bronze(stage: "Stage", table: "Table") -> tuple["Table", ...]:
    """`table`, what it is made of above bronze and what is made of it, in flow order, as far as a source feeds it.

    A bronze table is among them when it is made of the lake alone (dead letters), for then no source is asked.
    """
    from pricing_lake.contracts.model import Layer
    from pricing_lake.definitions import table_assets

    assets = table_assets()
    wanted = {table.id}
    for asset in reversed(assets):
        if asset.contract.id in wanted:
            wanted |= {up.id for up in asset.reads}
    chosen = wanted | {each.id for each in made_of(table)}
    of_sources = {
        asset.contract.id
        for asset in assets
        if asset.contract.layer is Layer.BRONZE and not (asset.reads and asset.resources == {"lake"})
    }
    return tuple(t for t in fed_tables(stage) if t.id in chosen - of_sources)


def made_of(table: "Table") -> tuple["Table", ...]:
    """What is made of `table`, near or far, in flow order; the table itself is not among it."""
    from pricing_lake.definitions import table_assets

    below = {table.id: table}
    for asset in table_assets():
        if below.keys() & {up.id for up in asset.reads}:
            below[asset.contract.id] = asset.contract
    return tuple(below.values())[1:]


def fed_tables(stage: "Stage") -> tuple["Table", ...]:
    """Tables that a source in use feeds, in flow order, with the whole tables that they read.

    Orders, customers and behaviour stay out until one of their sources is set up: a day of theirs would be published
    empty, every day, for nobody.
    """
    from pricing_lake.contracts.all import TABLES
    from pricing_lake.contracts.model import Grain
    from pricing_lake.definitions import table_assets

    reads = {asset.contract.id: asset.reads for asset in table_assets()}
    idle = set(_off(stage))
    for table in TABLES:
        days = [up for up in reads[table.id] if up.every is Grain.DAY] or reads[table.id]
        if days and all(up.id in idle for up in days):
            idle.add(table.id)
    wanted = {table.id for table in TABLES if table.id not in idle}
    wanted |= {up.id for name in wanted for up in reads[name] if up.every is Grain.WHOLE}
    return tuple(table for table in TABLES if table.id in wanted)


def settings_that_feed(table: "Table") -> list[str]:
    """Settings of which each switches on a source of the table, near or far."""
    from pricing_lake.contracts.model import Grain
    from pricing_lake.definitions import table_assets

    reads = {asset.contract.id: asset.reads for asset in table_assets()}
    found, waiting = {}, [table]
    while waiting:
        each = waiting.pop(0)
        if each.id in SWITCHES:
            found[SWITCHES[each.id]] = True
        waiting += [up for up in reads[each.id] if up.every is Grain.DAY]
    return list(found)


def _off(stage: "Stage") -> Iterator[str]:
    """Ids of the bronze tables whose source is not set up and that nothing else waits for."""
    on = {
        "ORDERS_KAFKA_BOOTSTRAP": stage.orders_stream.bootstrap_servers,
        "SNOWFLAKE_ACCOUNT": stage.snowflake.account,
        "REDSHIFT_UNLOAD_URI or REDSHIFT_URL": stage.redshift.unload_uri or os.environ.get("REDSHIFT_URL"),
        "SALESFORCE_DOMAIN": stage.salesforce.domain,
    }
    yield from (table for table, switch in SWITCHES.items() if not on[switch])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word in brackets, or nothing when none is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _words(table: "Table") -> set[str]:
    return {table.id, table.name, str(table.layer)}
