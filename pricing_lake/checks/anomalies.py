"""The check `usual_day`: whether a partition looks like the days before it, as of its own day; `unusual` measures.

It warns and never blocks, for an unusual day may be a good one.
"""

import warnings
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from pricing_lake.checks.partition_outcomes import Outcome, record_outcomes
from pricing_lake.checks.unusual import FEWEST_DAYS, DayFigures, Measure, measures
from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.partitions import Calendar

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake
    from pricing_lake.lake.verdicts import Verdict

CHECK = "usual_day"
TRAILING_DAYS = 28
WATCHED = (SALES_HISTORY, ORDERS, FACT_ORDERS)
"""Where sources meet: what is unusual in one of them shows here, and each check is a step of every run."""


def anomaly_checks(calendar: Calendar, tables: Sequence[Table] = WATCHED) -> list[dg.AssetChecksDefinition]:
    """One check per table, with an outcome per day. Each reads the verdicts of its run's days and 28 before, once."""
    return [_check_of(calendar, table) for table in tables]


def _check_of(calendar: Calendar, table: Table) -> dg.AssetChecksDefinition:
    with warnings.catch_warnings():
        # Partitioned checks are in preview: known, pinned, and tested.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.asset_check(
            asset=dg.AssetKey([table.layer.value, table.name]),
            name=CHECK,
            description=(
                f"Rows, null shares and prices are as on the {TRAILING_DAYS} days before (robust z, rise, PSI); "
                f"with fewer than {FEWEST_DAYS} of them there is no baseline."
            ),
            partitions_def=calendar.days,
            required_resource_keys={"lake"},
        )(partial(_check, table))


def _check(table: Table, context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    days = [date.fromisoformat(key) for key in context.partition_keys]
    outcomes = usual_days(context.resources.lake.open(), table, days)
    return record_outcomes(context, dg.AssetKey([table.layer.value, table.name]), CHECK, outcomes)


def usual_days(lake: "Lake", table: Table, days: Sequence[date]) -> dict[str, Outcome]:
    """The outcome of each day, held against the passing, non-empty days of its own TRAILING_DAYS before."""
    from pricing_lake.lake.verdicts import VerdictStore  # here, so that loading the graph stays quick

    wanted = {day - timedelta(days=back) for day in days for back in range(TRAILING_DAYS + 1)}
    verdicts = VerdictStore(lake.proofs).latest(table.id, {day.isoformat() for day in wanted})
    return {day.isoformat(): _outcome(day, verdicts) for day in days}


def _outcome(day: date, verdicts: "Mapping[str, Verdict]") -> Outcome:
    own = verdicts.get(day.isoformat())
    if own is None or not own.passed or not own.good_rows:
        return _told("nothing is published for the day; its gate says why")
    trailing = [day - timedelta(days=back) for back in range(1, TRAILING_DAYS + 1)]
    found = (verdicts.get(other.isoformat()) for other in trailing)
    before = [_figures(verdict) for verdict in found if verdict and verdict.passed and verdict.good_rows]
    if len(before) < FEWEST_DAYS:
        return _told(f"no baseline: {len(before)} published days in the {TRAILING_DAYS} before, {FEWEST_DAYS} needed")
    return _judged(measures(_figures(own), before), len(before))


def _judged(found: Sequence[Measure], days: int) -> Outcome:
    unusual = [measure for measure in found if not measure.is_usual]
    text = "; ".join(f"{m.name} {m.value:,.4g} (at most {m.limit:,.4g}): {m.text}" for m in unusual)
    metadata: dict[str, dg.MetadataValue] = {m.name: dg.MetadataValue.float(m.value) for m in found}
    metadata["baseline_days"] = dg.MetadataValue.int(days)
    said = text or f"as on the {days} days before"
    return Outcome(not unusual, said, dg.AssetCheckSeverity.WARN, metadata)


def _told(text: str) -> Outcome:
    return Outcome(True, text, dg.AssetCheckSeverity.WARN)


def _figures(verdict: "Verdict") -> DayFigures:
    return DayFigures(date.fromisoformat(verdict.partition), verdict.good_rows, verdict.figures)
