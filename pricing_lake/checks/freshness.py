"""Whether exchange rates still come: the age of the newest rate as of each partition's day, never as of today.

A single day without rates is normal, so the gate cannot see a provider that has died; carrying rates forward hides it.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from pricing_lake.checks.partition_outcomes import Outcome, record_outcomes
from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake

WARN_AFTER_DAYS = 4
"""The oldest that rates become while all is well: on Easter Monday the newest ones are of Maundy Thursday."""
ERROR_AFTER_DAYS = 7
LOOK_BACK_DAYS = 31
"""Where no rate is found within these days, it is not looked for any further."""

_FX_RATES = dg.AssetKey([RAW_FX_RATES.layer.value, RAW_FX_RATES.name])
_CHECK = "rates_keep_coming"


@dataclass(frozen=True)
class RateAge:
    """Age of the newest rate of the lake as of `day`.

    `newest` is None when there is none within LOOK_BACK_DAYS; then the age counts from the day before the first one
    looked at, so that a young lake is not blamed for rates of before its time. `unpublished` counts the days in
    between that the lake has not published: a gap of its own, not of the provider.
    """

    day: date
    newest: date | None
    days: int
    unpublished: int

    @property
    def outcome(self) -> Outcome:
        """Passed up to WARN_AFTER_DAYS, a warning up to ERROR_AFTER_DAYS, then an error."""
        error = self.days > ERROR_AFTER_DAYS
        found = f"is of {self.newest}, {self.days} days old" if self.newest else f"is more than {self.days} days old"
        text = f"as of {self.day} the newest rate {found}"
        if self.unpublished:
            text += f"; {self.unpublished} days in between are not published: materialize them first"
        elif self.days > WARN_AFTER_DAYS:
            text += "; see whether the provider still publishes"
        return Outcome(
            self.days <= WARN_AFTER_DAYS,
            text,
            dg.AssetCheckSeverity.ERROR if error else dg.AssetCheckSeverity.WARN,
            {"days_old": dg.MetadataValue.int(self.days), "unpublished_days": dg.MetadataValue.int(self.unpublished)},
        )


def fx_rates_freshness(calendar: Calendar) -> dg.AssetChecksDefinition:
    """The check on bronze/raw_fx_rates of one lake, with an outcome per day. It never blocks: it only tells."""
    with warnings.catch_warnings():
        # Partitioned checks are in preview: known, pinned, and tested.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.asset_check(
            asset=_FX_RATES,
            name=_CHECK,
            description=(
                f"The newest rate is at most {WARN_AFTER_DAYS} days old as of the partition's day; "
                f"above {ERROR_AFTER_DAYS} days it is an error."
            ),
            partitions_def=calendar.days,
            required_resource_keys={"lake", "fx"},
        )(partial(_check, calendar.start))


def _check(lake_start: date, context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    days = [date.fromisoformat(key) for key in context.partition_keys]
    if context.resources.fx.is_configured:
        ages = rate_ages(context.resources.lake.open(), days, lake_start)
        outcomes = {age.day.isoformat(): age.outcome for age in ages}
    else:
        outcomes = {day.isoformat(): Outcome(True, "FX_URL is off: no rates are expected") for day in days}
    return record_outcomes(context, _FX_RATES, _CHECK, outcomes)


def rate_ages(lake: "Lake", days: Sequence[date], lake_start: date) -> list[RateAge]:
    """The age of the newest rate as of each of `days`, from the table's metadata and verdicts alone."""
    from pricing_lake.lake.reader import PublishedPartitions  # here, so that loading the graph stays quick

    first = max(lake_start, min(days) - timedelta(days=LOOK_BACK_DAYS))
    span = [first + timedelta(days=number) for number in range((max(days) - first).days + 1)]
    published = PublishedPartitions(lake, RAW_FX_RATES, [_window(day) for day in span])
    with_rates = {day for day in span if any(task.file.record_count for task in published.tasks[day.isoformat()])}
    proved = {date.fromisoformat(key) for key, verdict in published.verdicts.items() if verdict.passed}
    return [_age(day, [seen for seen in span if seen <= day], with_rates, proved) for day in days]


def _age(day: date, seen: Sequence[date], with_rates: set[date], proved: set[date]) -> RateAge:
    newest = max(with_rates.intersection(seen), default=None)
    counted_from = newest or seen[0] - timedelta(days=1)
    unpublished = [other for other in seen if other > counted_from and other not in proved]
    return RateAge(day, newest, (day - counted_from).days, len(unpublished))


def _window(day: date) -> PartitionWindow:
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    return PartitionWindow(midnight, midnight + timedelta(days=1), day.isoformat())
