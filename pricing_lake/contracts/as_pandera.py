"""A contract as a `pandera.polars` schema, built from the very expressions that drive the quarantine split.

Never log or attach pandera's failure cases: they hold whole rows, hence personal data.
"""

from typing import TYPE_CHECKING

import polars as pl

from pricing_lake.contracts.model import Rule, Table

if TYPE_CHECKING:
    from pandera.polars import Check, DataFrameSchema, PolarsData


def pandera_schema(table: Table) -> "DataFrameSchema":
    """Schema of the table's own columns; row rules are frame-wide checks named like the rule.

    pandera is imported here because it costs a second, which loading the code location must not pay.
    """
    import pandera.polars as pandera

    return pandera.DataFrameSchema(
        columns={
            column.name: pandera.Column(column.type.polars, nullable=not column.required, required=True)
            for column in table.columns
        },
        checks=[_check(rule) for rule in table.row_rules],
        strict=True,
        name=table.name,
        description=table.grain,
    )


def _check(rule: Rule) -> "Check":
    import pandera.polars as pandera

    def holds(data: "PolarsData") -> pl.LazyFrame:
        return data.lazyframe.select(rule.expression.fill_null(True))

    return pandera.Check(holds, name=rule.name, error=rule.name, description=rule.doc)
