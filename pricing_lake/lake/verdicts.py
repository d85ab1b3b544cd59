"""What a publish decided about one partition, as data and as a JSON proof. Decides nothing itself."""

import dataclasses
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pyarrow import fs

from pricing_lake.contracts.model import Severity
from pricing_lake.errors import ContractError

_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class RuleResult:
    """One judged rule. `value` against `threshold` where the rule measures something."""

    rule: str
    severity: Severity
    passed: bool
    failed_rows: int = 0
    checked_rows: int = 0
    value: float | None = None
    threshold: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one publish of one partition; `reasons` counts quarantined rows by broken rule.

    `control` holds the source's own figures as text, `source_columns` its columns with their types in full; both are
    empty where the source tells nothing.
    """

    table_id: str
    partition: str
    batch_id: str
    run_id: str
    contract_version: int
    evaluated_at: datetime
    results: tuple[RuleResult, ...]
    source_rows: int = 0
    good_rows: int = 0
    quarantined_rows: int = 0
    duplicate_rows: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    content_hash: str = ""
    lane_hash: str = ""
    control: Mapping[str, str] = field(default_factory=dict)
    source_columns: Mapping[str, str] = field(default_factory=dict)

    def says_the_same_as(self, other: "Verdict") -> bool:
        """Whether both judge the same rows alike: only who judged and when may differ."""
        return self._outcome() == other._outcome()

    def _outcome(self) -> dict[str, Any]:
        outcome = dataclasses.asdict(self)
        for name in ("batch_id", "run_id", "evaluated_at"):
            del outcome[name]
        outcome["figures"] = {name: value for name, value in self.figures.items() if not _is_of_the_run(name)}
        return outcome

    @property
    def passed(self) -> bool:
        """Whether every critical rule held."""
        return not self.broken

    @property
    def broken(self) -> tuple[RuleResult, ...]:
        """Critical rules that did not hold."""
        return tuple(r for r in self.results if r.severity is Severity.CRITICAL and not r.passed)

    @property
    def excluded_rows(self) -> int:
        """Rows left out on purpose (returns, cancellations)."""
        return sum(self.excluded.values())

    def explain(self) -> str:
        """One line saying why the partition was refused, or what was published."""
        if self.passed:
            return f"{self.table_id} {self.partition}: {self.good_rows:,} rows, {self.quarantined_rows:,} quarantined"
        why = "; ".join(f"{r.rule}{': ' + r.note if r.note else ''}" for r in self.broken)
        return f"{self.table_id} {self.partition} refused: {why}"


def cost_name(name: str) -> str:
    """Name of the figure that tells a cost."""
    return f"cost.{name}"


def _is_of_the_run(figure: str) -> bool:
    """Whether a figure tells of one run and not of what it judged."""
    return figure in ("freshness_hours", "files") or figure.startswith(cost_name(""))


@dataclass(frozen=True)
class VerdictStore:
    """Verdicts as JSON files `gold/quality/<table>/<time>_<partition>.json`; the latest of a partition counts."""

    files: fs.FileSystem

    def write(self, verdict: Verdict) -> str:
        """Write the proof; returns its key."""
        folder = _folder(verdict.table_id)
        self.files.create_dir(folder, recursive=True)
        key = f"{folder}/{verdict.evaluated_at.strftime(_STAMP)}_{verdict.partition}.json"
        body = dataclasses.asdict(verdict) | {
            "evaluated_at": verdict.evaluated_at.isoformat(),
            "passed": verdict.passed,
        }
        with self.files.open_output_stream(key) as stream:
            stream.write(json.dumps(body, indent=1).encode())
        return key

    def latest(self, table_id: str, partitions: Iterable[str]) -> dict[str, Verdict]:
        """The newest verdict of each of `partitions` that has one."""
        wanted = set(partitions)
        newest = {name: stamp for stamp, name in sorted(self._written(table_id)) if name in wanted}
        return {name: self._read(f"{_folder(table_id)}/{stamp}_{name}.json") for name, stamp in newest.items()}

    def partitions(self, table_id: str) -> set[str]:
        """Every partition that was ever judged, refused ones included."""
        return {name for _, name in self._written(table_id)}

    def newest_first(self, table_id: str) -> Iterator[Verdict]:
        """All verdicts of a table, of any partition, the newest first; each is read when it is asked for."""
        for stamp, name in sorted(self._written(table_id), reverse=True):
            yield self._read(f"{_folder(table_id)}/{stamp}_{name}.json")

    def of_partition(self, table_id: str, partition: str, but: Collection[str] = ()) -> Iterator[Verdict]:
        """All verdicts of one partition but those with these keys, newest first; each is read when it is asked for."""
        for stamp, name in sorted(self._written(table_id), reverse=True):
            key = f"{_folder(table_id)}/{stamp}_{name}.json"
            if name == partition and key not in but:
                yield self._read(key)

    def histories(self, table_id: str) -> dict[str, Iterator[Verdict]]:
        """All verdicts of a table by partition, newest first; listed once, each is read when it is asked for."""
        keys: dict[str, list[str]] = {}
        for stamp, name in sorted(self._written(table_id), reverse=True):
            keys.setdefault(name, []).append(f"{_folder(table_id)}/{stamp}_{name}.json")
        return {name: map(self._read, found) for name, found in keys.items()}

    def replaced(self, table_id: str, before: datetime) -> dict[str, list[str]]:
        """By partition, keys of the verdicts of before a time that are not its latest. None is read."""
        newest: dict[str, str] = {}
        found: dict[str, list[str]] = {}
        for stamp, name in sorted(self._written(table_id), reverse=True):
            if newest.setdefault(name, stamp) != stamp and stamp < before.strftime(_STAMP):
                found.setdefault(name, []).append(f"{_folder(table_id)}/{stamp}_{name}.json")
        return found

    def _written(self, table_id: str) -> list[tuple[str, str]]:
        """Time and partition of every verdict of a table, in no particular order."""
        found = self.files.get_file_info(fs.FileSelector(_folder(table_id), allow_not_found=True))
        names = (info.base_name.removesuffix(".json").partition("_") for info in found)
        return [(stamp, partition) for stamp, _, partition in names]

    def _read(self, key: str) -> Verdict:
        with self.files.open_input_stream(key) as stream:
            text = stream.read()
        try:
            body: dict[str, Any] = json.loads(text)
            body.pop("passed")
            results = tuple(RuleResult(**{**r, "severity": Severity(r["severity"])}) for r in body.pop("results"))
            return Verdict(**{**body, "evaluated_at": datetime.fromisoformat(body["evaluated_at"]), "results": results})
        except (ValueError, KeyError, TypeError) as error:
            raise ContractError(
                f"verdict {key} is unreadable ({error}); delete it and publish that day again"
            ) from error


def now_utc() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


def _folder(table_id: str) -> str:
    return f"gold/quality/{table_id.partition('/')[2]}"
