"""The lake's tables by contract and its files by key. Creates what is missing; changes nothing that exists."""

from dataclasses import dataclass, field
from functools import cached_property

from pyarrow import fs
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.as_iceberg import iceberg_partition_spec, iceberg_properties, iceberg_schema
from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.model import Table
from pricing_lake.errors import ContractError
from pricing_lake.lake.quarantine import Masking


@dataclass(frozen=True)
class Lake:
    """An Iceberg namespace and the folder beside it where proofs (verdicts, error lanes) lie.

    `embedding_encoding` is the Parquet encoding of vectors; PLAIN is for readers that lack BYTE_STREAM_SPLIT.
    `files` holds what `proofs_uri` names where the URI alone does not lead to it, e.g. S3 behind another endpoint.
    `masking` takes personal data out of error lanes; without it they hold rows as received.
    """

    catalog: Catalog
    namespace: str
    proofs_uri: str
    embedding_encoding: str = "BYTE_STREAM_SPLIT"
    files: fs.FileSystem | None = None
    masking: Masking | None = None
    _checked: set[str] = field(default_factory=set, repr=False, compare=False)

    @cached_property
    def proofs(self) -> fs.FileSystem:
        """File system rooted where verdicts and error lanes lie."""
        if self.files is None:
            system, root = fs.FileSystem.from_uri(self.proofs_uri)
        else:
            system, root = self.files, self.proofs_uri.partition("://")[2]
        system.create_dir(root, recursive=True)
        return fs.SubTreeFileSystem(root, system)

    def identifier(self, contract: Table) -> str:
        """Full name of the contract's table in the catalog."""
        return f"{self.namespace}.{contract.name}"

    def exists(self, contract: Table) -> bool:
        """Whether the table has been created."""
        return self.catalog.table_exists(self.identifier(contract))

    def table(self, contract: Table) -> IcebergTable:
        """The contract's table, freshly loaded; created on first use.

        Raises ContractError when the stored columns differ from the contract's.
        """
        try:
            table = self.catalog.load_table(self.identifier(contract))
        except NoSuchTableError:
            table = self._create(contract)
        if contract.id not in self._checked:
            _check_columns(contract, table)
            self._checked.add(contract.id)
        return table

    def _create(self, contract: Table) -> IcebergTable:
        self.catalog.create_namespace_if_not_exists(self.namespace)
        try:
            return self.catalog.create_table(
                self.identifier(contract),
                schema=iceberg_schema(contract),
                partition_spec=iceberg_partition_spec(contract),
                properties=iceberg_properties(contract),
            )
        except TableAlreadyExistsError:
            return self.catalog.load_table(self.identifier(contract))


def _check_columns(contract: Table, table: IcebergTable) -> None:
    """A table that has drifted is refused before anything is read from or written to it."""
    declared = {
        column.name: str(iceberg_schema(contract).find_field(column.name).field_type)
        for column in stored_columns(contract)
    }
    stored = {item.name: str(item.field_type) for item in table.schema().fields}
    if _plain(declared) != _plain(stored):
        differs = sorted(
            name for name in declared.keys() | stored.keys() if _plain(declared).get(name) != _plain(stored).get(name)
        )
        raise ContractError(f"{contract.id}: table differs from its contract in {', '.join(differs)}; evolve it first")


def _plain(types: dict[str, str]) -> dict[str, str]:
    return {name: text.lower() for name, text in types.items()}
