"""Quality tables: what every publish decided and which rows it set aside, loaded from the JSON proofs of a day."""

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Pii, Retention, Table
from pricing_lake.contracts.types import BOOLEAN, DOUBLE, INSTANT, LONG, TEXT, TEXT_LIST

TABLE_ID = Column("table_id", TEXT, "The judged table, `layer/name`.", required=True)
VERDICT_BATCH_ID = Column("batch_id", TEXT, "UUID of the publish that was judged.", required=True)
RUN_ID = Column("run_id", TEXT, "Dagster run that published.", required=True)

QUALITY_RESULTS = Table(
    layer=Layer.QUALITY,
    name="quality_results",
    grain="One row per table, day and rule or figure of the latest publish of that day.",
    owner=Owner.QUALITY,
    key=("table_id", "day", "rule"),
    window="day",
    partition_by=(Partition("day", "month"),),
    columns=(
        c.DAY,
        TABLE_ID,
        Column("rule", TEXT, "Rule that was judged, or the figure's name.", required=True),
        Column("kind", TEXT, "rule, reason or figure.", required=True),
        Column("severity", TEXT, "critical or warn; null for a figure."),
        Column("passed", BOOLEAN, "Whether the rule held; null for a figure."),
        Column("failed_rows", LONG, "Rows that broke the rule."),
        Column("checked_rows", LONG, "Rows the rule looked at."),
        Column("value", DOUBLE, "What was measured."),
        Column("threshold", DOUBLE, "What it was measured against; null when the rule has none."),
        VERDICT_BATCH_ID,
        RUN_ID,
        Column("contract_version", LONG, "Version of the table's contract.", required=True),
        Column("evaluated_at", INSTANT, "When the verdict was written.", required=True),
    ),
)

QUARANTINED_ROWS = Table(
    layer=Layer.QUALITY,
    name="quarantined_rows",
    grain="One row per row that a publish of the day set aside.",
    owner=Owner.QUALITY,
    key=("table_id", "day", "row_number"),
    window="day",
    partition_by=(Partition("day", "month"),),
    allow_empty=True,
    retention=Retention(days=90),
    columns=(
        c.DAY,
        TABLE_ID,
        Column("row_number", LONG, "Position in the lane of that table and day, from 1.", required=True),
        Column("tenant_id", TEXT, "The shop, as received; it may be the very thing that is malformed."),
        Column("row_key", TEXT, "The row's key as received, parts joined by `|`.", pii=Pii.PSEUDONYM),
        Column("reasons", TEXT_LIST, "Every rule the row broke, by name.", required=True),
        Column("raw_row", TEXT, "The row as received, as JSON: a replay can start from it.", pii=Pii.DIRECT),
        VERDICT_BATCH_ID,
        RUN_ID,
    ),
)

QUALITY = (QUALITY_RESULTS, QUARANTINED_ROWS)
