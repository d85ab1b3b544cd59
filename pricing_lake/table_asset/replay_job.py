"""The job `replay`: quarantined rows of some days of one table through today's contract. How is `lake.replay`."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from pricing_lake.contracts.all import table_called
from pricing_lake.contracts.model import Table
from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar
from pricing_lake.resources.orders_stream import OrdersStreamResource
from pricing_lake.table_asset.feed import reach_of
from pricing_lake.table_asset.partition_verdicts import record_in_job
from pricing_lake.table_asset.policies import RETRY_TRANSIENT, for_good

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake
    from pricing_lake.lake.replay import Replay, ReplayedDay
    from pricing_lake.lake.replay_feed import FeedReplay

REPLAY_OP = "replay_op"


class ReplayConfig(dg.Config):
    """Which days of which table."""

    table: str = Field(description="The table, such as bronze/raw_smartgo_sales.")
    first: str = Field(description="First day, such as 2026-03-01.")
    last: str = Field(description="Last day, included.")
    gone: list[str] = Field(default_factory=list, description="Reasons in the lane that are no rules any more.")


def replay_of(
    lake: "Lake",
    calendar: Calendar,
    table: Table,
    first: date,
    last: date,
    gone: list[str],
    orders_stream: OrdersStreamResource,
) -> "Replay | FeedReplay":
    """The replay of these days. Raises ConfigurationError for days outside the calendar, and what a replay raises."""
    from pricing_lake.lake.replay import Replay, require_replayable  # here, so that loading the graph stays quick
    from pricing_lake.lake.replay_feed import FeedReplay

    require_replayable(table)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    known = set(calendar.days.get_partition_keys())
    if not days or not {day.isoformat() for day in days} <= known:
        raise ConfigurationError(f"{first} to {last} are not days of this lake, which starts on {calendar.start}")
    windows = [PartitionWindow.of_day(day) for day in days]
    if table.incremental:
        letters = None if table.correctable else orders_stream.letters()
        return FeedReplay(lake, table, windows, reach_of(calendar.days.start), gone, letters)
    return Replay(lake, table, windows, gone)


def replay_job(calendar: Calendar) -> dg.JobDefinition:
    """The job on this calendar. Its materializations and verdicts are those of the table's own partitions."""

    @dg.op(
        name=REPLAY_OP,
        required_resource_keys={"lake", "orders_stream"},
        retry_policy=RETRY_TRANSIENT,
        out=dg.Out(dg.Nothing),
        description="Judge the lanes of some days anew and publish what passes.",
    )
    def replay_op(context: dg.OpExecutionContext, config: ReplayConfig) -> None:
        with for_good(ValueError):
            table = table_called(config.table)
            first, last = date.fromisoformat(config.first), date.fromisoformat(config.last)
            lake, orders = context.resources.lake.open(), context.resources.orders_stream
            replay = replay_of(lake, calendar, table, first, last, config.gone, orders)
            publication, days = replay.run(context.run_id)
        record_in_job(context, table, publication)
        context.add_output_metadata(
            {
                "days": dg.MetadataValue.json([told(day) for day in days]),
                "changed": dg.MetadataValue.json(sorted(publication.changed)),
            }
        )
        if publication.refused:
            lines = "\n".join(verdict.explain() for verdict in publication.refused)
            raise dg.Failure(f"today's contract refuses days of {table.id}\n{lines}", allow_retries=False)

    @dg.job(
        name="replay",
        description="Puts quarantined rows through today's contract: what passes is published, the rest stays aside.",
        executor_def=dg.in_process_executor,
    )
    def job() -> None:
        replay_op()

    return job


def told(day: "ReplayedDay") -> dict[str, object]:
    """A replayed day as data."""
    return {
        "day": day.partition,
        "changed": day.changed,
        "regained": day.regained,
        "fail_now": day.fail_now,
        "masked": day.masked,
        "still_aside": dict(day.reasons),
    }
