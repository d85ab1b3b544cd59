"""Registers every contract's table through the Iceberg catalog, and sets right what a commit of properties can.

Glue's UpdateTable is never called from here: a row written without its version id loses a writer's commit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.ensure_database import database_of
from pricing_lake.aws.explain import explained
from pricing_lake.aws.findings import Step, fail, ok, to_make, to_mend
from pricing_lake.aws.names import AwsNames
from pricing_lake.aws.table_drift import glue_rows, not_iceberg, table_drift
from pricing_lake.contracts.as_iceberg import iceberg_properties
from pricing_lake.contracts.model import Table
from pricing_lake.errors import CommitConflictError, ConfigurationError

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable

    from pricing_lake.lake.catalog import Lake

KIND = "table"
REGISTERED = "pricing-lake.registered-at"
RESTORE = (
    "put the last good version back: aws glue get-table-versions shows them, pricing-lake verify says when it is right"
)
EVOLVE = "evolve the table through Iceberg (never through Glue), or correct the contract"


def ensure_tables(
    account: Account, names: AwsNames, tables: Sequence[Table], open_lake: Callable[[], "Lake"]
) -> Iterator[Step]:
    """Each table in flow order; the lake is opened when the first one needs it."""
    rows: Mapping[str, Any] = {}
    if database_of(account, names) is not None:
        with explained("glue", account.region):
            rows = glue_rows(account.client("glue"), names.database)
    for contract in tables:
        row = rows.get(contract.name)
        if row is None:
            yield to_make(KIND, contract.id, "from its contract", partial(_make, open_lake, contract, account.region))
        else:
            yield _standing(account, contract, row, open_lake)


def _make(open_lake: Callable[[], "Lake"], contract: Table, region: str) -> None:
    with explained("glue", region):
        try:
            open_lake().table(contract)
        except OSError as error:
            raise ConfigurationError(
                f"{contract.id}: its files cannot be written ({type(error).__name__}); check the role's rights on the "
                "bucket, then run ensure again"
            ) from error


def _standing(account: Account, contract: Table, row: Mapping[str, Any], open_lake: Callable[[], "Lake"]) -> Step:
    """A table that is there: well, to be mended, or beyond what is safe."""
    loaded = load_registered(account, contract, row, open_lake)
    if isinstance(loaded, str):
        return fail(KIND, contract.id, loaded, RESTORE)
    drift = table_drift(contract, row, loaded)
    grave = [each.what for each in drift if not each.mendable]
    if grave:
        return fail(KIND, contract.id, "; ".join(grave), EVOLVE)
    if drift:
        return to_mend(KIND, contract.id, "; ".join(each.what for each in drift), partial(_mend, loaded, contract))
    return ok(KIND, contract.id, "as its contract says, in Glue and in Iceberg")


def load_registered(
    account: Account, contract: Table, row: Mapping[str, Any], open_lake: Callable[[], "Lake"]
) -> "IcebergTable | str":
    """The Iceberg table behind a Glue row, or in words why there is none."""
    from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchTableError

    wrong = not_iceberg(row)
    if wrong:
        return wrong
    lake = open_lake()
    with explained("glue", account.region):
        try:
            return lake.catalog.load_table(lake.identifier(contract))
        except (NoSuchIcebergTableError, NoSuchTableError):
            return "its Glue row is no Iceberg table"
        except (OSError, KeyError) as error:
            return f"its metadata file cannot be read ({type(error).__name__})"


def _mend(table: "IcebergTable", contract: Table) -> None:
    """One commit through the catalog: it checks Glue's version id and writes the row's columns from the schema."""
    from pyiceberg.exceptions import CommitFailedException

    properties = {name: value for name, value in iceberg_properties(contract).items() if name != "format-version"}
    try:
        with table.transaction() as change:
            change.set_properties({**properties, REGISTERED: datetime.now(UTC).isoformat(timespec="seconds")})
    except CommitFailedException as error:
        raise CommitConflictError(f"{contract.id}: another writer was faster; run ensure again") from error
