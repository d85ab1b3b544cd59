"""The table-level judgement of a candidate partition: what must hold before any of it is published. Writes nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.cast import unknown_columns
from pricing_lake.contracts.model import Mode, Severity, Table
from pricing_lake.contracts.split import Split
from pricing_lake.lake.quarantine import count_reasons
from pricing_lake.lake.verdicts import RuleResult

REPLAYED = "replayed"
_CENT = Decimal("0.005")
_EMPTY = "no rows: an outage, or a day the source has not filled yet"

Extreme = Decimal | datetime | str


@dataclass(frozen=True)
class Replayed:
    """What a replay takes over from the publish before it, so that every row stays accounted for.

    `lines` are the rows of its lane that are still set aside, with their reasons of today; `duplicates` counts the rows
    that it dropped, `regained` those of its lane that are among the candidate's rows now.
    """

    lines: tuple[str, ...] = ()
    duplicates: int = 0
    regained: int = 0


@dataclass(frozen=True)
class Candidate:
    """Rows that want to become one partition.

    `rows` are as received (contract columns by name, any readable type). `excluded` counts rows left out on purpose,
    by reason. `expected_rows`, `expected_totals` and `expected_ranges` (least and greatest, by column) are the source's
    own control figures from the same snapshot; None or absent where the source gives none. `control` is all of them as
    text, kept as proof. `source_columns` are the source's columns with their types in full, `unread` those of them that
    are not read and should be known. `empty_because` says why the partition may be without rows, or is empty.
    `known_keys` are, for each column that the contract lets refer to another table, the keys which that table has.
    `costs` are what making the rows took (model calls, dollars), by name. `replayed` is None for rows off a source.
    """

    rows: pa.Table
    source_system: str = "lake"
    excluded: Mapping[str, int] = field(default_factory=dict)
    expected_rows: int | None = None
    expected_totals: Mapping[str, Decimal] = field(default_factory=dict)
    expected_ranges: Mapping[str, tuple[Extreme, Extreme]] = field(default_factory=dict)
    control: Mapping[str, str] = field(default_factory=dict)
    source_columns: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    empty_because: str = ""
    known_keys: Mapping[str, pa.ChunkedArray] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    replayed: Replayed | None = None

    @property
    def source_rows(self) -> int:
        """Rows that have to be accounted for."""
        if self.expected_rows is not None:
            return self.expected_rows
        earlier = self.replayed or Replayed()
        return int(self.rows.num_rows) + sum(self.excluded.values()) + len(earlier.lines) + earlier.duplicates

    def reasons_with(self, split: Split) -> dict[str, int]:
        """Rows set aside by reason, those that a replay leaves where they were included."""
        lines = self.replayed.lines if self.replayed else ()
        return dict(Counter(split.reasons) + count_reasons(lines))


def judge(table: Table, candidate: Candidate, split: Split) -> tuple[RuleResult, ...]:
    """Every table-level rule of one partition, critical ones first failing being enough to refuse it."""
    results = [_count_law(candidate, split), _bad_share(table, candidate, split), _not_empty(table, candidate)]
    if table.mode is Mode.QUARANTINE:
        results += _known_columns(table, candidate)
    results += [_control_total(name, total, candidate) for name, total in candidate.expected_totals.items()]
    for name, extremes in candidate.expected_ranges.items():
        results += _control_range(name, extremes, candidate.rows.column(name))
    results += [
        RuleResult(rule.name, Severity.WARN, broken == 0, broken, split.good.num_rows)
        for rule in table.row_rules
        if rule.severity is Severity.WARN
        for broken in [split.warnings.get(rule.name, 0)]
    ]
    results += _references(table, candidate, split.good)
    return (*results, *_table_rules(table, split.good), *_replayed(candidate))


def refused(rule: str, why: str) -> tuple[RuleResult, ...]:
    """The single result of a partition that never became a candidate."""
    return (RuleResult(rule, Severity.CRITICAL, passed=False, note=why),)


def _count_law(candidate: Candidate, split: Split) -> RuleResult:
    """Source rows = good + quarantined + duplicates + excluded: nothing lost, nothing doubled."""
    earlier = candidate.replayed or Replayed()
    judged = split.good.num_rows + split.quarantined.num_rows + split.duplicates
    counted = judged + sum(candidate.excluded.values()) + len(earlier.lines) + earlier.duplicates
    missing = candidate.source_rows - counted
    note = "" if not missing else f"the source has {candidate.source_rows:,} rows, {counted:,} are accounted for"
    return RuleResult(
        "count_law",
        Severity.CRITICAL,
        not missing,
        abs(missing),
        candidate.source_rows,
        counted,
        candidate.source_rows,
        note,
    )


def _bad_share(table: Table, candidate: Candidate, split: Split) -> RuleResult:
    rows = candidate.source_rows
    bad = split.quarantined.num_rows + (len(candidate.replayed.lines) if candidate.replayed else 0)
    share = bad / rows if rows else 0.0
    passed = share <= table.max_bad_share or bad <= table.few_bad_rows
    worst = sorted(candidate.reasons_with(split).items(), key=lambda item: (-item[1], item[0]))[:3]
    listed = ", ".join(f"{name} {count:,}" for name, count in worst)
    note = "" if passed else f"{bad:,} of {rows:,} rows are bad ({listed}); at most {table.max_bad_share:.0%} may be"
    return RuleResult("bad_share", Severity.CRITICAL, passed, bad, rows, share, table.max_bad_share, note)


def _not_empty(table: Table, candidate: Candidate) -> RuleResult:
    rows = candidate.source_rows
    passed = rows > 0 or table.allow_empty or bool(candidate.empty_because)
    note = candidate.empty_because if passed and not rows else "" if passed else _EMPTY
    return RuleResult("not_empty", Severity.CRITICAL, passed, checked_rows=rows, value=rows, note=note)


def _known_columns(table: Table, candidate: Candidate) -> list[RuleResult]:
    """Whether every column of the source is known; each one that is not is named by a result of its own as well."""
    unknown = dict.fromkeys(unknown_columns(table, candidate.rows), "")
    unknown |= {name: candidate.source_columns.get(name, "") for name in candidate.unread}
    listed = ", ".join(f"{name} ({kind})" if kind else name for name, kind in unknown.items())
    note = f"the source has {listed}; declare it in the contract to keep it, or ignore it in the mapping"
    summary = RuleResult(
        "known_columns", Severity.WARN, not unknown, value=len(unknown), threshold=0, note=note if unknown else ""
    )
    rows = candidate.source_rows
    lane = [
        RuleResult(f"unknown_column.{name}", Severity.WARN, passed=False, checked_rows=rows, note=kind)
        for name, kind in unknown.items()
    ]
    return [summary, *lane]


def _control_total(name: str, expected: Decimal, candidate: Candidate) -> RuleResult:
    """The source's own sum of a column against the sum of what arrived, to the cent."""
    total = Decimal(_numbers(candidate.rows.column(name)).sum() or 0)
    passed = abs(total - expected) <= _CENT
    note = "" if passed else f"the source says {expected}, {total} arrived"
    return RuleResult(
        f"control_total_{name}",
        Severity.CRITICAL,
        passed,
        0,
        candidate.rows.num_rows,
        float(total),
        float(expected),
        note,
    )


