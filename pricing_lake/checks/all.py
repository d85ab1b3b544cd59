"""Every check that is written by hand, on one calendar. What a contract says of its own table is checked elsewhere."""

from collections.abc import Iterable, Sequence

import dagster as dg

from pricing_lake.checks.anomalies import anomaly_checks
from pricing_lake.checks.freshness import fx_rates_freshness
from pricing_lake.checks.gold_freshness import WATCHED, gold_freshness
from pricing_lake.checks.references import reference_checks
from pricing_lake.contracts.model import Table
from pricing_lake.partitions import Calendar


def checks_on(calendar: Calendar, reads: Iterable[tuple[Table, Sequence[Table]]]) -> list[dg.AssetChecksDefinition]:
    """All of them. `reads` names every table of the lake with the tables it is made of."""
    watched = {table.id for table in WATCHED}
    return [
        fx_rates_freshness(calendar),
        *anomaly_checks(calendar),
        *reference_checks(calendar),
        gold_freshness(calendar, [(table, made_of) for table, made_of in reads if table.id in watched]),
    ]
