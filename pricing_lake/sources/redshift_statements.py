"""Statements through Redshift's Data API: submitted, waited for, their small results read. What they ask is not known.

The Data API runs statements on its own; a caller that dies leaves them running, and the same token finds them again.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore import exceptions as aws
from botocore.config import Config

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.redshift_errors import statement_failed, translated

_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 3, 30, 6
_RUNNING = ("SUBMITTED", "PICKED", "STARTED")


def data_api_client(region: str, endpoint: str) -> Any:
    """Return a `redshift-data` client that botocore's `standard` mode retries; credentials come from its usual chain.

    A repeated request carries the same token, so a retry never runs a statement twice. Raises ConfigurationError for
    a region or endpoint that is none.
    """
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
    try:
        session = boto3.session.Session(region_name=region)
        return session.client("redshift-data", endpoint_url=endpoint or None, config=config)
    except (ValueError, aws.BotoCoreError) as error:
        raise ConfigurationError(
            f"no Redshift client for region {region!r} ({type(error).__name__}): check AWS_REGION and AWS_ENDPOINT_URL"
        ) from error


@dataclass(frozen=True)
class Warehouse:
    """Which database the Data API asks, and as whom.

    A serverless `workgroup` or a `cluster`. With `secret_arn` the Data API takes user and password from Secrets
    Manager; without it temporary credentials, on a cluster those of `db_user` when given, else the caller's own role.
    Raises ConfigurationError for a combination that does not name one database and one user.
    """

    database: str
    workgroup: str = ""
    cluster: str = ""
    db_user: str = ""
    secret_arn: str = ""

    def __post_init__(self) -> None:
        if not self.database:
            raise ConfigurationError("REDSHIFT_DATABASE is empty: name the database to read")
        if bool(self.workgroup) == bool(self.cluster):
            raise ConfigurationError("set one of REDSHIFT_WORKGROUP (serverless) and REDSHIFT_CLUSTER")
        if self.db_user and (self.workgroup or self.secret_arn):
            raise ConfigurationError(
                "REDSHIFT_DB_USER is for a cluster without REDSHIFT_SECRET_ARN: remove one of the two"
            )

    @property
    def address(self) -> str:
        """Return the name that messages use."""
        return f"Redshift {self.workgroup or self.cluster}/{self.database}"

    @property
    def arguments(self) -> dict[str, str]:
        """Return what every request says about the database."""
        given = {
            "Database": self.database,
            "WorkgroupName": self.workgroup,
            "ClusterIdentifier": self.cluster,
            "DbUser": self.db_user,
            "SecretArn": self.secret_arn,
        }
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Patience:
    """How long a statement is waited for, and how often it is asked about; all in seconds."""

    deadline: float = 1_800
    first_pause: float = 0.2
    longest_pause: float = 5


@dataclass(frozen=True)
class Outcome:
    """How a transaction ended: the ids of its statements in order, or what went wrong in it."""

    statements: tuple[str, ...]
    failure: PricingLakeError | None = None


@dataclass(frozen=True)
class Statements:
    """Runs statements and waits for them. `known` are names that error messages may show."""

    client: Any = field(repr=False)
    warehouse: Warehouse
    patience: Patience = field(default_factory=Patience)
    known: Sequence[str] = ()

    def answer(self, sql: str, parameters: Mapping[str, str] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement, `:name` in it standing for a bound value, and return its rows, all of them.

        Raises ConfigurationError, SourceSchemaError or SourceUnavailableError (also when it takes too long).
        """
        bound = [{"name": name, "value": value} for name, value in (parameters or {}).items()]
        with translated(self.warehouse.address):
            extra = {"Parameters": bound} if bound else {}
            submitted = self.client.execute_statement(Sql=sql, **self.warehouse.arguments, **extra)
        found = self._wait(submitted["Id"])
        if found["Status"] != "FINISHED":
            raise self._failure(found)
        return self._rows(submitted["Id"])

    def transaction(self, sqls: Sequence[str], token: str) -> "Outcome":
        """Run statements in one transaction, wait, and return how they ended.

        A token that was used in the last 8 hours runs nothing: it finds the statements of then, however they ended.
        Raises as `answer` does, but for a statement that failed.
        """
        with translated(self.warehouse.address):
            submitted = self.client.batch_execute_statement(
                Sqls=list(sqls), ClientToken=token, **self.warehouse.arguments
            )
        found = self._wait(submitted["Id"])
        if found["Status"] != "FINISHED":
            return Outcome((), self._failure(found))
        parts = sorted(found.get("SubStatements", []), key=lambda part: int(part["Id"].rpartition(":")[2]))
        if len(parts) != len(sqls):
            address = self.warehouse.address
            return Outcome((), SourceDataError(f"{address} ran {len(parts)} statements of {len(sqls)}: run it again"))
        return Outcome(tuple(part["Id"] for part in parts))

    def count(self, statement: str) -> int:
        """Return the one whole number that a finished statement gave. Raises SourceDataError when it is none."""
        rows = self._rows(statement)
        if len(rows) == 1 and len(rows[0]) == 1 and isinstance(rows[0][0], int):
            return rows[0][0]
        raise SourceDataError(f"{self.warehouse.address} answered a count with {len(rows)} rows: run it again")

    def _wait(self, statement: str) -> dict[str, Any]:
        """Return the description of a statement that has ended; when the deadline passes it goes on running."""
        give_up = time.monotonic() + self.patience.deadline
        pause = self.patience.first_pause
        while True:
            with translated(self.warehouse.address):
                found: dict[str, Any] = self.client.describe_statement(Id=statement)
            if found["Status"] not in _RUNNING:
                return found
            left = give_up - time.monotonic()
            if left <= 0:
                raise SourceUnavailableError(
                    f"{self.warehouse.address} has not finished after {self.patience.deadline:g} s: "
                    "run again to go on waiting, or raise REDSHIFT_TIMEOUT_SECONDS"
                )
            time.sleep(min(pause, left))
            pause = min(pause * 2, self.patience.longest_pause)

    def _failure(self, found: Mapping[str, Any]) -> PricingLakeError:
        return statement_failed(self.warehouse.address, found["Status"], _reason(found), self.known)

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        with translated(self.warehouse.address):
            pages = self.client.get_paginator("get_statement_result").paginate(Id=statement)
            return [tuple(map(_value, record)) for page in pages for record in page["Records"]]


def _reason(found: Mapping[str, Any]) -> str:
    """Return the first error that a statement or one of its parts tells of."""
    parts = [part.get("Error", "") for part in found.get("SubStatements", [])]
    return next(filter(None, [*parts, found.get("Error", "")]), "")


def _value(field: Mapping[str, Any]) -> Any:
    """Return what one field of a result holds; the Data API gives decimals and times as text."""
    if field.get("isNull"):
        return None
    return next(iter(field.values()), None)
