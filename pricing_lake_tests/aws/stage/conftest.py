"""A stage called dev in an account of its own: moto for what it does truly, an Athena that runs the SQL beside it."""

import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from pricing_lake.aws.account import Account
from pricing_lake.aws.ensure import Wanted
from pricing_lake.aws.names import AwsNames
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.resources.glue_lake import GlueLakeResource
from pricing_lake_tests.aws.athena_server import AthenaServer, running_athena, tables_of_glue
from pricing_lake_tests.aws.moto_server import client, environment
from pricing_lake_tests.cli.conftest import type_in

NAMES = AwsNames(
    stage="dev",
    region="eu-west-1",
    bedrock_region="us-east-1",
    bucket="carousel-dev-analytics",
    prefix="pricing-intelligence",
    database="pricing_intelligence_dev",
    workgroup="pricing-lake-dev",
    progress_table="bg-remover-dev-smartgo-export-progress",
    parameter="/tf/dev/smartgo/database/config",
)


@dataclass(frozen=True)
class Dev:
    """The stage, with the servers behind it."""

    moto: str
    athena: AthenaServer
    home: Path
    names: AwsNames = NAMES

    def client(self, service: str) -> Any:
        """A client of the account, to look at what is stored."""
        return client(service, self.moto)

    def type(self, *words: str, **variables: str) -> Result:
        """Types a command; the shop is named by a URL unless a test says otherwise."""
        return type_in(self.home, *words, **{"SMARTGO_URL": "sqlite:////nowhere/shop.db", **variables})

    def lake(self) -> Lake:
        """The stage's lake, as another process sees it."""
        return GlueLakeResource(
            root=self.names.root,
            namespace=self.names.database,
            embedding_encoding="BYTE_STREAM_SPLIT",
            region=self.names.region,
            endpoint=self.moto,
        ).open()

    @cached_property
    def account(self) -> Account:
        """Clients as commands make them."""
        return Account(self.names.region)

    def wanted(self, *tables: Table, read_parameter: Callable[[str], object] | None = None) -> Wanted:
        """A stage with few tables, for tests of one thing."""
        return Wanted(self.names, tables or (SALES_HISTORY,), (), 100, self.lake, read_parameter)


@pytest.fixture
def dev(moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dev]:
    """An empty account."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "PRICING_LAKE_", "SMARTGO_"))]:
        monkeypatch.delenv(name)
    reset = urllib.request.Request(f"{moto}/moto-api/reset", method="POST")  # noqa: S310 - a loopback address
    urllib.request.urlopen(reset).close()  # noqa: S310
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")
    for name, value in environment(moto, "http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    files = {"s3.endpoint": moto, "s3.region": "eu-west-1"}
    with running_athena(tables_of_glue(client("glue", moto), files)) as athena:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", athena.url)
        yield Dev(moto, athena, tmp_path / "lake")
