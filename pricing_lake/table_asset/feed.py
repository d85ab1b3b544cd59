"""`@feed_asset(CONTRACT)`: a table that grows by increments. Materializing a day catches up, then settles that day.

`collect_job` is the same catching up between the days, bounded, for a sensor: what it finds of a day that is settled
already settles that day anew and records it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

from pricing_lake.contracts.model import Table
from pricing_lake.errors import ContractError
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar
from pricing_lake.table_asset.column_schema import asset_key
from pricing_lake.table_asset.decorator import TableAsset
from pricing_lake.table_asset.policies import RETRY_TRANSIENT, for_good

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake
    from pricing_lake.lake.feed import Feed
    from pricing_lake.lake.increment import Collected
    from pricing_lake.lake.publish import Publication

INCREMENTS_PER_RUN = 20
"""Of one run of a collect job; the next tick goes on."""
_UNBOUNDED = 1_000_000
_AHEAD = timedelta(days=1)
"""A row may be dated so far ahead of our clock; later ones are set aside."""
CALENDAR = "calendar"
FeedOf = Callable[..., "Feed"]


@dataclass(frozen=True)
class FeedAsset(TableAsset):
    """A table and the feed that fills it.

    The transform returns a `lake.feed.Feed`. Its parameter `calendar`, if it has one, receives the stretch of time that
    rows may be of (a PartitionWindow), any other the Dagster resource of that name.
    """

    @property
    def resources(self) -> frozenset[str]:
        """Resource keys the asset needs."""
        return frozenset({"lake", *self.parameters} - {CALENDAR})

    def publication(
        self, lake: "Lake", windows: Sequence[PartitionWindow], context: dg.AssetExecutionContext
    ) -> "Publication":
        """Catch up; read those of the days again that were settled before; settle them all."""
        from pricing_lake.lake.increment import collect, read_again
        from pricing_lake.lake.publish import Publication
        from pricing_lake.lake.settle import settle, settled_days
        from pricing_lake.lake.verdicts import now_utc

        started, run_id, table = now_utc(), context.run.run_id, self.contract
        partitions = cast("dg.TimeWindowPartitionsDefinition", context.assets_def.partitions_def)
        reach = reach_of(partitions.start)
        feed = self.feed(context.resources, reach)
        read_until = feed.reaches()  # asked before anything is read: the days are read at least so far
        again = settled_days(lake, table, windows)
        collected = collect(lake, table, feed, reach, run_id, _UNBOUNDED)
        collected += read_again(lake, table, feed, again, reach, run_id)
        _record_late(context, table, collected, {window.key for window in windows})
        verdicts = settle(lake, table, windows, run_id, read_until)
        snapshots = [one.snapshot_id for one in collected if one.snapshot_id is not None]
        changed = frozenset(verdict.partition for verdict in verdicts if verdict.evaluated_at >= started)
        return Publication(tuple(verdicts), snapshots[-1] if snapshots else None, changed)

    def feed(self, resources: Any, reach: PartitionWindow) -> "Feed":
        """The feed, made of what the transform names."""
        given = {name: reach if name == CALENDAR else getattr(resources, name) for name in self.parameters}
        return cast("Feed", self.transform(**given))

    def collect_job(self, calendar: Calendar) -> dg.JobDefinition:
        """A job of one bounded catch-up, outside of any partition."""
        table = self.contract
        name = f"collect_{table.name}"

        @dg.op(
            name=f"{name}_op",
            required_resource_keys=set(self.resources),
            retry_policy=RETRY_TRANSIENT,
            pool=self.pool,
            out=dg.Out(dg.Nothing),
            description=f"Commit what came into {table.id} since its stamp.",
        )
        def collect_op(context: dg.OpExecutionContext) -> None:
            from pricing_lake.lake.increment import collect

            lake = context.resources.lake.open()
            reach = reach_of(calendar.days.start)
            with for_good():
                feed = self.feed(context.resources, reach)
                collected = collect(lake, table, feed, reach, context.run_id, INCREMENTS_PER_RUN)
            _record(context, table, collected)

        @dg.job(
            name=name,
            description=f"Catches {table.id} up with its source, a bounded number of increments at a time.",
            executor_def=dg.in_process_executor,
        )
        def collect_job() -> None:
            collect_op()

        return collect_job


def feed_asset(contract: Table, pool: str) -> Callable[[FeedOf], FeedAsset]:
    """Make the feed that the decorated function opens the one way `contract` grows. Raises ContractError when wrong.

    The pool keeps two runs from reading the same stretch; were they to, the second one's commit would fail.
    """

    def decorate(transform: FeedOf) -> FeedAsset:
        if transform.__name__ != contract.name or not contract.incremental:
            raise ContractError(
                f"{contract.id}: a feed's contract is incremental, and its function has the table's name"
            )
        return FeedAsset(contract, (), transform, pool)

    return decorate


def reach_of(start: datetime) -> PartitionWindow:
    """The days that rows may be of: from the lake's first day to a day after now."""
    first = start.astimezone(UTC)
    return PartitionWindow(first, max(datetime.now(UTC), first) + _AHEAD, "calendar")


def _record(context: dg.OpExecutionContext, table: Table, collected: Sequence["Collected"]) -> None:
    """Say what was collected, and record the settled days that it changed as materialized anew."""
    for one in collected:
        context.log.info(
            "%s %s: %s received, %s added, %s replaced, %s quarantined",
            table.id, one.name, one.received, one.added, one.replaced, one.quarantined,
        )  # fmt: skip
    late = _record_late(context, table, collected)
    context.add_output_metadata(
        {
            "increments": len(collected),
            "received": sum(one.received for one in collected),
            "added": sum(one.added for one in collected),
            "replaced": sum(one.replaced for one in collected),
            "quarantined": sum(one.quarantined for one in collected),
            "late_days": ", ".join(late) or "none",
        }
    )


def _record_late(
    context: dg.OpExecutionContext | dg.AssetExecutionContext,
    table: Table,
    collected: Sequence["Collected"],
    own: Collection[str] = (),
) -> list[str]:
    """Record the settled days that grew as materialized anew, but the run's own, which are recorded with their rows."""
    late = sorted({day.key for one in collected for day in one.settled} - set(own))
    for key in late:
        context.log_event(
            dg.AssetMaterialization(asset_key(table), partition=key, metadata={"late": dg.MetadataValue.bool(True)})
        )
    return late
