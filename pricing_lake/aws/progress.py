"""Writing how an export goes, so that others can watch it. Never in the way: nothing here raises or waits for long.

The truth is the lake's own verdicts; this is a window onto them. Reading it is in `progress_history`.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pricing_lake.aws.account import HURRIED, Account
from pricing_lake.aws.breaker import Breaker
from pricing_lake.aws.explain import code_of
from pricing_lake.aws.metrics import Metric, Metrics
from pricing_lake.aws.progress_table import KEEP_DAYS, KIND_OF_ITEM, TIME_TO_LIVE, day_key, keys_of
from pricing_lake.errors import PricingLakeError

if TYPE_CHECKING:
    from pricing_lake.lake.verdicts import Verdict

LOG = logging.getLogger(__name__)
EVERY_TENANT = "all"
KEPT_ERRORS, ERROR_LENGTH = 20, 500


class Status(StrEnum):
    """How an export stands. PARTIAL is published, with rows set aside or pictures that failed."""

    STARTED = "STARTED"
    COMPLETED = "COMPLETED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Export:
    """One tenant's sales of one day from one source, as one run takes them."""

    source: str
    day: str
    run_id: str
    tenant: str = EVERY_TENANT

    @property
    def key(self) -> dict[str, dict[str, str]]:
        """The item's key, as DynamoDB writes it."""
        return {name: {"S": value} for name, value in keys_of(self.tenant, self.source, self.day).items()}


@dataclass(frozen=True)
class Counters:
    """What an export counted."""

    rows_read: int = 0
    rows_good: int = 0
    rows_quarantined: int = 0
    images_ok: int = 0
    images_failed: int = 0
    embeddings_made: int = 0
    embeddings_reused: int = 0

    @property
    def status(self) -> Status:
        """The status of an export that was published with these."""
        return Status.PARTIAL if self.rows_quarantined or self.images_failed else Status.COMPLETED


