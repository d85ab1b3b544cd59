"""What a template must say whatever else it says: private, encrypted, kept, told; and the names the code uses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pricing_lake.aws.account import Account
from pricing_lake.aws.alarms import alarms_of
from pricing_lake.aws.bucket import Bucket
from pricing_lake.aws.ensure_alarms import _dashboard
from pricing_lake.aws.ensure_workgroup import _configuration
from pricing_lake.aws.progress_table import KEEP_DAYS, TIME_TO_LIVE, table_definition
from pricing_lake.contracts.quality import QUARANTINED_ROWS
from pricing_lake_tests.infra.cloudformation import TEMPLATES, Resource, all_resources, of_type
from pricing_lake_tests.infra.stage import NAMES, TOPIC

SCAN_LIMIT_GB = 100
KEPT = ("S3::Bucket", "DynamoDB::Table", "Glue::Database", "SecretsManager::Secret", "Logs::LogGroup")
CFN_LINT = str(Path(sys.executable).with_name("cfn-lint"))


def linted(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CFN_LINT, *map(str, paths)], capture_output=True, text=True, check=False)


def test_cfn_lint_finds_nothing() -> None:
    found = linted(*TEMPLATES)
    assert (found.returncode, found.stdout) == (0, "")


def test_cfn_lint_would_find_a_misspelt_setting(tmp_path: Path) -> None:
    broken = tmp_path / "storage.yaml"
    text = next(path for path in TEMPLATES if path.name == "storage.yaml").read_text("utf-8")
    broken.write_text(text.replace("BlockPublicAcls", "BlockPublicAlcs"))
    assert "BlockPublicAlcs" in linted(broken).stdout


def ids(resources: list[Resource]) -> dict[str, Any]:
    return {"argvalues": resources, "ids": [f"{each.template}:{each.name}" for each in resources]}


@pytest.mark.parametrize("bucket", **ids(of_type("S3::Bucket")))
def test_every_bucket_is_private_encrypted_and_versioned(bucket: Resource) -> None:
    assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket.properties["PublicAccessBlockConfiguration"]) == 4
    rules = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert [rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules] == ["AES256"]
    assert bucket.properties["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("bucket", **ids(of_type("S3::Bucket")))
def test_every_bucket_denies_what_comes_without_tls(bucket: Resource) -> None:
    policies = [each for each in of_type("S3::BucketPolicy") if each.properties["Bucket"] == f"<{bucket.name}>"]
    (statements,) = [policy.properties["PolicyDocument"]["Statement"] for policy in policies]
    (tls,) = [each for each in statements if each["Sid"] == "TlsOnly"]
    arn = f"arn:aws:s3:::{bucket.properties['BucketName']}"
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*")
    assert tls["Resource"] == [arn, f"{arn}/*"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("resource", **ids([each for kind in KEPT for each in of_type(kind)]))
def test_what_holds_data_outlives_its_stack(resource: Resource) -> None:
    assert (resource.attributes["DeletionPolicy"], resource.attributes["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_lake_s_bucket_is_as_ensure_makes_it() -> None:
    (bucket,) = [each for each in of_type("S3::Bucket") if each.name == "Bucket"]
    assert bucket.properties["BucketName"] == NAMES.bucket
    rules = {rule["Id"]: rule for rule in bucket.properties["LifecycleConfiguration"]["Rules"]}
    wanted = {rule["ID"]: rule for rule in Bucket(Account(NAMES.region), NAMES)._rules()}
    assert wanted.keys() <= rules.keys()
    for name, rule in wanted.items():
        found = rules[name]
        assert found["Prefix"] == rule["Filter"]["Prefix"]
        assert found.get("NoncurrentVersionExpiration") == rule.get("NoncurrentVersionExpiration")
        assert found.get("AbortIncompleteMultipartUpload") == rule.get("AbortIncompleteMultipartUpload")
        assert found.get("ExpirationInDays") == rule.get("Expiration", {}).get("Days")


def test_unloads_go_soon_and_lanes_stay_as_long_as_their_table() -> None:
    (bucket,) = [each for each in of_type("S3::Bucket") if each.name == "Bucket"]
    days = {
        rule["Prefix"]: rule.get("ExpirationInDays") for rule in bucket.properties["LifecycleConfiguration"]["Rules"]
    }
    assert days[f"{NAMES.prefix}/unload/"] == 2
    assert days[f"{NAMES.prefix}/warehouse/_errors/"] == QUARANTINED_ROWS.retention.days


def test_no_rule_of_the_bucket_deletes_tables_pictures_or_vectors() -> None:
    (bucket,) = [each for each in of_type("S3::Bucket") if each.name == "Bucket"]
    expiring = {r["Prefix"] for r in bucket.properties["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in r}
    kept = (f"{NAMES.prefix}/", f"{NAMES.prefix}/warehouse/", f"{NAMES.prefix}/images/", f"{NAMES.prefix}/vectors/")
    assert not [(rule, place) for rule in expiring for place in kept if place.startswith(rule)]


def test_the_database_is_called_as_the_code_calls_it() -> None:
    (database,) = of_type("Glue::Database")
    assert database.properties["DatabaseInput"]["Name"] == NAMES.database
    assert database.properties["DatabaseInput"]["LocationUri"] == NAMES.database_uri


def test_the_progress_table_is_the_code_s_and_forgets() -> None:
    (table,) = of_type("DynamoDB::Table")
    wanted = table_definition(NAMES.progress_table)
    assert {name: table.properties[name] for name in wanted} == wanted
    assert table.properties["TimeToLiveSpecification"] == {"AttributeName": TIME_TO_LIVE, "Enabled": True}
    assert table.properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert KEEP_DAYS == 90


def test_the_workgroup_is_as_ensure_makes_it() -> None:
    (workgroup,) = [each for each in of_type("Athena::WorkGroup") if each.template == "query.yaml"]
    assert workgroup.properties["Name"] == NAMES.workgroup
    assert workgroup.properties["WorkGroupConfiguration"] == _configuration(NAMES, SCAN_LIMIT_GB)


@pytest.mark.parametrize("workgroup", **ids(of_type("Athena::WorkGroup")))
def test_every_workgroup_has_a_limit_and_keeps_results_encrypted_in_the_bucket(workgroup: Resource) -> None:
    settings = workgroup.properties["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert 0 < settings["BytesScannedCutoffPerQuery"] <= SCAN_LIMIT_GB * 1024**3
    assert settings["ResultConfiguration"]["OutputLocation"].startswith(NAMES.results_uri)
    assert settings["ResultConfiguration"]["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}


def test_ensure_s_alarms_are_here_word_for_word() -> None:
    found = {each.properties["AlarmName"]: each.properties for each in of_type("CloudWatch::Alarm")}
    for alarm in alarms_of(NAMES, SCAN_LIMIT_GB):
        told = {**found[alarm["AlarmName"]], "ActionsEnabled": True, "AlarmActions": [TOPIC]}
        assert told == alarm


@pytest.mark.parametrize("alarm", **ids(of_type("CloudWatch::Alarm")))
def test_every_alarm_tells_the_topic(alarm: Resource) -> None:
    assert alarm.properties["AlarmActions"] == ["<Topic>"]
    assert alarm.properties["TreatMissingData"] in ("breaching", "notBreaching")
    assert alarm.properties["AlarmName"].startswith(f"pricing-lake-{NAMES.stage}-")


def test_the_topic_is_the_one_that_is_named_and_encrypted() -> None:
    (topic,), (key,) = of_type("SNS::Topic"), of_type("KMS::Key")
    assert topic.properties["TopicName"] == TOPIC.rpartition(":")[2]
    assert topic.properties["KmsMasterKeyId"] == f"<{key.name}>"
    may = [each for each in key.properties["KeyPolicy"]["Statement"] if each["Sid"] == "Alarms"]
    assert may[0]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


def test_the_dashboard_is_the_one_that_ensure_makes() -> None:
    (dashboard,) = of_type("CloudWatch::Dashboard")
    assert dashboard.properties["DashboardName"] == NAMES.dashboard
    assert json.loads(dashboard.properties["DashboardBody"]) == _dashboard(NAMES)


def test_no_template_holds_or_makes_a_secret_value() -> None:
    for secret in of_type("SecretsManager::Secret"):
        assert set(secret.properties) == {"Name", "Description"}
    for parameter in of_type("SSM::Parameter"):
        assert parameter.properties["Value"] == NAMES.parameter
    (storage,) = of_type("RDS::DBInstance")
    assert storage.properties["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in storage.properties


def test_dagster_s_storage_is_private_and_encrypted() -> None:
    (storage,) = of_type("RDS::DBInstance")
    assert (storage.properties["PubliclyAccessible"], storage.properties["StorageEncrypted"]) == (False, True)
    assert storage.properties["BackupRetentionPeriod"] >= 7
    (settings,) = of_type("RDS::DBParameterGroup")
    assert settings.properties["Parameters"] == {"rds.force_ssl": "1"}
    (group,) = [each for each in of_type("EC2::SecurityGroup") if each.name == "DatabaseSecurityGroup"]
    assert [rule.get("SourceSecurityGroupId") for rule in group.properties["SecurityGroupIngress"]] == [
        "<TaskSecurityGroup.GroupId>"
    ]


def test_nothing_is_open_to_the_internet() -> None:
    rules = [rule for each in of_type("EC2::SecurityGroup") for rule in each.properties["SecurityGroupIngress"]]
    assert "0.0.0.0/0" not in [rule.get("CidrIp") for rule in rules]


def test_secrets_reach_containers_as_secrets_and_no_root_file_is_writable() -> None:
    (task,) = of_type("ECS::TaskDefinition")
    for container in task.properties["ContainerDefinitions"]:
        assert container["ReadonlyRootFilesystem"] is True
        assert {each["Name"] for each in container["Secrets"]} == {
            "DAGSTER_POSTGRES_PASSWORD",
            "PRICING_LAKE_MASKING_KEY",
        }
        assert not {each["Name"] for each in container["Environment"]} & {each["Name"] for each in container["Secrets"]}


def test_the_task_runs_in_the_role_that_verify_judges() -> None:
    (task,) = of_type("ECS::TaskDefinition")
    roles = {role.properties["RoleName"] for role in of_type("IAM::Role")}
    for name in ("TaskRoleArn", "ExecutionRoleArn"):
        assert task.properties[name].rpartition("/")[2] in roles


def test_no_two_resources_of_a_kind_have_one_name() -> None:
    names = [
        (each.type, value)
        for each in all_resources()
        for key, value in each.properties.items()
        if key.endswith("Name") and key not in ("CatalogName", "DBSubnetGroupName", "DBParameterGroupName")
    ]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice
