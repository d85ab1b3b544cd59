"""Is yesterday there? The day's verdict and the table itself must both say so."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from pricing_lake.aws.findings import Finding, fail, ok
from pricing_lake.contracts.model import Table
from pricing_lake.errors import PricingLakeError

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake

KIND = "freshness"


def verify_freshness(open_lake: Callable[[], "Lake"], table: Table, day: date) -> Iterator[Finding]:
    """Whether `day` of the table is published; a refused or half-run day is told with its reason."""
    from pricing_lake.lake.reader import PublishedPartitions
    from pricing_lake.lake.window import PartitionWindow

    label = f"{table.id} {day}"
    mend = f"pricing-lake materialize --from {day} --to {day}, and see that the schedule is on"
    try:
        lake = open_lake()
        if not lake.exists(table):
            yield fail(KIND, label, "the table does not exist", "pricing-lake ensure makes it")
            return
        window = PartitionWindow.of_day(day)
        verdict = PublishedPartitions(lake, table, [window]).require(window)
    except (PricingLakeError, OSError) as error:
        yield fail(KIND, label, " ".join(str(error).split())[:300], mend)
        return
    yield ok(KIND, label, f"{verdict.good_rows:,} rows, published {verdict.evaluated_at:%Y-%m-%d %H:%M} UTC")
