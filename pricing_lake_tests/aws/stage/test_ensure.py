"""`ensure` on an empty account and on one that somebody touched: what is stored afterwards, and what is said."""

import json
from typing import Any

import pytest

from pricing_lake.aws.ensure import ensure_steps
from pricing_lake.aws.findings import Change, Finding, State
from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.as_glue import glue_columns
from pricing_lake.contracts.quality import QUARANTINED_ROWS
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.queries.saved import saved_queries
from pricing_lake_tests.aws.stage.conftest import Dev
from pricing_lake_tests.lake.conftest import day, sales


def ensured(dev: Dev, *tables: Any) -> dict[tuple[str, str], Finding]:
    """Everything applied; findings by kind and name."""
    found = [
        step.applied() if isinstance(step, Change) else step
        for _, steps in ensure_steps(dev.account, dev.wanted(*tables))
        for step in steps
    ]
    return {(finding.kind, finding.name): finding for finding in found}


def test_an_empty_account_gets_everything_and_a_second_run_has_nothing_to_do(dev: Dev) -> None:
    planned = dev.type("ensure", "--stage", "dev", "--dry-run", "--json")
    assert planned.exit_code == 1, planned.stderr
    assert {finding["state"] for finding in json.loads(planned.stdout)} == {"ok", "to make"}
    assert dev.client("s3").list_buckets()["Buckets"] == []

    first = dev.type("ensure", "--stage", "dev", "--json")
    assert first.exit_code == 0, first.stderr
    made = [finding["name"] for finding in json.loads(first.stdout) if finding["state"] == "made"]
    assert [finding["name"] for finding in json.loads(planned.stdout) if finding["state"] == "to make"] == made
    rows = dev.client("glue").get_tables(DatabaseName=dev.names.database)["TableList"]
    columns = {row["Name"]: [(c["Name"], c["Type"]) for c in row["StorageDescriptor"]["Columns"]] for row in rows}
    assert columns == {table.name: [(each.name, each.type) for each in glue_columns(table)] for table in TABLES}
    assert {query["Name"] for query in dev.athena.named.values()} == set(saved_queries())

    second = dev.type("ensure", "--stage", "dev")
    assert second.exit_code == 0
    assert second.stdout.startswith("nothing to do: ")
    assert "account 123456789012" in second.stderr


def test_the_bucket_is_closed_encrypted_and_keeps_what_is_deleted(dev: Dev) -> None:
    ensured(dev)
    s3, bucket = dev.client("s3"), {"Bucket": dev.names.bucket}
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    rule = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    rules = {each["ID"]: each for each in s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]}
    assert rules["pricing-lake-query-results"]["Filter"]["Prefix"] == "pricing-intelligence/athena-results/"
    assert {each["Filter"]["Prefix"].split("/")[0] for each in rules.values()} == {"pricing-intelligence"}
    assert all("Expiration" not in rules[f"pricing-lake-{name}"] for name in ("old-versions", "unfinished-uploads"))


def test_what_was_opened_is_closed_again_and_rules_of_others_stay(dev: Dev) -> None:
    ensured(dev)
    s3, bucket = dev.client("s3"), {"Bucket": dev.names.bucket}
    s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_public_access_block(**bucket)
    theirs = {"ID": "theirs", "Filter": {"Prefix": "reports/"}, "Status": "Enabled", "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration={"Rules": [theirs]})
    found = ensured(dev)
    mended = {name for (kind, name), finding in found.items() if finding.state is State.MENDED and kind == "bucket"}
    assert mended == {f"{dev.names.bucket} {what}" for what in ("versioning", "public access", "lifecycle")}
    rules = [rule["ID"] for rule in s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]]
    assert "theirs" in rules
    assert len(rules) == 4
    assert {finding.state for finding in ensured(dev).values()} == {State.OK}


def test_tables_are_registered_as_their_contracts_say(dev: Dev) -> None:
    ensured(dev, SALES_HISTORY, QUARANTINED_ROWS)
    for contract in (SALES_HISTORY, QUARANTINED_ROWS):
        row = dev.client("glue").get_table(DatabaseName=dev.names.database, Name=contract.name)["Table"]
        stored = [
            (column["Name"], column["Type"], column["Comment"], column["Parameters"]["iceberg.field.optional"])
            for column in row["StorageDescriptor"]["Columns"]
        ]
        assert stored == [
            (each.name, each.type, each.comment, str(not each.required).lower()) for each in glue_columns(contract)
        ]
        assert row["Parameters"]["metadata_location"].startswith(f"{dev.names.database_uri}/{contract.name}/metadata/")


