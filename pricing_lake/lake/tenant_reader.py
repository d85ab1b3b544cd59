"""Reading one tenant and nothing else: rows of others are never returned, and files of others are never opened."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, EqualTo
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.as_arrow import arrow_schema
from pricing_lake.contracts.columns import TENANT_ID
from pricing_lake.contracts.model import Table
from pricing_lake.errors import ConfigurationError, ContractError
from pricing_lake.lake.catalog import Lake


@dataclass(frozen=True)
class TenantReader:
    """A lake as one tenant may see it. Raises ConfigurationError without a tenant."""

    lake: Lake
    tenant: str

    def __post_init__(self) -> None:
        if not self.tenant:
            raise ConfigurationError("a reader of one tenant needs the tenant's id")

    def read(
        self, contract: Table, columns: Sequence[str] | None = None, where: BooleanExpression | None = None
    ) -> pa.Table:
        """The tenant's rows, own columns only unless `columns` are named; `where` narrows them further.

        Where the table is partitioned by tenant, only their files are planned, so nothing else is opened. Raises
        ConfigurationError for a table whose rows are of no tenant, ContractError should a row of another come through.
        """
        if TENANT_ID.name not in contract.names:
            raise ConfigurationError(f"{contract.id} has no {TENANT_ID.name}: its rows are of no tenant")
        names = tuple(columns or contract.names)
        asked = tuple(dict.fromkeys((*names, TENANT_ID.name)))
        table = self.lake.table(contract)
        own: BooleanExpression = EqualTo(TENANT_ID.name, self.tenant)  # type: ignore[call-arg, arg-type]
        predicate = And(own, where or AlwaysTrue())
        tasks = list(table.scan(row_filter=predicate, selected_fields=asked).plan_files())
        self._require_own(table, contract, tasks)
        scan = ArrowScan(table.metadata, table.io, table.schema().select(*asked), predicate, case_sensitive=True)
        rows = scan.to_table(tasks)
        if rows.num_rows and pc.any(pc.not_equal(rows.column(TENANT_ID.name), self.tenant)).as_py():
            raise ContractError(f"{contract.id}: rows of another tenant came through; nothing is returned")
        return rows.select(list(names)).cast(pa.schema([arrow_schema(contract).field(name) for name in names]))

    def _require_own(self, table: IcebergTable, contract: Table, tasks: Sequence[FileScanTask]) -> None:
        """By Iceberg's own metadata, before a file is opened."""
        for number, field in enumerate(table.spec().fields):
            if field.name != TENANT_ID.name and str(field.transform) != "identity":
                continue
            if table.schema().find_column_name(field.source_id) != TENANT_ID.name:
                continue
            others = [task for task in tasks if task.file.partition[number] != self.tenant]
            if others:
                raise ContractError(f"{contract.id}: files of other tenants are in the plan; none is read")
