"""What goes wrong around a stage on AWS: each is one line that names the thing and what to do, never a traceback."""

import json
from typing import Any

import pytest

from pricing_lake.aws.account import Account
from pricing_lake.aws.bucket import Bucket
from pricing_lake.aws.ensure_bucket import ensure_bucket
from pricing_lake.aws.ensure_parameter import look_at_parameter
from pricing_lake.aws.explain import explained
from pricing_lake.aws.findings import Change, State
from pricing_lake.errors import ConfigurationError, SourceUnavailableError
from pricing_lake.resources.smartgo_parameter import read_smartgo_parameter
from pricing_lake_tests.aws.moto_server import client
from pricing_lake_tests.aws.stage.conftest import NAMES, Dev

COMMANDS = [("ensure",), ("verify",), ("progress",), ("query", "brand_performance")]


def told(dev: Dev, *words: str, **variables: str) -> str:
    """The one line on stderr of a command that fails."""
    result = dev.type(*words, **variables)
    assert result.exit_code == 1, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS[:3], ids=lambda words: words[0])
def test_a_stage_that_has_nothing_on_aws_is_told(dev: Dev, command: tuple[str, ...]) -> None:
    assert told(dev, *command) == "error: stage local has nothing on AWS; give --stage dev, staging, prod"
    assert "'nowhere' is not known; use one of local, dev" in told(dev, *command, "--stage", "nowhere")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_missing_credentials_are_told_first(
    dev: Dev, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    line = told(dev, *command, "--stage", "dev", PRICING_LAKE_START_DATE="2026-03-01")
    assert line.startswith("error: no usable AWS credentials (NoCredentialsError)")


def test_a_profile_that_there_is_not_is_told(dev: Dev) -> None:
    assert "no usable AWS credentials (ProfileNotFound)" in told(dev, "ensure", "--stage", "dev", AWS_PROFILE="who")


@pytest.mark.parametrize(
    ("region", "line"),
    [
        ("eu-wset-1", "AWS has no region 'eu-wset-1' (did you mean eu-west-1?); correct AWS_REGION"),
        ("Ireland", "AWS_REGION='Ireland' cannot be used; give a region such as eu-west-1"),
    ],
)
def test_a_wrong_region_is_told_before_anything_is_asked(dev: Dev, region: str, line: str) -> None:
    assert told(dev, "ensure", "--stage", "dev", AWS_REGION=region) == f"error: {line}"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PRICING_LAKE_BUCKET", "s3://mine", "give a bucket's name, without s3://"),
        ("PRICING_LAKE_DATABASE", "Pricing-Lake", "give a-z, 0-9 and _"),
        ("PRICING_LAKE_ATHENA_PRICE_PER_TB", "five", "is no price; give US dollars"),
        ("PRICING_LAKE_ATHENA_PRICE_PER_TB", "NaN", "is no price; give US dollars"),
        ("PRICING_LAKE_CATALOG", "hive", "use one of glue, s3tables, sqlite"),
        ("PRICING_LAKE_CATALOG", "sqlite", "is for stage local"),
        ("PRICING_LAKE_CATALOG", "s3tables", "PRICING_LAKE_TABLE_BUCKET='' cannot be used; give the ARN"),
        ("PRICING_LAKE_ATHENA_SCAN_LIMIT_GB", "0", "must be a whole number of at least 1"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(dev: Dev, name: str, value: str, line: str) -> None:
    message = told(dev, "ensure", "--stage", "dev", **{name: value})
    assert name.replace("CATALOG", "") in message
    assert line in message


def test_an_aws_that_does_not_answer_is_told_as_passing(dev: Dev) -> None:
    line = told(dev, "verify", "--stage", "dev", AWS_ENDPOINT_URL_STS="http://127.0.0.1:9")
    assert line.startswith("error: sts in eu-west-1 cannot be reached (EndpointConnectionError)")


def refusal(code: str, status: int = 400) -> Any:
    from botocore.exceptions import ClientError

    response = {
        "Error": {"Code": code, "Message": "User: arn:aws:iam::123456789012:user/someone is not authorised"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "GetTable")


@pytest.mark.parametrize(
    ("code", "status", "kind", "line"),
    [
        ("ExpiredToken", 400, ConfigurationError, "have expired; log in again"),
        ("ExpiredTokenException", 400, ConfigurationError, "have expired; log in again"),
        ("InvalidClientTokenId", 403, ConfigurationError, "AWS does not know these credentials"),
        ("AccessDeniedException", 400, ConfigurationError, "glue:GetTable is not allowed in eu-west-1"),
        ("AccessDenied", 403, ConfigurationError, "glue:GetTable is not allowed in eu-west-1"),
        ("ThrottlingException", 400, SourceUnavailableError, "too busy or unwell"),
        ("InternalFailure", 500, SourceUnavailableError, "too busy or unwell"),
        ("Nonsense", 400, ConfigurationError, "glue:GetTable is refused"),
    ],
)
def test_answers_that_the_test_server_does_not_give(code: str, status: int, kind: type[Exception], line: str) -> None:
    with pytest.raises(kind, match=line) as raised, explained("glue", "eu-west-1"):
        raise refusal(code, status)
    assert "arn:" not in str(raised.value)


def test_a_bucket_of_another_account_is_told_and_not_touched(dev: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is taken, whoever owns it: S3 answers 403 to those who may not see it."""
    import boto3

    monkeypatch.setenv("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")

    theirs = boto3.session.Session(region_name="eu-west-1").client("sts", endpoint_url=dev.moto)
    keys = theirs.assume_role(RoleArn="arn:aws:iam::999999999999:role/theirs", RoleSessionName="theirs")["Credentials"]
    s3 = boto3.session.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name="eu-west-1",
    ).client("s3", endpoint_url=dev.moto)
    s3.create_bucket(Bucket=NAMES.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    line = dev.type("ensure", "--stage", "dev").stderr.splitlines()[-1]
    assert "another account" in line
    assert "PRICING_LAKE_BUCKET" in line
    assert s3.get_bucket_versioning(Bucket=NAMES.bucket).get("Status") is None


def test_every_request_to_the_bucket_names_the_account_that_must_own_it(dev: Dev) -> None:
    """S3 refuses it elsewhere: a bucket that was deleted and taken by somebody else gets nothing of ours."""
    owners: list[tuple[str, str | None]] = []
    dev.account.session.events.register(
        "before-call.s3.*",
        lambda model, params, **_: owners.append((model.name, params["headers"].get("x-amz-expected-bucket-owner"))),
    )
    bucket = Bucket(dev.account, NAMES)
    for _ in range(2):
        for step in ensure_bucket(bucket):
            if isinstance(step, Change):
                step.apply()
    named = dict(owners)
    assert named.pop("CreateBucket") is None
    assert len(named) >= 8
    assert set(named.values()) == {"123456789012"}


def test_a_bucket_in_another_region_is_told(dev: Dev) -> None:
    there = client("s3", dev.moto, "eu-central-1")
    there.create_bucket(Bucket=NAMES.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    with pytest.raises(ConfigurationError, match=r"lies in eu-central-1, not in eu-west-1; set AWS_REGION"):
        Bucket(Account("eu-west-1"), NAMES).exists()


def test_a_database_that_leads_elsewhere_is_told(dev: Dev) -> None:
    dev.client("glue").create_database(DatabaseInput={"Name": NAMES.database, "LocationUri": "s3://old-place/x"})
    findings = json.loads(dev.type("ensure", "--stage", "dev", "--dry-run", "--json").stdout)
    (database,) = [finding for finding in findings if finding["kind"] == "database"]
    assert database["state"] == "FAIL"
    assert "new tables would lie below s3://old-place/x" in database["found"]


SECRET = "hunter2-hunter2"  # noqa: S105 - a made-up one, to look for in what is printed


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        (None, "", "does not exist in this account and region"),
        ("{not json " + SECRET, "SecureString", "JSON"),
        (json.dumps({"engine": "oracle", "password": SECRET}), "SecureString", "engine"),
        (json.dumps({"password": SECRET}), "String", "lies open: put it again as SecureString"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_told_without_its_secret(
    dev: Dev, text: str | None, kind: str, line: str
) -> None:
    if text:
        dev.client("ssm").put_parameter(Name=NAMES.parameter, Value=text, Type=kind)
    (finding,) = look_at_parameter(NAMES, read_smartgo_parameter)
    assert finding.state is State.FAIL
    assert line in finding.found
    assert "aws ssm put-parameter" in finding.advice
    assert SECRET not in finding.found + finding.advice


def test_a_parameter_that_fits_is_well_and_none_is_needed_beside_a_url(dev: Dev) -> None:
    fits = {"engine": "postgresql", "host": "db.example", "database": "shop", "user": "lake", "password": SECRET}
    dev.client("ssm").put_parameter(Name=NAMES.parameter, Value=json.dumps(fits), Type="SecureString")
    (finding,) = look_at_parameter(NAMES, read_smartgo_parameter)
    assert finding.state is State.OK
    (finding,) = look_at_parameter(NAMES, None)
    assert finding.found == "SMARTGO_URL is set, so no parameter is read"


def test_no_secret_is_ever_made_up(dev: Dev) -> None:
    result = dev.type("ensure", "--stage", "dev", "--json", SMARTGO_URL="")
    findings = {finding["kind"]: finding for finding in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert findings["parameter"]["state"] == "FAIL"
    assert dev.client("ssm").describe_parameters()["Parameters"] == []