def changed_by_hand(dev: Dev, change: dict[str, Any]) -> str:
    """Glue's row of sales_history with `change` in it, as the console writes it; its version then."""
    glue, place = dev.client("glue"), {"DatabaseName": dev.names.database}
    row = glue.get_table(**place, Name="sales_history")["Table"]
    kept = {name: row[name] for name in ("Name", "TableType", "Parameters", "StorageDescriptor")}
    glue.update_table(**place, TableInput={**kept, **change})
    return str(glue.get_table(**place, Name="sales_history")["Table"]["VersionId"])


def test_columns_changed_by_hand_in_glue_are_written_anew_by_a_commit(dev: Dev) -> None:
    """Iceberg's metadata is right, so the catalog writes the row again, minding its version."""
    ensured(dev)
    row = dev.client("glue").get_table(DatabaseName=dev.names.database, Name="sales_history")["Table"]
    columns = row["StorageDescriptor"]["Columns"]
    spoiled = [{**column, "Type": "string"} if column["Name"] == "sold_price" else column for column in columns]
    before = changed_by_hand(dev, {"StorageDescriptor": {**row["StorageDescriptor"], "Columns": spoiled}})
    finding = ensured(dev)["table", "silver/sales_history"]
    assert finding.state is State.MENDED
    assert "changed by hand: sold_price" in finding.found
    after = dev.client("glue").get_table(DatabaseName=dev.names.database, Name="sales_history")["Table"]
    assert int(after["VersionId"]) == int(before) + 1
    types = {column["Name"]: column["Type"] for column in after["StorageDescriptor"]["Columns"]}
    assert types["sold_price"] == "decimal(10,2)"
    assert ensured(dev)["table", "silver/sales_history"].state is State.OK


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({}, "no longer says table_type=ICEBERG"),
        ({"table_type": "ICEBERG"}, "has no metadata_location"),
        ({"table_type": "ICEBERG", "metadata_location": "s3://carousel-dev-analytics/no/file.json"}, "cannot be read"),
    ],
)
def test_a_row_that_leads_nowhere_is_told_and_not_touched(dev: Dev, parameters: dict[str, str], told: str) -> None:
    ensured(dev)
    version = changed_by_hand(dev, {"Parameters": parameters})
    finding = ensured(dev)["table", "silver/sales_history"]
    assert (finding.state, told in finding.found) == (State.FAIL, True), finding
    assert "get-table-versions" in finding.advice
    row = dev.client("glue").get_table(DatabaseName=dev.names.database, Name="sales_history")["Table"]
    assert (str(row["VersionId"]), row["Parameters"]) == (version, parameters)


def test_a_column_that_differs_is_told_and_never_evolved_by_itself(dev: Dev) -> None:
    ensured(dev)
    table = dev.lake().catalog.load_table(f"{dev.names.database}.sales_history")
    with table.update_schema(allow_incompatible_changes=True) as change:
        change.delete_column("season")
        change.make_column_optional("category")
    finding = ensured(dev)["table", "silver/sales_history"]
    assert finding.state is State.FAIL
    assert "column season of the contract is missing" in finding.found
    assert "column category is optional" in finding.found


def test_properties_that_differ_are_set_again(dev: Dev) -> None:
    ensured(dev)
    table = dev.lake().catalog.load_table(f"{dev.names.database}.sales_history")
    with table.transaction() as change:
        change.set_properties({"write.delete.isolation-level": "snapshot"})
    finding = ensured(dev)["table", "silver/sales_history"]
    assert (finding.state, finding.found) == (State.MENDED, "properties differ: write.delete.isolation-level")
    stored = dev.lake().catalog.load_table(f"{dev.names.database}.sales_history").properties
    assert stored["write.delete.isolation-level"] == "serializable"


