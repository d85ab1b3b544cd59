"""What keeps feeds going between the days: the order topic every 30 s, change feeds every quarter of an hour.

All of it starts switched off. Days that a feed changed after others had read them are run again here too.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from pricing_lake.contracts.bronze_customers import (
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import CUSTOMERS, SALESFORCE_ACCOUNTS, SALESFORCE_LEADS

SECONDS_BETWEEN_BATCHES = 30
READERS: tuple[tuple[Table, Table], ...] = (
    (RAW_ORDERS_STREAM, ORDERS),
    (RAW_SNOWFLAKE_CUSTOMERS, CUSTOMERS),
    (RAW_SALESFORCE_ACCOUNTS, SALESFORCE_ACCOUNTS),
    (RAW_SALESFORCE_LEADS, SALESFORCE_LEADS),
)
"""Per feed the table whose days are to be made again when the feed's days grow."""
LOOK_BACK = timedelta(days=31)
_COLLECT_ORDERS = f"collect_{RAW_ORDERS_STREAM.name}"
_RUNNING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


@dg.sensor(
    job_name=_COLLECT_ORDERS,
    minimum_interval_seconds=SECONDS_BETWEEN_BATCHES,
    required_resource_keys={"lake", "orders_stream"},
    description="Requests a run when the order topic holds messages that the table does not.",
)
def orders_stream_every_30_s(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Ask the brokers for their watermarks alone. A gap or another cluster fails the tick, as loudly as a run would."""
    from pricing_lake.lake.watermark import stamp_of  # here, so that loading the graph stays quick
    from pricing_lake.sources.orders_stream_offsets import Offsets

    resource = context.resources.orders_stream
    if not resource.is_configured:
        return dg.SkipReason("ORDERS_KAFKA_BOOTSTRAP is not set")
    if context.instance.get_runs(dg.RunsFilter(job_name=_COLLECT_ORDERS, statuses=_RUNNING), limit=1):
        return dg.SkipReason("a batch is under way")
    lake = context.resources.lake.open()
    stamp = stamp_of(lake.table(RAW_ORDERS_STREAM)) if lake.exists(RAW_ORDERS_STREAM) else None
    with resource.stream() as stream:
        lag = stream.lag(None if stamp is None else Offsets.from_json(stamp))
    if not any(lag.values()):
        return dg.SkipReason("every message of the topic is in the table")
    # New messages make a new key: a batch that failed is asked for again when there is more, not in a loop.
    evidence = json.dumps([stamp, sorted(lag.items())])
    return dg.RunRequest(run_key=hashlib.sha256(evidence.encode()).hexdigest()[:16])


@dg.sensor(
    job_name="daily",
    minimum_interval_seconds=300,
    required_resource_keys={"lake"},
    description="Runs the days again that a feed changed after its readers had read them.",
)
def days_that_grew(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Compare when a feed's day was last settled with when its reader last read it."""
    from pricing_lake.lake.verdicts import VerdictStore  # here, so that loading the graph stays quick

    verdicts = VerdictStore(context.resources.lake.open().proofs)
    today = datetime.now(UTC).date()
    days = [(today - timedelta(days=back)).isoformat() for back in range(1, LOOK_BACK.days + 1)]
    grown: dict[str, list[str]] = {}
    for feed, reader in READERS:
        settled, read = verdicts.latest(feed.id, days), verdicts.latest(reader.id, days)
        for day in sorted(settled.keys() & read.keys()):
            if settled[day].evaluated_at > read[day].evaluated_at:
                grown.setdefault(day, []).append(settled[day].batch_id)
    for day, batches in grown.items():
        yield dg.RunRequest(run_key=f"{day} {' '.join(batches)}", partition_key=day)
    if not grown:
        yield dg.SkipReason("no day grew after it was read")


def _change_feed(table: Table) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{table.name}_every_quarter_hour",
        job_name=f"collect_{table.name}",
        cron_schedule="*/15 * * * *",
        execution_timezone="UTC",
        description=f"Catches {table.id} up with its source during the day.",
    )


change_feed_schedules = [_change_feed(table) for table, _ in READERS if table is not RAW_ORDERS_STREAM]
feed_sensors = [orders_stream_every_30_s, days_that_grew]