def _control_range(name: str, expected: tuple[Extreme, Extreme], column: pa.ChunkedArray) -> list[RuleResult]:
    """The source's own least and greatest value of a column against those that arrived: numbers to the cent."""
    are_numbers = isinstance(expected[0], Decimal)
    received = _numbers(column) if are_numbers else pl.Series(pl.from_arrow(column))
    pairs = {"min": (expected[0], received.min()), "max": (expected[1], received.max())}
    return [
        RuleResult(
            f"control_{bound}_{name}",
            Severity.CRITICAL,
            passed=_is_same(wanted, found),
            checked_rows=len(column),
            value=float(found) if isinstance(found, Decimal) else None,
            threshold=float(wanted) if isinstance(wanted, Decimal) else None,
            note="" if _is_same(wanted, found) else f"the source says {wanted!s}, {found!s} arrived",
        )
        for bound, (wanted, found) in pairs.items()
    ]


def _is_same(wanted: Extreme, found: object) -> bool:
    if isinstance(wanted, Decimal) and isinstance(found, Decimal):
        return abs(found - wanted) <= _CENT
    return found == wanted


def _numbers(column: pa.ChunkedArray) -> pl.Series:
    """A column as exact numbers; what is none becomes null. Databases read a number with spaces around it."""
    text = pl.Series(pl.from_arrow(column)).cast(pl.String).str.strip_chars()
    return text.cast(pl.Decimal(38, 6), strict=False)


def _references(table: Table, candidate: Candidate, good: pa.Table) -> list[RuleResult]:
    """Whether every key leads somewhere; without the keys to hold them against nothing is known, so nothing passes."""
    results = []
    for name, (column, reference) in table.references.items():
        keys = pl.DataFrame(pl.from_arrow(good.select([column.name]))).drop_nulls()
        known = candidate.known_keys.get(column.name, good.column(column.name).slice(0, 0))
        held = pl.DataFrame({column.name: pl.Series(pl.from_arrow(known))})
        lost = keys.filter(pl.col(column.name).ne_missing(reference.unknown)).join(held, on=column.name, how="anti")
        orphans = lost.height
        note = f"{orphans:,} rows refer to what {reference.table} does not hold; publish it, then this partition again"
        results.append(
            RuleResult(name, Severity.CRITICAL, not orphans, orphans, good.num_rows, note=note if orphans else "")
        )
    return results


def _replayed(candidate: Candidate) -> tuple[RuleResult, ...]:
    """Says that the rows came out of the lake, not off a source."""
    if candidate.replayed is None:
        return ()
    regained = candidate.replayed.regained
    note = f"{regained:,} rows out of the lane"
    return (RuleResult(REPLAYED, Severity.WARN, passed=True, value=regained, note=note),)


def _table_rules(table: Table, good: pa.Table) -> tuple[RuleResult, ...]:
    rules = table.table_rules
    if not rules or not good.num_rows:
        return ()
    looked_at = [(rule.expression, pl.lit(None) if rule.measure is None else rule.measure) for rule in rules]
    needed = sorted({name for pair in looked_at for expression in pair for name in expression.meta.root_names()})
    frame = pl.DataFrame(pl.from_arrow(good.select(needed)))
    holds = frame.select(held.fill_null(value=True).alias(str(n)) for n, (held, _) in enumerate(looked_at)).row(0)
    found = frame.select(measure.cast(pl.Float64).alias(str(n)) for n, (_, measure) in enumerate(looked_at)).row(0)
    return tuple(
        RuleResult(
            rule.name,
            rule.severity,
            bool(held),
            checked_rows=good.num_rows,
            # Sums of floats depend on the order of rows, which must not make another verdict.
            value=None if value is None else round(value, 6),
            note=rule.doc,
        )
        for rule, held, value in zip(rules, holds, found, strict=True)
    )
