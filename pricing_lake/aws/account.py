"""Clients of one account and region, made once, with explicit patience; and whose account it is."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from pricing_lake.aws.explain import explained
from pricing_lake.errors import ConfigurationError


@dataclass(frozen=True)
class Patience:
    """How long one request may take, and how often it is tried."""

    connect_seconds: float = 3
    read_seconds: float = 30
    attempts: int = 5


HURRIED = Patience(connect_seconds=1, read_seconds=2, attempts=1)
"""For what must never hold a run up."""


@dataclass(frozen=True)
class Identity:
    """Who the credentials belong to."""

    account: str
    arn: str


@dataclass(frozen=True)
class Account:
    """Clients for `region`; with `endpoint` they all lead to another server, else boto3's own settings decide."""

    region: str
    endpoint: str = ""
    patience: Patience = Patience()
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """The client of a service; the same one every time."""
        if service not in self._clients:
            from botocore.config import Config

            config = Config(
                connect_timeout=self.patience.connect_seconds,
                read_timeout=self.patience.read_seconds,
                max_pool_connections=10,
                retries={"mode": "standard", "total_max_attempts": self.patience.attempts},
            )
            with explained(service, self.region):
                made = self.session.client(service, endpoint_url=self.endpoint or None, config=config)
            self._clients[service] = made
        return self._clients[service]

    @cached_property
    def session(self) -> Any:
        """boto3's session: credentials and service descriptions are looked up once. One for all clients."""
        import boto3

        with explained("boto3", self.region):
            return boto3.session.Session(region_name=self.region)

    @cached_property
    def identity(self) -> Identity:
        """Whose credentials these are: the first thing to ask, since everything else would fail less clearly.

        Raises ConfigurationError for missing, unknown or expired credentials and for a region that there is not,
        SourceUnavailableError when AWS does not answer.
        """
        _require_region(self.session, self.region)
        with explained("sts", self.region):
            answer = self.client("sts").get_caller_identity()
        return Identity(answer["Account"], answer["Arn"])


def _require_region(session: Any, region: str) -> None:
    """A misspelt region resolves to no address, which looks like a broken network."""
    known = {
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("glue", partition_name=partition)
    }
    if region not in known:
        near = get_close_matches(region, sorted(known), 1)
        raise ConfigurationError(
            f"AWS has no region {region!r}{f' (did you mean {near[0]}?)' if near else ''}; correct AWS_REGION"
        )
