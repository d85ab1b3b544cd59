"""What became of a source's columns since the lake last accepted a day of it. Looks at no row and at no contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from pricing_lake.contracts.model import Severity
from pricing_lake.errors import SourceSchemaError
from pricing_lake.lake.verdicts import RuleResult, Verdict, VerdictStore

RULE = "source_schema"
LOOKED_AT = 50
"""How many verdicts are looked at for the columns of the last accepted day; a listing on S3 is cheap, reads are not."""

Columns = Mapping[str, str]
"""A source's columns with their types in full."""


@dataclass
class SourceSchema:
    """The columns of one table's source as one publish met them first; see `docs/smartgo.md` for the outcomes."""

    verdicts: VerdictStore
    table_id: str

    def judge(self, columns: Columns, standing: Verdict | None) -> tuple[RuleResult, ...]:
        """A warning that names what changed, since the newest day that was accepted of any partition.

        A day that is read again with the columns of its standing verdict is judged as it was: the warning stays with
        the day that brought the change. A source without a catalog is not judged.
        """
        if not columns:
            return ()
        if standing and standing.source_columns == columns:
            return tuple(result for result in standing.results if result.rule == RULE)
        changes = changes_between(self.accepted, columns) if self.accepted else []
        return (RuleResult(RULE, Severity.WARN, not changes, value=len(changes), threshold=0, note="; ".join(changes)),)

    def refuse(self, error: SourceSchemaError) -> tuple[RuleResult, ...]:
        """The result of a day whose source lacks what the contract needs, with the likely new name of each column."""
        note = "; ".join((str(error), *self._renamed(error)))
        return (RuleResult(RULE, Severity.CRITICAL, passed=False, value=len(error.missing) or None, note=note),)

    @cached_property
    def accepted(self) -> Columns:
        """The columns of the newest passing verdict that knows any, as it was before this publish."""
        for verdict in islice(self.verdicts.newest_first(self.table_id), LOOKED_AT):
            if verdict.passed and verdict.source_columns:
                return verdict.source_columns
        return {}

    def _renamed(self, error: SourceSchemaError) -> list[str]:
        """For each missing column, the columns that are new and have its type."""
        before = {name.casefold(): kind for name, kind in self.accepted.items()}
        new = {name: kind for name, kind in error.columns.items() if name.casefold() not in before}
        found = {
            name: [other for other, kind in new.items() if kind == before.get(name.casefold())]
            for name in error.missing
        }
        return [f"{name} may now be called {' or '.join(others)}" for name, others in found.items() if others]


def changes_between(before: Columns, now: Columns) -> list[str]:
    """Columns that came, went or have another type, one line each."""
    came = [f"{name} came ({kind})" if kind else f"{name} came" for name, kind in now.items() if name not in before]
    went = [f"{name} went" for name in before if name not in now]
    retyped = [
        f"{name} is {kind}, it was {before[name]}"
        for name, kind in now.items()
        if name in before and before[name] != kind
    ]
    return [*came, *went, *retyped]
