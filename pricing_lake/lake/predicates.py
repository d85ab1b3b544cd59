"""Partition windows as Iceberg predicates. Apart from `window` because loading pyiceberg's expressions is slow."""

from collections.abc import Sequence

from pyiceberg.expressions import And, BooleanExpression, GreaterThanOrEqual, LessThan, Or

from pricing_lake.contracts.model import Table
from pricing_lake.lake.window import PartitionWindow


def window_predicate(table: Table, window: PartitionWindow) -> BooleanExpression:
    """Iceberg predicate that is true for exactly the rows of this partition."""
    low, high = (str(bound.as_py().isoformat()) for bound in window.bounds(table))
    # pydantic hides the real constructors of expressions from mypy
    from_low = GreaterThanOrEqual(table.window, low)  # type: ignore[call-arg, arg-type]
    return And(from_low, LessThan(table.window, high))  # type: ignore[call-arg, arg-type]


def covering_predicate(table: Table, windows: Sequence[PartitionWindow]) -> BooleanExpression:
    """Predicate of all `windows` together; neighbours are joined so that a range costs one comparison."""
    stretches: list[PartitionWindow] = []
    for window in sorted(windows):
        if stretches and stretches[-1].end == window.start:
            stretches[-1] = PartitionWindow(stretches[-1].start, window.end, stretches[-1].key)
        else:
            stretches.append(window)
    predicates = [window_predicate(table, stretch) for stretch in stretches]
    return predicates[0] if len(predicates) == 1 else Or(*predicates)
