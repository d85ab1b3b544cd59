"""The roles' policies: written from the grants, equal in both templates, and no wider than they must be."""

import json
from typing import Any

import pytest

from pricing_lake.aws.actions import actions_of
from pricing_lake.aws.grants import Role
from pricing_lake.aws.permissions import forbidden, needed
from pricing_lake.aws.policies import FILES, GRANTS, policy_name, statements
from pricing_lake_tests.infra.cloudformation import of_type
from pricing_lake_tests.infra.stage import ACCOUNT, INFRA, NAMES, WORDS
from pricing_lake_tests.infra.statements import comparables, terraform_document
from pricing_lake_tests.infra.terraform import of_type as terraform_of_type

IAM_LIMIT = 6_144
"""Characters of a managed policy, white space not counted."""


@pytest.mark.parametrize("file", FILES)
def test_the_file_is_as_written_from_the_grants(file: str) -> None:
    """`make docs` writes it again."""
    assert (INFRA / file).read_text("utf-8") == FILES[file]()


def cloudformation_policies() -> dict[str, list[dict[str, Any]]]:
    return {
        resource.properties["ManagedPolicyName"]: resource.properties["PolicyDocument"]["Statement"]
        for resource in of_type("IAM::ManagedPolicy")
    }


@pytest.mark.parametrize("role", Role)
def test_both_templates_say_what_the_grants_say(role: Role) -> None:
    declared = comparables(statements(role, WORDS))
    assert declared
    assert comparables(cloudformation_policies()[policy_name(role, WORDS)]) == declared
    assert terraform_document(role.value.replace("-", "_")) == declared


def test_terraform_calls_the_policies_the_same() -> None:
    named = {body["name"] for body in terraform_of_type("aws_iam_policy").values()}
    assert named == set(cloudformation_policies()) == {policy_name(role, WORDS) for role in Role}


@pytest.mark.parametrize("role", Role)
def test_a_policy_fits_into_what_iam_keeps(role: Role) -> None:
    document = {"Version": "2012-10-17", "Statement": statements(role, WORDS)}
    assert len(json.dumps(document, separators=(",", ":"))) <= IAM_LIMIT


def test_no_action_is_a_wildcard_and_none_is_granted_twice_on_the_same() -> None:
    for grant in GRANTS:
        assert not [action for action in grant.actions if "*" in action], grant.sid
        assert len(set(grant.actions)) == len(grant.actions), grant.sid


def test_a_bare_star_as_resource_has_its_reason_and_no_other_grant_has_one() -> None:
    for grant in GRANTS:
        assert ("*" in grant.resources) == bool(grant.why_all), grant.sid


def test_a_star_within_a_resource_stands_below_a_name_of_the_stage() -> None:
    """A wildcard is the last part, and something of the stage or the tenant comes before it."""
    for grant in GRANTS:
        for resource in grant.resources:
            if resource == "*" or "*" not in resource:
                continue
            before, _, after = resource.partition("*")
            assert not after, resource
            assert any(f"{{{word}}}" in before for word in ("bucket", "database", "stage", "table", "carousel_table",
                       "progress_table")) or "model-invocation-job/" in before, resource  # fmt: skip


def test_what_verify_asks_for_is_granted_to_the_task() -> None:
    granted = statements(Role.PIPELINE, WORDS)
    for grant in needed(NAMES, ACCOUNT):
        for action in grant.actions:
            resources = {one for each in granted if action in each["Action"] for one in each["Resource"]}
            assert set(grant.resources) <= resources, f"{grant.what}: {action}"


def test_what_verify_warns_of_is_granted_to_nobody_but_the_deployer() -> None:
    actions = {action for grant in forbidden(NAMES, ACCOUNT) for action in grant.actions}
    for role in Role:
        granted = {action for each in statements(role, WORDS) for action in each["Action"]}
        if role is not Role.DEPLOYER:
            assert not granted & actions, role


def test_readers_of_a_tenant_reach_no_file_of_a_table() -> None:
    for statement in statements(Role.READER, WORDS):
        if any(action in ("s3:GetObject", "s3:PutObject") for action in statement["Action"]):
            assert statement["Resource"] == [f"arn:aws:s3:::{NAMES.bucket}/{NAMES.results_key}acme/*"]


def test_passing_a_role_on_is_bound_to_that_role_and_service() -> None:
    passing = [each for role in Role for each in statements(role, WORDS) if "iam:PassRole" in each["Action"]]
    assert [each["Resource"] for each in passing] == [
        [f"arn:aws:iam::{ACCOUNT}:role/pricing-lake-{NAMES.stage}-bedrock-batch"]
    ]
    assert passing[0]["Condition"] == {"StringEquals": {"iam:PassedToService": ["bedrock.amazonaws.com"]}}


@pytest.mark.parametrize(
    ("operation", "actions"),
    [
        ("glue:GetTable", ("glue:GetTable",)),
        ("bedrock-runtime:InvokeModel", ("bedrock:InvokeModel",)),
        ("s3:HeadBucket", ("s3:ListBucket",)),
        ("s3:CopyObject", ("s3:GetObject", "s3:PutObject")),
        ("sts:GetCallerIdentity", ()),
    ],
)
def test_a_request_needs_the_actions_that_iam_names(operation: str, actions: tuple[str, ...]) -> None:
    assert actions_of(operation) == actions