@dataclass
class Progress:
    """Writes to one table; time-outs of one and two seconds, one try, and a pause after failures in a row.

    A write that is lost is logged, counted as the metric ProgressWritesDropped and in `dropped`, and forgotten.
    """

    account: Account
    table: str
    metrics: Metrics
    dropped: int = field(default=0, init=False)
    _untold: int = field(default=0, init=False, repr=False)
    _breaker: Breaker = field(default_factory=Breaker, init=False, repr=False)

    @classmethod
    def at(cls, region: str, endpoint: str, table: str, stage: str) -> "Progress":
        """The progress of a stage; nothing is connected yet."""
        return cls(Account(region, endpoint, HURRIED), table, Metrics.hurried(region, endpoint, stage))

    def start(self, export: Export) -> bool:
        """A run has begun; counters of an earlier one go. The same start twice is one. True when it was written."""
        values = {**_opening(export), **_written(Counters()), "status": Status.STARTED, "started_at": _now()}
        return self._update(
            export,
            set_values=values,
            also=" REMOVE finished_at ADD attempts :one",
            extra={":one": {"N": "1"}},
            condition="attribute_not_exists(run_id) OR run_id <> :run_id",
        )

    def count(self, export: Export, counters: Counters) -> bool:
        """Add to the counters of a run that is under way."""
        added = {name: value for name, value in vars(counters).items() if value}
        if not added:
            return True
        sums = ", ".join(f"{name} :{name}" for name in added)
        extra = {f":{name}": {"N": str(value)} for name, value in added.items()}
        return self._update(export, also=f" ADD {sums}", extra=extra, condition="run_id = :run_id")

    def complete(self, export: Export, counters: Counters) -> bool:
        """The day is published. A run that is not the last one to have begun changes nothing."""
        self.metrics.count(
            {
                Metric.COMPLETED: 1,
                Metric.ROWS_GOOD: counters.rows_good,
                Metric.ROWS_QUARANTINED: counters.rows_quarantined,
            }
        )
        values = {**_opening(export), **_written(counters), "status": counters.status, "finished_at": _now()}
        return self._update(export, set_values=values, condition=_OURS, extra=_STARTED)

    def fail(self, export: Export, error: str, counters: Counters | None = None) -> bool:
        """The day was refused or broke; `error` is one of the errors that are kept, the last twenty."""
        self.metrics.count({Metric.FAILED: 1})
        values = {**_opening(export), "status": Status.FAILED, "finished_at": _now()}
        values |= _written(counters) if counters else {}
        text = " ".join(error.split())[:ERROR_LENGTH]
        entry: dict[str, Any] = {"M": {"at": {"S": _now()}, "run_id": {"S": export.run_id}, "text": {"S": text}}}
        return self._update(export, set_values=values, appended=entry, condition=_OURS, extra=_STARTED)

    def _update(
        self,
        export: Export,
        *,
        set_values: Mapping[str, object] | None = None,
        appended: Mapping[str, Any] | None = None,
        also: str = "",
        extra: Mapping[str, Any] | None = None,
        condition: str,
    ) -> bool:
        names = {f"#{name}": name for name in set_values or {}}
        values: dict[str, Any] = {f":{name}": _attribute(value) for name, value in (set_values or {}).items()}
        parts = [f"#{name} = :{name}" for name in set_values or {}]
        if appended:
            parts.append("errors = list_append(if_not_exists(errors, :none), :error)")
            values.update({":error": {"L": [appended]}, ":none": {"L": []}})
        request: dict[str, Any] = {
            "TableName": self.table,
            "Key": export.key,
            "UpdateExpression": (f"SET {', '.join(parts)}" if parts else "") + also,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {**values, **(extra or {}), ":run_id": {"S": export.run_id}},
            "ReturnValues": "UPDATED_NEW" if appended else "NONE",
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        answer = self._send(request)
        kept = len(answer.get("Attributes", {}).get("errors", {}).get("L", [])) if answer else 0
        if kept > KEPT_ERRORS:
            self._drop_oldest(export, kept)
        return answer is not None

    def _drop_oldest(self, export: Export, kept: int) -> None:
        gone = ", ".join(f"errors[{place}]" for place in range(kept - KEPT_ERRORS))
        self._send(
            {
                "TableName": self.table,
                "Key": export.key,
                "UpdateExpression": f"REMOVE {gone}",
                "ConditionExpression": "size(errors) = :kept",
                "ExpressionAttributeValues": {":kept": {"N": str(kept)}},
            }
        )

    def _send(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The answer, or None when the write was lost, or meant for a run that is no longer the last."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self._breaker.is_open:
            self._lost("a pause after failures in a row")
            return None
        try:
            answer: Mapping[str, Any] = self.account.client("dynamodb").update_item(**request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                self._breaker.worked()
                return None
            self._failed(code_of(error))
            return None
        except (BotoCoreError, PricingLakeError, OSError) as error:
            self._failed(type(error).__name__)
            return None
        self._breaker.worked()
        return answer

    def _failed(self, why: str) -> None:
        self._breaker.failed()
        self._lost(why)

    def _lost(self, why: str) -> None:
        self.dropped += 1
        self._untold += 1
        LOG.warning("progress could not be written to %s (%s); the run goes on", self.table, why)
        if self.metrics.count({Metric.PROGRESS_DROPPED: self._untold}):
            self._untold = 0


def record(progress: Progress, source: str, verdicts: Iterable["Verdict"], run_id: str) -> None:
    """Write what a publish of a source's table decided, one entry per day. Never raises for what AWS does.

    `run_id` is the run that publishes: where nothing changed, the verdict is that of an earlier one.
    """
    for verdict in verdicts:
        export = Export(source, verdict.partition, run_id)
        counters = Counters(verdict.source_rows, verdict.good_rows, verdict.quarantined_rows)
        if verdict.passed:
            progress.complete(export, counters)
        else:
            progress.fail(export, verdict.explain(), counters)


_OURS = "attribute_not_exists(run_id) OR run_id = :run_id OR #status <> :started"
_STARTED = {":started": {"S": Status.STARTED.value}}


def _opening(export: Export) -> dict[str, object]:
    """What every entry says of itself; each write puts its end off."""
    end = datetime.now(UTC) + timedelta(days=KEEP_DAYS)
    return {
        "kind": KIND_OF_ITEM,
        "day_key": day_key(export.tenant, export.source, export.day),
        "tenant": export.tenant,
        "source": export.source,
        "day": export.day,
        "run_id": export.run_id,
        TIME_TO_LIVE: int(end.timestamp()),
    }


def _written(counters: Counters) -> dict[str, object]:
    return dict(vars(counters))


def _attribute(value: object) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
