"""`verify` on a stage that is right, and with each thing in turn wrong: one line says what, and how to mend it."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from pricing_lake.aws.ensure import ensure_steps
from pricing_lake.aws.findings import Change, Finding, State
from pricing_lake.aws.permissions import forbidden, needed
from pricing_lake.aws.verify import Verification, verify_checks
from pricing_lake.aws.verify_permissions import role_of
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake_tests.aws.iam_simulator import running_iam
from pricing_lake_tests.aws.stage.conftest import NAMES, Dev
from pricing_lake_tests.lake.conftest import day, sales

DAY = date(2026, 3, 1)
ALL = ("s3:*Object", "s3:List*", "glue:Get*", "glue:*Table", "dynamodb:*Item", "dynamodb:Query", "ssm:GetParameter",
       "athena:*", "bedrock:*", "cloudwatch:*", "glue:CreateDatabase")  # fmt: skip


@pytest.fixture
def right(dev: Dev) -> Dev:
    """The stage with everything, and yesterday published."""
    for _, steps in ensure_steps(dev.account, dev.wanted()):
        for step in steps:
            if isinstance(step, Change):
                step.apply()
    publish(dev.lake(), SALES_HISTORY, [day(1)], lambda window: Candidate(sales(window, 12)), "run")
    return dev


def verified(dev: Dev, on: date = DAY, **wanted: Any) -> list[Finding]:
    verification = Verification(dev.wanted(**wanted), SALES_HISTORY, on)
    return [finding for _, findings in verify_checks(dev.account, verification) for finding in findings]


def failed(findings: list[Finding]) -> Mapping[str, Finding]:
    return {finding.kind: finding for finding in findings if finding.state is State.FAIL}


def test_a_stage_that_is_right_passes(right: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_iam(ALL) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", url)
        findings = verified(right)
    assert [finding for finding in findings if finding.state is not State.OK] == []
    found = {finding.kind: finding.found for finding in findings}
    assert found["athena"].startswith("12 rows in ")
    assert found["freshness"].startswith("12 rows, published ")
    assert set(asked) == {right.account.identity.arn}
    assert set(found) >= {"bucket", "database", "athena", "permissions", "freshness"}


def test_verify_leaves_nothing_behind(right: Dev) -> None:
    before = right.client("s3").list_objects_v2(Bucket=NAMES.bucket)["KeyCount"]
    verified(right)
    assert right.client("s3").list_objects_v2(Bucket=NAMES.bucket)["KeyCount"] == before


def test_an_empty_account_fails_every_check_and_is_not_touched(dev: Dev) -> None:
    """One thing that is missing must not hide the others."""
    kinds = failed(verified(dev))
    assert set(kinds) >= {"bucket", "database", "table", "progress table", "workgroup", "alarm", "dashboard"}
    assert set(kinds) >= {"athena", "permissions", "freshness"}
    assert "pricing-lake ensure --stage dev makes it" in kinds["database"].advice
    assert dev.client("s3").list_buckets()["Buckets"] == []


def test_a_table_changed_by_hand_is_told(right: Dev) -> None:
    glue, place = right.client("glue"), {"DatabaseName": NAMES.database}
    row = glue.get_table(**place, Name="sales_history")["Table"]
    columns = [column for column in row["StorageDescriptor"]["Columns"] if column["Name"] != "season"]
    spoiled = {**row["StorageDescriptor"], "Columns": columns}
    kept = {name: row[name] for name in ("Name", "TableType", "Parameters")}
    glue.update_table(**place, TableInput={**kept, "StorageDescriptor": spoiled})
    finding = failed(verified(right))["table"]
    assert finding.found == "not so: Glue's columns were changed by hand: season"
    assert finding.advice == "pricing-lake ensure --stage dev mends it"


def test_a_bucket_that_was_opened_is_told(right: Dev) -> None:
    right.client("s3").delete_public_access_block(Bucket=NAMES.bucket)
    right.client("s3").put_bucket_versioning(Bucket=NAMES.bucket, VersioningConfiguration={"Status": "Suspended"})
    wrong = [finding for finding in verified(right) if finding.kind == "bucket" and finding.state is State.FAIL]
    assert [finding.name.split()[1] for finding in wrong] == ["versioning", "public"]


def test_a_day_that_is_missing_is_told_with_the_command_that_brings_it(right: Dev) -> None:
    finding = failed(verified(right, on=date(2026, 3, 2)))["freshness"]
    assert "is not published" in finding.found
    assert finding.advice.startswith("pricing-lake materialize --from 2026-03-02 --to 2026-03-02")


def test_a_refused_day_is_told_with_its_reason(right: Dev) -> None:
    publish(right.lake(), SALES_HISTORY, [day(2)], lambda window: Candidate(sales(window, 0)), "run")
    finding = failed(verified(right, on=date(2026, 3, 2)))["freshness"]
    assert "refused" in finding.found


def test_a_role_that_lacks_a_right_is_told_which(right: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_iam([pattern for pattern in ALL if not pattern.startswith("glue:*Table")]) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", url)
        finding = failed(verified(right))["permissions"]
    assert finding.found == "not allowed: glue:CreateTable, glue:UpdateTable"
    assert f"table/{NAMES.database}/*" in finding.advice


def test_a_role_that_may_do_harm_is_warned_of(right: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_iam((*ALL, "iam:*", "s3:DeleteBucket")) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", url)
        warned = [finding for finding in verified(right) if finding.state is State.WARN]
    assert [finding.found for finding in warned] == [
        "allowed: s3:DeleteBucket",
        "allowed: iam:PutRolePolicy, iam:AttachRolePolicy, iam:CreateUser",
    ]


def test_without_the_simulator_the_bucket_is_tried_at_least(right: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    found = [finding for finding in verified(right) if finding.kind == "permissions"]
    assert [finding.state for finding in found] == [State.WARN, State.OK]
    assert "not judged: iam in eu-west-1 cannot be reached" in found[0].found


def test_rights_are_judged_on_resources_of_the_stage_alone() -> None:
    everything = (*needed(NAMES, "123456789012"), *forbidden(NAMES, "123456789012"))
    named = {resource for judged in everything for resource in judged.resources if resource != "*"}
    assert not [resource for resource in named if "{" in resource]
    assert all("dev" in resource or "bedrock" in resource or "catalog" in resource for resource in named), named
    actions = {action for judged in needed(NAMES, "1") for action in judged.actions}
    assert actions.isdisjoint(action for judged in forbidden(NAMES, "1") for action in judged.actions)


def test_an_assumed_role_is_judged_as_the_role() -> None:
    session = "arn:aws:sts::123456789012:assumed-role/pricing-lake-dev/someone"
    assert role_of(session) == "arn:aws:iam::123456789012:role/pricing-lake-dev"
    assert role_of("arn:aws:iam::123456789012:user/deployer") == "arn:aws:iam::123456789012:user/deployer"


def test_the_command_tells_it_all_and_ends_with_1(dev: Dev) -> None:
    told = dev.type("verify", "--stage", "dev", "--day", "2026-03-01", "--json", AWS_MAX_ATTEMPTS="1")
    assert told.exit_code == 1
    findings = json.loads(told.stdout)
    assert {"kind", "name", "state", "found", "advice"} == set(findings[0])
    assert all(finding["advice"] for finding in findings if finding["state"] == "FAIL")
    shown = dev.type("verify", "--stage", "dev", AWS_MAX_ATTEMPTS="1")
    assert shown.exit_code == 1
    assert shown.stdout.splitlines()[-1].endswith("checks failed")
