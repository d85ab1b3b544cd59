"""An AWS on loopback for trying the lake without an account: moto (patched), the Bedrock stub and an Athena on DuckDB.

`python -m pricing_lake_tests.aws.local` prints the variables to export and serves until interrupted.
`python -m pricing_lake_tests.aws.local -- COMMAND …` runs the command with them and ends with its exit code.
The bucket of the stage is made; everything else is what `ensure` is for. State is lost at the end.
"""

import argparse
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pricing_lake_tests.aws.athena_server import running_athena, tables_of_glue
from pricing_lake_tests.aws.bedrock_faults import Behaviour
from pricing_lake_tests.aws.bedrock_server import running_bedrock
from pricing_lake_tests.aws.moto_server import client, environment, running_moto

OF_AN_ACCOUNT = ("AWS_PROFILE", "AWS_SESSION_TOKEN")
"""Variables of the caller's that would win over the keys that are given here."""


@contextmanager
def local_aws(
    behaviour: Behaviour | None = None, buckets: Sequence[str] = (), moto_port: int = 0, bedrock_port: int = 0
) -> Iterator[dict[str, str]]:
    """Both servers; yields the variables that lead to them."""
    with running_moto(moto_port) as moto:
        s3 = client("s3", moto)
        for bucket in buckets:
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        tables = tables_of_glue(client("glue", moto), {"s3.endpoint": moto, "s3.region": "eu-west-1"})
        with running_bedrock(behaviour, s3, bedrock_port) as bedrock, running_athena(tables) as athena:
            yield {**environment(moto, bedrock.url), "AWS_ENDPOINT_URL_ATHENA": athena.url}


def main() -> int:
    """Serve, or serve one command."""
    parser = argparse.ArgumentParser(prog="pricing_lake_tests.aws.local")
    parser.add_argument("--stage", default="dev", choices=("dev", "staging", "prod"))
    parser.add_argument("--latency", type=float, default=0.15, metavar="SECONDS", help="of each model call")
    parser.add_argument("--throttled", type=float, default=0.0, metavar="SHARE", help="of the model calls")
    parser.add_argument("--moto-port", type=int, default=0)
    parser.add_argument("--bedrock-port", type=int, default=0)
    parser.add_argument("command", nargs="*", help="after --")
    options = parser.parse_args()
    for name in OF_AN_ACCOUNT:
        os.environ.pop(name, None)
    behaviour = Behaviour(options.latency, options.throttled)
    buckets = [f"carousel-{options.stage}-analytics"]
    with local_aws(behaviour, buckets, options.moto_port, options.bedrock_port) as led:
        variables = led | {"PRICING_LAKE_STAGE": options.stage}
        if options.command:
            return subprocess.run(options.command, env=os.environ | variables, check=False).returncode
        print(f"unset {' '.join(OF_AN_ACCOUNT)}")  # noqa: T201 - the answer of the command
        for name, value in variables.items():
            print(f"export {name}={shlex.quote(value)}", flush=True)  # noqa: T201 - the answer of the command
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
