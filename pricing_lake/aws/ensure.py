"""Everything a stage needs on AWS, in the order in which one thing stands on another."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pricing_lake.aws.account import Account
from pricing_lake.aws.bucket import Bucket
from pricing_lake.aws.ensure_alarms import ensure_alarms, ensure_dashboard
from pricing_lake.aws.ensure_bucket import ensure_bucket
from pricing_lake.aws.ensure_database import ensure_database
from pricing_lake.aws.ensure_named_queries import NamedQuery, ensure_named_queries
from pricing_lake.aws.ensure_parameter import look_at_parameter
from pricing_lake.aws.ensure_progress_table import ensure_progress_table
from pricing_lake.aws.ensure_tables import ensure_tables
from pricing_lake.aws.ensure_workgroup import ensure_workgroup
from pricing_lake.aws.findings import Step
from pricing_lake.aws.names import AwsNames
from pricing_lake.contracts.model import Table

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake

Steps = Iterable[Step]


@dataclass(frozen=True)
class Wanted:
    """What a stage is to have. `govern` yields the steps of governance, once the tables stand."""

    names: AwsNames
    tables: Sequence[Table]
    queries: Sequence[NamedQuery]
    scan_limit_gb: int
    open_lake: Callable[[], "Lake"]
    read_parameter: Callable[[str], object] | None
    govern: Callable[[], Steps] = tuple


def ensure_steps(account: Account, wanted: Wanted) -> Iterator[tuple[str, Steps]]:
    """Kinds of things with their steps; a step is to be applied before the next one is asked for.

    Raises ConfigurationError (credentials, region, a name that is taken, a right that is missing) and
    SourceUnavailableError, one line each.
    """
    names = wanted.names
    yield "bucket", ensure_bucket(Bucket(account, names))
    yield "database", ensure_database(account, names)
    yield "tables", ensure_tables(account, names, wanted.tables, wanted.open_lake)
    yield "governance", wanted.govern()
    yield "progress table", ensure_progress_table(account, names)
    yield "parameter", look_at_parameter(names, wanted.read_parameter)
    yield "workgroup", ensure_workgroup(account, names, wanted.scan_limit_gb)
    yield "named queries", ensure_named_queries(account, names, wanted.queries)
    yield "alarms", ensure_alarms(account, names, wanted.scan_limit_gb)
    yield "dashboard", ensure_dashboard(account, names)
