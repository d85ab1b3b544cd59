"""The check `up_to_date` on every table of gold: is it as new as it should be by now? `staleness` judges.

It speaks of the table and not of a partition, so it has no partitions: a run of any day tells how the table is now, and
so does the clock, for what is stale is what nobody runs.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import dagster as dg

from pricing_lake.checks.staleness import Age, DayTable, Due, Freshness
from pricing_lake.checks.staleness_of_wholes import WholeTable
from pricing_lake.contracts.gold_dimensions import DIM_DATE, DIM_FX, DIMENSIONS
from pricing_lake.contracts.gold_facts import FACTS
from pricing_lake.contracts.model import Grain, Table
from pricing_lake.errors import PricingLakeError
from pricing_lake.partitions import Calendar

CHECK = "up_to_date"
WATCHED = (*DIMENSIONS, *FACTS)
CALENDARS = frozenset({DIM_DATE.id, DIM_FX.id})
"""Wholes with a row for each day."""
_SEVERITY = {Age.LATE: dg.AssetCheckSeverity.WARN, Age.STALE: dg.AssetCheckSeverity.ERROR}

MadeOf = Sequence[tuple[Table, Sequence[Table]]]
"""Tables, and what each is made of."""


def check_keys() -> list[dg.AssetCheckKey]:
    """The check of every watched table."""
    return [dg.AssetCheckKey(_key(table), CHECK) for table in WATCHED]


def gold_freshness(calendar: Calendar, made_of: MadeOf) -> dg.AssetChecksDefinition:
    """All of them in one step of a run, for a step costs more than what it does here.

    `made_of` names the tables that are watched. It never blocks: it only tells.
    """

    @dg.multi_asset_check(
        name="gold_freshness",
        specs=[_spec(table) for table, _ in made_of],
        can_subset=True,
        required_resource_keys={"lake"},
    )
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        due = Due(calendar.start, calendar.last, datetime.now(UTC))
        for table, upstreams in made_of:
            if dg.AssetCheckKey(_key(table), CHECK) in context.selected_asset_check_keys:
                yield _result(table, _looked_at(context, table, upstreams, due))

    return check


def _spec(table: Table) -> dg.AssetCheckSpec:
    if table.every is Grain.WHOLE:
        what = "It is not older than what it is made of"
        what += " and reaches the newest day that is due." if table.id in CALENDARS else "."
    else:
        what = (
            f"The newest day is published {table.fresh_within_hours} hours after its end, and rows still come: "
            "a warning when one day is missing, an error when more are."
        )
    return dg.AssetCheckSpec(CHECK, asset=_key(table), description=what)


def _looked_at(context: dg.AssetCheckExecutionContext, table: Table, upstreams: Sequence[Table], due: Due) -> Freshness:
    """What was found, or why nothing can be told: a check that only tells must not fail a run whose tables are made."""
    try:
        return _judged(context, table, upstreams, due)
    except PricingLakeError as error:
        return Freshness(Age.STALE, f"it cannot be told: {error}")


def _judged(context: dg.AssetCheckExecutionContext, table: Table, upstreams: Sequence[Table], due: Due) -> Freshness:
    lake = context.resources.lake.open()
    if table.every is not Grain.WHOLE:
        return DayTable(lake, table, due).judge()
    event = context.instance.get_latest_materialization_event(_key(table))
    made = datetime.fromtimestamp(event.timestamp, UTC) if event else None
    return WholeTable(lake, table, tuple(upstreams), due, made, table.id in CALENDARS).judge()


def _result(table: Table, found: Freshness) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=_key(table),
        check_name=CHECK,
        passed=found.age is Age.FRESH,
        severity=_SEVERITY.get(found.age, dg.AssetCheckSeverity.WARN),
        description=found.text,
        metadata={"days_late": dg.MetadataValue.int(found.days_late)},
    )


def _key(table: Table) -> dg.AssetKey:
    return dg.AssetKey([table.layer.value, table.name])
