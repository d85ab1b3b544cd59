"""Yesterday's contract: a rule that judged otherwise for a while, so that a lane is older than its contract."""

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from pricing_lake.contracts.model import Table


@contextmanager
def judged_by(table: Table, rule_name: str, expression: pl.Expr) -> Iterator[None]:
    """Within the block `rule_name` of `table` is `expression`, for everybody who holds the contract."""
    rule = next(rule for rule in table.all_rules if rule.name == rule_name)
    today = rule.expression
    object.__setattr__(rule, "expression", expression)
    try:
        yield
    finally:
        object.__setattr__(rule, "expression", today)
