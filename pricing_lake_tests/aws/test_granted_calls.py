"""The watch over calls itself: it sees the lake's calls and not a test's, and it fails what is not granted."""

import subprocess
import sys
from pathlib import Path

import pytest

from pricing_lake.aws.grants import Role
from pricing_lake_tests.aws.moto_server import client
from pricing_lake_tests.aws.recorded_calls import ANY, RECORDER, Call, Recorder, s3_operations

PROJECT = Path(__file__).parents[2]
CALLING = """
from pricing_lake_tests.aws.moto_server import client, running_moto

def test_something():
    with running_moto() as url:
        exec(compile("sqs.list_queues()", "there", "exec"), {{"__name__": "{module}", "sqs": client("sqs", url)}})
"""


def in_module(name: str, code: str, **names: object) -> None:
    """Run code as if a module of this name held it."""
    exec(compile(code, name, "exec"), {"__name__": name, **names})  # noqa: S102 - what is tested is who calls


def test_a_call_of_the_lake_s_is_seen_and_a_test_s_own_is_not(moto: str) -> None:
    client("glue", moto).get_databases()
    assert Call("glue:GetDatabases", "pipeline") not in RECORDER.calls
    in_module("pricing_lake.sources.something", "glue.get_databases()", glue=client("glue", moto))
    assert Call("glue:GetDatabases", "pipeline") in RECORDER.calls
    RECORDER.calls.discard(Call("glue:GetDatabases", "pipeline"))


def test_the_innermost_module_of_ours_decides_and_any_of_them_the_role() -> None:
    recorder = Recorder()
    recorder.note("glue:GetTable", ["botocore.client", "pricing_lake.lake.catalog", "pricing_lake.lake.publish"])
    recorder.note("glue:GetTables", ["pricing_lake.aws.table_drift", "pricing_lake.aws.ensure_tables"])
    recorder.note("glue:DeleteTable", ["pricing_lake_tests.somewhere", "pricing_lake.lake.publish"])
    recorder.note("athena:StartQueryExecution", ["botocore.client", "concurrent.futures.thread"])
    assert recorder.calls == {
        Call("glue:GetTable", "pipeline"),
        Call("glue:GetTables", "deployer"),
        Call("athena:StartQueryExecution", ANY),
    }


def test_what_is_not_granted_is_named_with_its_role() -> None:
    recorder = Recorder({Call("s3:DeleteBucket", "deployer"), Call("glue:GetTable", "pipeline")})
    (told,) = recorder.not_granted()
    assert told.startswith("deployer calls s3:DeleteBucket: grant it s3:DeleteBucket")


def test_another_role_s_right_does_not_count() -> None:
    (told,) = Recorder({Call("cloudwatch:PutMetricAlarm", "pipeline")}).not_granted()
    assert told.startswith("pipeline calls cloudwatch:PutMetricAlarm")


def test_what_nobody_calls_is_named_and_what_somebody_calls_is_not() -> None:
    told = Recorder({Call("ssm:GetParameter", "pipeline")}).not_called()
    assert "pipeline need not have bedrock:InvokeModel (EmbedPictures)" in told
    assert not [line for line in told if line.startswith("pipeline") and "ssm:GetParameter" in line]
    assert "deployer need not have ssm:GetParameter (LookForShopConnection)" in told


def test_a_right_behind_a_call_counts_as_called_with_it() -> None:
    passed = "pipeline need not have iam:PassRole (HandBatchesToBedrock)"
    assert passed in Recorder().not_called()
    assert passed not in Recorder({Call("bedrock:CreateModelInvocationJob", "pipeline")}).not_called()


def test_roles_that_no_code_takes_are_not_held_against_calls() -> None:
    told = Recorder().not_called()
    assert not [line for line in told if line.split()[0] in (Role.EXECUTION, Role.READER)]


@pytest.mark.parametrize(
    ("method", "path", "query", "operations"),
    [
        ("GET", "/b/k", "", ["GetObject"]),
        ("HEAD", "/b/k", "", ["HeadObject"]),
        ("PUT", "/b/k", "", ["PutObject"]),
        ("DELETE", "/b/k", "", ["DeleteObject"]),
        ("GET", "/b/", "list-type=2&prefix=k", ["ListObjectsV2"]),
        ("HEAD", "/b", "", ["HeadBucket"]),
        ("POST", "/b", "delete", ["DeleteObjects"]),
        ("POST", "/b/k", "uploads", ["CreateMultipartUpload"]),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", ["UploadPart"]),
        ("POST", "/b/k", "uploadId=u", ["CompleteMultipartUpload"]),
        ("DELETE", "/b/k", "uploadId=u", ["AbortMultipartUpload"]),
    ],
)
def test_requests_of_pyarrow_are_read_off_the_wire(method: str, path: str, query: str, operations: list[str]) -> None:
    assert s3_operations({"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}) == operations


def test_pyarrow_s_requests_to_moto_are_seen(moto: str) -> None:
    from pyarrow import fs

    client("s3", moto).create_bucket(Bucket="watched", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    RECORDER.calls.discard(Call("s3:DeleteObject", ANY))
    files = fs.S3FileSystem(
        endpoint_override=moto,
        access_key="testing",
        secret_key="testing",  # noqa: S106 - no account knows it
        region="eu-west-1",
    )
    with files.open_output_stream("watched/a") as stream:
        stream.write(b"a")
    files.delete_file("watched/a")
    assert Call("s3:DeleteObject", ANY) in RECORDER.calls


@pytest.mark.parametrize(("module", "code"), [("pricing_lake.sources.queue", 1), ("pricing_lake_tests.queue", 0)])
def test_a_run_fails_when_the_lake_asks_for_more_than_it_may(module: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ("pricing_lake_tests.aws.granted_calls",)\n')
    (tmp_path / "test_it.py").write_text(
        CALLING.replace('pytest_plugins = ("pricing_lake_tests.aws.granted_calls",)\n', "").format(module=module)
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", tmp_path],
        capture_output=True, text=True, check=False, cwd=PROJECT,
    )  # fmt: skip
    assert ran.returncode == code, ran.stdout
    assert ("pipeline calls sqs:ListQueues" in ran.stdout) == bool(code)
