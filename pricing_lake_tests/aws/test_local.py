"""`python -m pricing_lake_tests.aws.local` gives any command an AWS, and takes it away again."""

import os
import signal
import subprocess
import sys

COMMAND = [sys.executable, "-m", "pricing_lake_tests.aws.local", "--latency", "0"]
ASK = """
import json, os, boto3
session = boto3.session.Session()
print(json.dumps({
    "buckets": [bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]],
    "account": session.client("sts").get_caller_identity()["Account"],
    "numbers": len(json.loads(session.client("bedrock-runtime").invoke_model(
        modelId="amazon.titan-embed-image-v1", body=b'{"inputText": "x"}')["body"].read())["embedding"]),
    "stage": os.environ["PRICING_LAKE_STAGE"],
}))
raise SystemExit(3)
"""


def test_a_command_runs_with_it_and_its_exit_code_counts() -> None:
    """A profile of the caller's would win over the keys, so the command does not see it."""
    environment = dict(os.environ) | {"AWS_PROFILE": "of-the-caller"}
    ran = subprocess.run(
        [*COMMAND, "--stage", "staging", "--", sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert ran.returncode == 3, ran.stderr
    told = '{"buckets": ["carousel-staging-analytics"], "account": "123456789012", "numbers": 1024, "stage": "staging"}'
    assert ran.stdout.strip() == told


def test_it_prints_what_to_export_and_serves_until_interrupted() -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(11)]
        assert [line.split()[0] for line in lines] == ["unset"] + ["export"] * 10
        exports = "".join(lines)
        ran = subprocess.run(
            ["sh", "-c", exports + f'exec "{sys.executable}" -c "$0"', ASK], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 3, ran.stderr
        assert '"stage": "dev"' in ran.stdout
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) == 0