def test_a_commit_between_looking_and_mending_is_not_lost(dev: Dev) -> None:
    """The mend is a commit like any other: it begins again on the newer version."""
    ensured(dev)
    name = f"{dev.names.database}.sales_history"
    with dev.lake().catalog.load_table(name).transaction() as change:
        change.set_properties({"write.delete.isolation-level": "snapshot"})
    (mend,) = [
        step
        for kind, steps in ensure_steps(dev.account, dev.wanted())
        if kind == "tables"
        for step in steps
        if isinstance(step, Change)
    ]
    written = publish(dev.lake(), SALES_HISTORY, [day(1)], lambda window: Candidate(sales(window, 12)), "run")
    assert mend.applied().state is State.MENDED
    table = dev.lake().catalog.load_table(name)
    assert table.current_snapshot().snapshot_id == written.snapshot_id
    assert table.scan(selected_fields=("sale_id",)).to_arrow().num_rows == 12
    assert table.properties["write.delete.isolation-level"] == "serializable"


def test_the_progress_table_expires_its_entries_and_has_backups(dev: Dev) -> None:
    ensured(dev)
    dynamodb, name = dev.client("dynamodb"), dev.names.progress_table
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires_at",
    }
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_progress_table_with_other_keys_is_left_alone(dev: Dev) -> None:
    dev.client("dynamodb").create_table(
        TableName=dev.names.progress_table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    finding = ensured(dev)["progress table", dev.names.progress_table]
    assert (finding.state, finding.found) == (State.FAIL, "it has other keys than the lake's")


def test_a_missing_index_is_added(dev: Dev) -> None:
    ensured(dev)
    dynamodb, name = dev.client("dynamodb"), dev.names.progress_table
    dynamodb.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_day"}}])
    assert ensured(dev)["progress table", f"{name} by_day"].state is State.MENDED
    assert dynamodb.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]["IndexName"] == "by_day"


def test_the_workgroup_keeps_results_in_the_bucket_and_limits_a_query(dev: Dev) -> None:
    ensured(dev)
    stored = dev.athena.workgroups["pricing-lake-dev"]["Configuration"]
    assert stored["ResultConfiguration"]["OutputLocation"] == dev.names.results_uri
    assert stored["EnforceWorkGroupConfiguration"] is True
    assert stored["BytesScannedCutoffPerQuery"] == 100 * 1024**3
    stored["BytesScannedCutoffPerQuery"] = 1
    stored["ResultConfiguration"]["OutputLocation"] = "s3://elsewhere/"
    assert ensured(dev)["workgroup", "pricing-lake-dev"].state is State.MENDED
    assert stored["BytesScannedCutoffPerQuery"] == 100 * 1024**3
    assert stored["ResultConfiguration"]["OutputLocation"] == dev.names.results_uri


def test_a_named_query_whose_text_is_older_is_renewed(dev: Dev) -> None:
    assert dev.type("ensure", "--stage", "dev").exit_code == 0
    older = next(query for query in dev.athena.named.values() if query["Name"] == "brand_performance")
    older["QueryString"] = "SELECT 1"
    again = json.loads(dev.type("ensure", "--stage", "dev", "--json").stdout)
    assert [each["name"] for each in again if each["state"] == "mended"] == ["brand_performance"]
    assert older["QueryString"].startswith("WITH sales AS (")


def test_alarms_are_on_metrics_of_ours_and_are_set_right(dev: Dev) -> None:
    ensured(dev)
    cloudwatch = dev.client("cloudwatch")
    alarms = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert sorted(alarms) == [
        f"pricing-lake-dev-{what}" for what in ("athena-scanned", "export-failed", "no-export", "progress-dropped")
    ]
    assert alarms["pricing-lake-dev-no-export"]["TreatMissingData"] == "breaching"
    cloudwatch.put_metric_alarm(
        AlarmName="pricing-lake-dev-export-failed",
        MetricName="ExportsFailed",
        Namespace="PricingLake",
        Statistic="Sum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=99,
        ComparisonOperator="GreaterThanThreshold",
    )
    assert ensured(dev)["alarm", "pricing-lake-dev-export-failed"].state is State.MENDED
    body = json.loads(cloudwatch.get_dashboard(DashboardName="pricing-lake-dev")["DashboardBody"])
    assert [widget["properties"]["title"] for widget in body["widgets"]] == ["Exports", "Rows", "Athena"]
