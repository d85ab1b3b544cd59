"""Which pages a data engineer opens about a refused day, as text and as pictures in `build/screenshots`."""

from dataclasses import dataclass

from pricing_lake.contracts.model import Layer
from pricing_lake_tests.services.bad_day_story import SALES
from pricing_lake_tests.services.browser import DagsterPages
from pricing_lake_tests.services.small_shop import BAD_DAY, GOOD_DAYS


@dataclass(frozen=True)
class PagesOfBadDay:
    """Visible text of each page."""

    gate: str
    rules: str
    partitions: str
    asset: str
    graph: str


def look_at_bad_day(pages: DagsterPages) -> PagesOfBadDay:
    """Open the pages one after another, the verdicts first."""
    gate = pages.verdicts("gate", SALES, "gate", BAD_DAY, awaited=f"Passed ({len(GOOD_DAYS)})")
    return PagesOfBadDay(
        gate=gate,
        rules=pages.rules("rules"),
        partitions=pages.partitions("partitions", SALES, GOOD_DAYS[0], awaited="source_rows"),
        asset=pages.asset("asset", SALES, awaited="tenant_id"),
        graph=pages.graph("graph", [Layer.BRONZE], awaited="1 failed"),
    )
