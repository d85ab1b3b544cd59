"""CloudFormation and Terraform describe the same stage: each kind of resource, property by property."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pricing_lake_tests.infra.cloudformation import of_type as cf
from pricing_lake_tests.infra.statements import comparables, terraform_document
from pricing_lake_tests.infra.terraform import local
from pricing_lake_tests.infra.terraform import of_type as tf

BUCKETS = {"lake": "Bucket", "log": "LogBucket"}
ROLES = {
    "pipeline": "PipelineRole",
    "execution": "ExecutionRole",
    "bedrock_batch": "BedrockBatchRole",
    "redshift_unload": "RedshiftUnloadRole",
    "reader": "ReaderRole",
}


def named(kind: str, name: str) -> Mapping[str, Any]:
    """A resource of CloudFormation by its name in the template."""
    (found,) = [resource for resource in cf(kind) if resource.name == name]
    return found.properties


@pytest.mark.parametrize(("ref", "name"), BUCKETS.items())
def test_buckets_have_the_same_name_and_settings(ref: str, name: str) -> None:
    bucket = named("S3::Bucket", name)
    encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]
    rule = tf("aws_s3_bucket_server_side_encryption_configuration")[ref]["rule"][0]
    block = tf("aws_s3_bucket_public_access_block")[ref]
    assert tf("aws_s3_bucket")[ref]["bucket"] == bucket["BucketName"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == encryption["SSEAlgorithm"]
    versioning = tf("aws_s3_bucket_versioning")[ref]["versioning_configuration"][0]
    assert versioning["status"] == bucket["VersioningConfiguration"]["Status"]
    assert {name: block[_snake(name)] for name in bucket["PublicAccessBlockConfiguration"]} == bucket[
        "PublicAccessBlockConfiguration"
    ]
    ownership = tf("aws_s3_bucket_ownership_controls")[ref]["rule"][0]["object_ownership"]
    assert ownership == bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"]


@pytest.mark.parametrize(("ref", "name"), BUCKETS.items())
def test_buckets_forget_the_same_things_after_the_same_days(ref: str, name: str) -> None:
    rules = named("S3::Bucket", name)["LifecycleConfiguration"]["Rules"]
    declared = {
        rule["Id"]: {
            "prefix": rule.get("Prefix", ""),
            "status": rule["Status"],
            "days": rule.get("ExpirationInDays"),
            "old": rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
            "uploads": rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
        }
        for rule in rules
    }
    described = {
        rule["id"]: {
            "prefix": rule["filter"][0]["prefix"],
            "status": rule["status"],
            "days": rule.get("expiration", [{}])[0].get("days"),
            "old": rule.get("noncurrent_version_expiration", [{}])[0].get("noncurrent_days"),
            "uploads": rule.get("abort_incomplete_multipart_upload", [{}])[0].get("days_after_initiation"),
        }
        for rule in tf("aws_s3_bucket_lifecycle_configuration")[ref]["rule"]
    }
    assert described == declared


@pytest.mark.parametrize(("ref", "name"), BUCKETS.items())
def test_buckets_have_the_same_policy(ref: str, name: str) -> None:
    statements = named("S3::BucketPolicy", f"{name}Policy")["PolicyDocument"]["Statement"]
    assert terraform_document(f"bucket_{ref}") == comparables(statements)


@pytest.mark.parametrize(("ref", "name"), ROLES.items())
def test_roles_are_taken_by_the_same_and_have_the_same_policy(ref: str, name: str) -> None:
    role = named("IAM::Role", name)
    assert tf("aws_iam_role")[ref]["name"] == role["RoleName"]
    assert terraform_document(f"assume_{ref}") == comparables(role["AssumeRolePolicyDocument"]["Statement"])
    (policy,) = role["ManagedPolicyArns"]
    attached = tf("aws_iam_role_policy_attachment")[ref]["policy_arn"].removesuffix("[each.key].arn>")
    assert attached.removesuffix(".arn>") == f"<aws_iam_policy.{ref}"
    assert tf("aws_iam_policy")[ref]["name"] == policy.rpartition("/")[2] == role["RoleName"]


def test_the_databases_are_the_same() -> None:
    wanted, found = named("Glue::Database", "Database")["DatabaseInput"], tf("aws_glue_catalog_database")["lake"]
    assert (found["name"], found["description"], found["location_uri"]) == (
        wanted["Name"],
        wanted["Description"],
        wanted["LocationUri"],
    )


def test_the_progress_tables_are_the_same() -> None:
    wanted, found = named("DynamoDB::Table", "ProgressTable"), tf("aws_dynamodb_table")["progress"]
    (index,), (declared,) = found["global_secondary_index"], wanted["GlobalSecondaryIndexes"]
    described = {
        "TableName": found["name"],
        "BillingMode": found["billing_mode"],
        "DeletionProtectionEnabled": found["deletion_protection_enabled"],
        "AttributeDefinitions": [
            {"AttributeName": each["name"], "AttributeType": each["type"]} for each in found["attribute"]
        ],
        "KeySchema": _keys(found),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index["name"],
                "KeySchema": _keys(index),
                "Projection": {"ProjectionType": index["projection_type"]},
            }
        ],
        "TimeToLiveSpecification": {
            "AttributeName": found["ttl"][0]["attribute_name"],
            "Enabled": found["ttl"][0]["enabled"],
        },
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": found["point_in_time_recovery"][0]["enabled"]
        },
        "SSESpecification": {"SSEEnabled": found["server_side_encryption"][0]["enabled"]},
    }
    assert declared["IndexName"] == "by_day"
    assert described == dict(wanted)


@pytest.mark.parametrize(("ref", "template"), [("lake", "query.yaml"), ("tenant", "tenant.yaml")])
def test_the_workgroups_are_the_same(ref: str, template: str) -> None:
    (wanted,) = [each.properties for each in cf("Athena::WorkGroup") if each.template == template]
    found = tf("aws_athena_workgroup")[ref]
    (configuration,) = found["configuration"]
    (result,) = configuration["result_configuration"]
    assert {
        "Name": found["name"],
        "Description": found["description"],
        "State": found["state"],
        "WorkGroupConfiguration": {
            "EnforceWorkGroupConfiguration": configuration["enforce_workgroup_configuration"],
            "PublishCloudWatchMetricsEnabled": configuration["publish_cloudwatch_metrics_enabled"],
            "BytesScannedCutoffPerQuery": configuration["bytes_scanned_cutoff_per_query"],
            "ResultConfiguration": {
                "OutputLocation": result["output_location"],
                "EncryptionConfiguration": {
                    "EncryptionOption": result["encryption_configuration"][0]["encryption_option"]
                },
            },
        },
    } == dict(wanted)


def test_the_alarms_are_the_same() -> None:
    wanted = {alarm.properties["AlarmName"]: _alarm(alarm.properties) for alarm in cf("CloudWatch::Alarm")}
    found = {
        alarm["alarm_name"]: {
            **{_camel(name): value for name, value in alarm.items() if name not in ("dimensions", "alarm_actions")},
            "Dimensions": alarm["dimensions"],
            "actions": len(alarm["alarm_actions"]),
        }
        for alarm in tf("aws_cloudwatch_metric_alarm").values()
    }
    assert found == wanted
    actions = {action for alarm in tf("aws_cloudwatch_metric_alarm").values() for action in alarm["alarm_actions"]}
    assert actions == {"<aws_sns_topic.alarms.arn>"}


def test_the_topics_keys_and_dashboards_are_the_same() -> None:
    topic, key = named("SNS::Topic", "Topic"), named("KMS::Key", "TopicKey")
    assert tf("aws_sns_topic")["alarms"]["name"] == topic["TopicName"]
    (subscription,) = topic["Subscription"]
    found = tf("aws_sns_topic_subscription")["alarms"]
    assert (found["protocol"], found["endpoint"]) == (subscription["Protocol"], subscription["Endpoint"])
    assert tf("aws_kms_key")["topic"]["enable_key_rotation"] == key["EnableKeyRotation"]
    assert terraform_document("topic_key") == comparables(key["KeyPolicy"]["Statement"])
    policy = named("SNS::TopicPolicy", "TopicPolicy")["PolicyDocument"]["Statement"]
    renamed = {text.replace("<Topic>", "<aws_sns_topic.alarms.arn>") for text in comparables(policy)}
    assert terraform_document("topic") == renamed
    dashboard, wanted = tf("aws_cloudwatch_dashboard")["lake"], named("CloudWatch::Dashboard", "Dashboard")
    assert dashboard["dashboard_name"] == wanted["DashboardName"]
    assert json.loads(dashboard["dashboard_body"]) == json.loads(wanted["DashboardBody"])


def test_the_places_for_secrets_are_the_same() -> None:
    wanted = {each.properties["Name"]: each.properties["Description"] for each in cf("SecretsManager::Secret")}
    assert {each["name"]: each["description"] for each in tf("aws_secretsmanager_secret").values()} == wanted
    (parameter,), found = cf("SSM::Parameter"), tf("aws_ssm_parameter")["sales_source"]
    assert {_camel(name): value for name, value in found.items()} == dict(parameter.properties)


def test_dagster_s_storage_is_the_same() -> None:
    wanted, found = named("RDS::DBInstance", "Storage"), tf("aws_db_instance")["dagster"]
    same = {
        "DBInstanceIdentifier": "identifier",
        "DBName": "db_name",
        "Engine": "engine",
        "EngineVersion": "engine_version",
        "DBInstanceClass": "instance_class",
        "AllocatedStorage": "allocated_storage",
        "MaxAllocatedStorage": "max_allocated_storage",
        "StorageType": "storage_type",
        "StorageEncrypted": "storage_encrypted",
        "PubliclyAccessible": "publicly_accessible",
        "MultiAZ": "multi_az",
        "BackupRetentionPeriod": "backup_retention_period",
        "DeletionProtection": "deletion_protection",
        "CopyTagsToSnapshot": "copy_tags_to_snapshot",
        "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
        "EnableIAMDatabaseAuthentication": "iam_database_authentication_enabled",
        "EnableCloudwatchLogsExports": "enabled_cloudwatch_logs_exports",
        "EnablePerformanceInsights": "performance_insights_enabled",
        "MasterUsername": "username",
        "ManageMasterUserPassword": "manage_master_user_password",
    }
    places = {"DBSubnetGroupName", "DBParameterGroupName", "VPCSecurityGroups"}
    assert set(wanted) - places == set(same)
    own = {"db_subnet_group_name", "parameter_group_name", "vpc_security_group_ids", "final_snapshot_identifier"}
    assert set(found) - own == set(same.values())
    assert {ours: _text(found[theirs]) for ours, theirs in same.items()} == {name: _text(wanted[name]) for name in same}
    settings, group = named("RDS::DBParameterGroup", "Settings"), tf("aws_db_parameter_group")["dagster"]
    assert group["family"] == settings["Family"]
    assert {each["name"]: each["value"] for each in group["parameter"]} == settings["Parameters"]


@pytest.mark.parametrize(("ref", "name"), [("task", "TaskSecurityGroup"), ("database", "DatabaseSecurityGroup")])
def test_the_same_ports_are_open_to_the_same(ref: str, name: str) -> None:
    wanted, found = named("EC2::SecurityGroup", name), tf("aws_security_group")[ref]
    for ours, theirs in (("SecurityGroupIngress", "ingress"), ("SecurityGroupEgress", "egress")):
        described = [
            (rule["protocol"], rule["from_port"], rule["to_port"], rule.get("cidr_blocks", ["the task"])[0])
            for rule in found[theirs]
        ]
        declared = [
            (rule["IpProtocol"], rule["FromPort"], rule["ToPort"], rule.get("CidrIp", "the task"))
            for rule in wanted[ours]
        ]
        assert described == declared


def test_the_task_is_the_same_container_by_container() -> None:
    wanted, found = named("ECS::TaskDefinition", "Task"), tf("aws_ecs_task_definition")["dagster"]
    for ours, theirs in {"Family": "family", "NetworkMode": "network_mode", "Cpu": "cpu", "Memory": "memory"}.items():
        assert found[theirs] == wanted[ours]
    assert found["container_definitions"] == "<jsonencode(local.containers)>"
    containers = local("containers")
    assert [each["name"] for each in containers] == [each["Name"] for each in wanted["ContainerDefinitions"]]
    for theirs, ours in zip(containers, wanted["ContainerDefinitions"], strict=True):
        assert _capitals(theirs) == _without_references(ours)


def test_the_service_never_runs_two_daemons_in_either() -> None:
    wanted, found = named("ECS::Service", "Service"), tf("aws_ecs_service")["dagster"]
    deployment, breaker = wanted["DeploymentConfiguration"], found["deployment_circuit_breaker"][0]
    assert (found["desired_count"], found["deployment_maximum_percent"]) == (1, 100)
    assert (wanted["DesiredCount"], deployment["MaximumPercent"]) == (1, 100)
    assert found["deployment_minimum_healthy_percent"] == deployment["MinimumHealthyPercent"] == 0
    assert {"Enable": breaker["enable"], "Rollback": breaker["rollback"]} == deployment["DeploymentCircuitBreaker"]
    assert (found["name"], found["launch_type"]) == (wanted["ServiceName"], wanted["LaunchType"])
    assert found["network_configuration"][0]["assign_public_ip"] is False
    assert wanted["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"


def _alarm(properties: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in properties.items() if name not in ("Dimensions", "AlarmActions")}
    dimensions = {each["Name"]: each["Value"] for each in properties["Dimensions"]}
    return {**kept, "Dimensions": dimensions, "actions": len(properties["AlarmActions"])}


def _keys(block: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"AttributeName": block["hash_key"], "KeyType": "HASH"},
        {"AttributeName": block["range_key"], "KeyType": "RANGE"},
    ]


def _capitals(value: Any) -> Any:
    """A container of Terraform with CloudFormation's capitals; references are left out of both."""
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: _capitals(item) for name, item in value.items() if name != "options"} | (
            {"Options": {name: _reference(item) for name, item in value["options"].items()}}
            if "options" in value
            else {}
        )
    return [_capitals(item) for item in value] if isinstance(value, list) else _reference(value)


def _without_references(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_references(item) for name, item in value.items()}
    return [_without_references(item) for item in value] if isinstance(value, list) else _reference(value)


def _reference(value: Any) -> Any:
    """What another resource is called differs; a secret's ARN is given to one and known to the other."""
    if isinstance(value, str) and (value.startswith("<") or ":secret:pricing-lake/" in value):
        return "a reference"
    return value


def _text(value: Any) -> str:
    return json.dumps(value).replace('"', "").lower()


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
