"""Policies that every table asset gets: retries, freshness, automation, mappings. Applied here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import dagster as dg

from pricing_lake.contracts.model import Grain, Table
from pricing_lake.errors import PermanentError
from pricing_lake.partitions import Calendar

RETRY_TRANSIENT = dg.RetryPolicy(max_retries=3, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""Only transient errors reach it: permanent ones end in `for_good`."""

MONTHS_WHOSE_DAYS_CHANGED = (
    dg.AutomationCondition.any_deps_updated().since_last_handled()
    & ~dg.AutomationCondition.in_progress()
    & ~dg.AutomationCondition.any_deps_in_progress()
)
"""Requests exactly the months of which a day changed, old or new; `eager()` looks at the latest month only."""


@contextmanager
def for_good(*kinds: type[Exception]) -> Iterator[None]:
    """Inside, a PermanentError, or one of `kinds`, fails the step with its one line and is not tried again."""
    final: tuple[type[Exception], ...] = (PermanentError, *kinds)
    try:
        yield
    except final as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def partitions(table: Table, calendar: Calendar) -> dg.TimeWindowPartitionsDefinition | None:
    """The table's partitions; None when it is one whole."""
    return {Grain.DAY: calendar.days, Grain.MONTH: calendar.months, Grain.WHOLE: None}[table.every]


def automation(table: Table) -> dg.AutomationCondition[Any] | None:
    """Month tables and whole tables follow their days by themselves; day tables follow the schedule."""
    return None if table.every is Grain.DAY else MONTHS_WHOSE_DAYS_CHANGED


def freshness(table: Table) -> dg.FreshnessPolicy | None:
    """Day tables are late when no partition came within the contract's hours."""
    if table.every is not Grain.DAY:
        return None
    return dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=table.fresh_within_hours))


def mapping(upstream: Table, downstream: Table) -> dg.PartitionMapping | None:
    """Month from days: the days of the month that exist. Else Dagster's default: the same partition, or all of them."""
    if upstream.every is downstream.every or Grain.WHOLE in (upstream.every, downstream.every):
        return None
    return dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
