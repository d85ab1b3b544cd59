"""The table-level judgement of a candidate partition: what must hold before any of it is published. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.cast import unknown_columns
from pricing_lake.contracts.model import Mode, Severity, Table
from pricing_lake.contracts.split import Split
from pricing_lake.lake.verdicts import RuleResult

_CENT = Decimal("0.005")


@dataclass(frozen=True)
class Candidate:
    """Rows that want to become one partition.

    `rows` are as received (contract columns by name, any readable type). `excluded` counts rows left out on purpose,
    by reason. `expected_rows` and `expected_totals` (by column) are the source's own control figures from the same
    snapshot; None or absent where the source gives none.
    """

    rows: pa.Table
    source_system: str = "lake"
    excluded: Mapping[str, int] = field(default_factory=dict)
    expected_rows: int | None = None
    expected_totals: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def source_rows(self) -> int:
        """Rows that have to be accounted for."""
        if self.expected_rows is not None:
            return self.expected_rows
        return int(self.rows.num_rows) + sum(self.excluded.values())


def judge(table: Table, candidate: Candidate, split: Split) -> tuple[RuleResult, ...]:
    """Every table-level rule of one partition, critical ones first failing being enough to refuse it."""
    rows = candidate.source_rows
    results = [_count_law(candidate, split), _bad_share(table, rows, split), _not_empty(table, rows)]
    if table.mode is Mode.QUARANTINE:
        results.append(_known_columns(table, candidate))
    results += [_control_total(name, total, candidate) for name, total in candidate.expected_totals.items()]
    results += [
        RuleResult(rule.name, Severity.WARN, broken == 0, broken, split.good.num_rows)
        for rule in table.row_rules
        if rule.severity is Severity.WARN
        for broken in [split.warnings.get(rule.name, 0)]
    ]
    return (*results, *_table_rules(table, split.good))


def refused(rule: str, why: str) -> tuple[RuleResult, ...]:
    """The single result of a partition that never became a candidate."""
    return (RuleResult(rule, Severity.CRITICAL, passed=False, note=why),)


def _count_law(candidate: Candidate, split: Split) -> RuleResult:
    """Source rows = good + quarantined + duplicates + excluded: nothing lost, nothing doubled."""
    excluded = sum(candidate.excluded.values())
    counted = split.good.num_rows + split.quarantined.num_rows + split.duplicates + excluded
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


def _bad_share(table: Table, rows: int, split: Split) -> RuleResult:
    bad = split.quarantined.num_rows
    share = bad / rows if rows else 0.0
    passed = share <= table.max_bad_share or bad <= table.few_bad_rows
    worst = sorted(split.reasons.items(), key=lambda item: (-item[1], item[0]))[:3]
    listed = ", ".join(f"{name} {count:,}" for name, count in worst)
    note = "" if passed else f"{bad:,} of {rows:,} rows are bad ({listed}); at most {table.max_bad_share:.0%} may be"
    return RuleResult("bad_share", Severity.CRITICAL, passed, bad, rows, share, table.max_bad_share, note)


def _not_empty(table: Table, rows: int) -> RuleResult:
    passed = rows > 0 or table.allow_empty
    note = "" if passed else "no rows: an outage, or a day the source has not filled yet"
    return RuleResult("not_empty", Severity.CRITICAL, passed, checked_rows=rows, value=rows, note=note)


def _known_columns(table: Table, candidate: Candidate) -> RuleResult:
    unknown = unknown_columns(table, candidate.rows)
    note = f"the source sends {', '.join(unknown)}; declare it in the contract to keep it" if unknown else ""
    return RuleResult("known_columns", Severity.WARN, not unknown, value=len(unknown), threshold=0, note=note)


def _control_total(name: str, expected: Decimal, candidate: Candidate) -> RuleResult:
    """The source's own sum of a column against the sum of what arrived, to the cent."""
    received = (
        pl.Series(pl.from_arrow(candidate.rows.column(name))).cast(pl.String).cast(pl.Decimal(38, 6), strict=False)
    )
    total = Decimal(received.sum() or 0)
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


def _table_rules(table: Table, good: pa.Table) -> tuple[RuleResult, ...]:
    rules = table.table_rules
    if not rules or not good.num_rows:
        return ()
    needed = sorted({name for rule in rules for name in rule.expression.meta.root_names()})
    frame = pl.DataFrame(pl.from_arrow(good.select(needed)))
    holds = frame.select(rule.expression.fill_null(value=True).alias(rule.name) for rule in rules).row(0, named=True)
    return tuple(
        RuleResult(rule.name, rule.severity, bool(holds[rule.name]), 0, good.num_rows, note=rule.doc) for rule in rules
    )
