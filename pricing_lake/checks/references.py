"""The checks `customers_known` and `accounts_known`: silver rows that name what another silver table never knew.

A rule of a contract sees one table, and orders are made without customers, so that neither waits for the other: what
spans both is counted here. It warns and never blocks. References of gold are critical rules of its contracts.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from pricing_lake.checks.partition_outcomes import Outcome, record_outcomes
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import CUSTOMERS, SALESFORCE_ACCOUNTS, SALESFORCE_LEADS
from pricing_lake.errors import RefusedError
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake

_FIRST_DAY = "_first_day"


@dataclass(frozen=True)
class Known:
    """Rows of `table` name rows of `other` by these columns, in pairs. A row with a null among them names none."""

    check: str
    table: Table
    columns: tuple[str, ...]
    other: Table
    other_columns: tuple[str, ...]

    @property
    def key(self) -> dg.AssetKey:
        """The asset that the check is of."""
        return dg.AssetKey([self.table.layer.value, self.table.name])


KNOWN = (
    Known("customers_known", ORDERS, ("tenant_id", "customer_id"), CUSTOMERS, ("tenant_id", "customer_id")),
    Known("accounts_known", SALESFORCE_LEADS, ("converted_account_id",), SALESFORCE_ACCOUNTS, ("id",)),
)


def reference_checks(calendar: Calendar) -> list[dg.AssetChecksDefinition]:
    """One check per reference, with an outcome per day."""
    return [_check_of(calendar, known) for known in KNOWN]


def _check_of(calendar: Calendar, known: Known) -> dg.AssetChecksDefinition:
    with warnings.catch_warnings():
        # Partitioned checks are in preview: known, pinned, and tested.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.asset_check(
            asset=known.key,
            name=known.check,
            # In a run that brings both, the other table's day is there first.
            additional_deps=[dg.AssetKey([known.other.layer.value, known.other.name])],
            description=(
                f"{known.other.id} knew every {' and '.join(known.columns)} of the rows by the day's end, deleted or "
                "not; rows that name none are not counted."
            ),
            partitions_def=calendar.days,
            required_resource_keys={"lake"},
        )(partial(_check, known))


def _check(known: Known, context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    days = [date.fromisoformat(key) for key in context.partition_keys]
    return record_outcomes(context, known.key, known.check, known_on(context.resources.lake.open(), known, days))


def known_on(lake: "Lake", known: Known, days: Sequence[date]) -> dict[str, Outcome]:
    """The outcome of each day, as of that day's end: later days of the other table make nothing known."""
    from pricing_lake.lake.reader import PublishedPartitions  # here, so that loading the graph stays quick

    windows = [PartitionWindow.of_day(day) for day in sorted(days)]
    published = PublishedPartitions(lake, known.table, windows)
    first_known = _first_known(lake, known, windows[-1])
    outcomes = {}
    for window in windows:
        try:
            rows = pl.DataFrame(pl.from_arrow(published.read(window, known.columns)))
        except RefusedError:
            outcomes[window.key] = _told("nothing is published for the day; its gate says why")
            continue
        outcomes[window.key] = _outcome(known, rows, first_known, window.first_day)
    return outcomes


def _first_known(lake: "Lake", known: Known, until: PartitionWindow) -> pl.DataFrame:
    """The day on which the other table first told of each key, in the columns of the table that names it."""
    from pricing_lake.lake.reader import PublishedTable  # here, so that loading the graph stays quick

    window = known.other.window
    told = PublishedTable(lake, known.other).until(until, (*known.other_columns, window))
    names = dict(zip(known.other_columns, known.columns, strict=True))
    return (
        pl.DataFrame(pl.from_arrow(told))
        .group_by(known.other_columns)
        .agg(pl.col(window).min().alias(_FIRST_DAY))
        .rename(names)
    )


def _outcome(known: Known, rows: pl.DataFrame, first_known: pl.DataFrame, day: date) -> Outcome:
    if first_known.is_empty():
        return _told(f"{known.other.id} holds nothing yet: there is nothing to hold the rows against")
    naming = rows.drop_nulls()
    by_then = first_known.filter(pl.col(_FIRST_DAY) <= day)
    unknown = naming.join(by_then, on=known.columns, how="anti").height
    text = f"{unknown:,} of {naming.height:,} rows name what {known.other.id} did not know by the day's end"
    metadata: dict[str, dg.MetadataValue] = {
        "unknown_rows": dg.MetadataValue.int(unknown),
        "unknown_share": dg.MetadataValue.float(round(unknown / max(1, naming.height), 6)),
    }
    return Outcome(not unknown, text, dg.AssetCheckSeverity.WARN, metadata)


def _told(text: str) -> Outcome:
    return Outcome(True, text, dg.AssetCheckSeverity.WARN)
