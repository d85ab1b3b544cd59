"""What makes facts follow their dimensions: days that would come out differently by now are run again, and once."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from pricing_lake.contracts.gold_facts import FACTS
from pricing_lake.contracts.model import Table
from pricing_lake.errors import RefusedError
from pricing_lake.partitions import Calendar
from pricing_lake.table_asset.column_schema import asset_key

if TYPE_CHECKING:
    from pricing_lake.checks.facts_behind import DayBehind

SECONDS_BETWEEN_LOOKS = 15 * 60
_CHANGING = ("daily", "facts_again")
"""Jobs that publish dimensions or facts: while one runs, what is behind is about to change."""
_UNDER_WAY = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]

facts_again = dg.define_asset_job(
    "facts_again",
    selection=dg.AssetSelection.assets(*[asset_key(fact) for fact in FACTS]),
    description="Makes days of facts again whose dimensions changed since.",
    executor_def=dg.in_process_executor,
)


@dataclass
class _Memory:
    """What the sensor keeps: the state of each fact it last looked at, and what it asked for of the days still behind.

    The evidence in `asked` is why nothing loops: a day that was run again and still is behind is asked for again only
    when its rows or the dimensions are published anew.
    """

    seen: dict[str, str] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: str | None) -> "_Memory":
        return cls(**json.loads(cursor)) if cursor else cls()

    def as_cursor(self) -> str:
        return json.dumps({"seen": self.seen, "asked": self.asked})

    def new(self, fact: Table, state: str, behind: Sequence["DayBehind"]) -> list["DayBehind"]:
        """Those of the days that were not asked for on the same evidence before; all of them are remembered."""
        before = self.asked.get(fact.id, {})
        self.seen[fact.id] = state
        self.asked[fact.id] = {day.day: day.evidence for day in behind}
        return [day for day in behind if before.get(day.day) != day.evidence]


def facts_follow_dimensions(calendar: Calendar, days_per_run: int) -> dg.SensorDefinition:
    """The sensor: when a fact or one of its dimensions changed, the days of the fact that are behind are run again.

    Neighbouring days share a run, at most `days_per_run` of them. A tick on which nothing changed loads the tables'
    metadata and reads no row.
    """

    @dg.sensor(
        name="facts_follow_dimensions",
        job=facts_again,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"lake"},
        description="Runs the days of facts again whose keys or dollars would come out differently by now.",
    )
    def follow(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from pricing_lake.checks.facts_behind import Star  # here, so that loading the graph stays quick

        for job in _CHANGING:
            if context.instance.get_runs(dg.RunsFilter(job_name=job, statuses=_UNDER_WAY), limit=1):
                return dg.SkipReason(f"a run of {job} is under way")
        star, memory = Star(context.resources.lake.open()), _Memory.of(context.cursor)
        requests: list[dg.RunRequest] = []
        notes: list[str] = []
        for fact in FACTS:
            state = star.state(fact)
            if not state or memory.seen.get(fact.id) == state:
                continue
            try:
                behind = star.behind(fact, calendar.days.get_partition_keys())
            except RefusedError as error:
                notes.append(f"{fact.id} waits: {error}")
                continue
            new = memory.new(fact, state, behind)
            for day in new:
                context.log.info("%s %s: %s", day.fact, day.day, day.why)
            requests += [_request(fact, stretch) for stretch in stretches(new, days_per_run)]
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else "; ".join(notes) or "no day of a fact is newly behind its dimensions",
            cursor=memory.as_cursor(),
        )

    return follow


def stretches(days: Sequence["DayBehind"], most: int) -> Iterator[list["DayBehind"]]:
    """`days`, oldest first, as runs of neighbours of at most `most`."""
    stretch: list[DayBehind] = []
    for day in days:
        if stretch and (len(stretch) == most or _day(day) - _day(stretch[-1]) != timedelta(days=1)):
            yield stretch
            stretch = []
        stretch.append(day)
    if stretch:
        yield stretch


def _day(behind: "DayBehind") -> date:
    return date.fromisoformat(behind.day)


def _request(fact: Table, stretch: Sequence["DayBehind"]) -> dg.RunRequest:
    first, last = stretch[0], stretch[-1]
    return dg.RunRequest(
        run_key=f"{fact.id} {' '.join(f'{day.day} {day.evidence}' for day in stretch)}",
        asset_selection=[asset_key(fact)],
        tags={
            "dagster/asset_partition_range_start": first.day,
            "dagster/asset_partition_range_end": last.day,
        },
    )
