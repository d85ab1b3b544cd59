"""A stage on AWS as commands see it: settings as names, the account's clients, and its lake."""

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.cli.clients import lake_of
from pricing_lake.cli.settings import is_in_environment
from pricing_lake.errors import ConfigurationError
from pricing_lake.stage import STAGES, Stage, load_stage
from pricing_lake.stage_aws import AwsSettings

if TYPE_CHECKING:
    from pricing_lake.aws.account import Account
    from pricing_lake.aws.ensure import Steps, Wanted
    from pricing_lake.aws.names import AwsNames
    from pricing_lake.lake.catalog import Lake

ON_AWS = tuple(name for name in STAGES if name != "local")


def stage_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --stage, which wins over PRICING_LAKE_STAGE."""
    return click.option(
        "--stage", "stage_name", metavar="|".join(ON_AWS), help="The stage. Default: PRICING_LAKE_STAGE."
    )(command)


def stage_named(name: str | None) -> Stage:
    """The stage called `name`, or the one that is set. Raises ConfigurationError for one that there is not."""
    return load_stage({**os.environ, "PRICING_LAKE_STAGE": name} if name else None)


@dataclass(frozen=True)
class StageOnAws:
    """A stage with what leads to its account."""

    stage: Stage

    @classmethod
    def named(cls, name: str | None) -> "StageOnAws":
        """The stage called `name`, or the one that is set. Raises ConfigurationError when it is not on AWS."""
        stage = stage_named(name)
        if not stage.is_on_aws:
            raise ConfigurationError(f"stage {stage.name} has nothing on AWS; give --stage {', '.join(ON_AWS)}")
        return cls(stage)

    @property
    def settings(self) -> AwsSettings:
        """The stage's settings for AWS."""
        return self.stage.aws

    @cached_property
    def names(self) -> "AwsNames":
        """What everything is called."""
        from pricing_lake.aws.names import AwsNames

        known = {field.name for field in fields(AwsNames)} - {"stage"}
        return AwsNames(stage=self.stage.name, **{name: getattr(self.settings, name) for name in known})

    @cached_property
    def account(self) -> "Account":
        """The account's clients. Whose it is has been asked: wrong credentials are told before anything else."""
        from pricing_lake.aws.account import Account

        account = Account(self.settings.region, self.endpoint)
        _ = account.identity
        return account

    @property
    def endpoint(self) -> str:
        """Another server's address; empty when boto3 finds it by itself, with one per service where that is set."""
        return "" if is_in_environment("AWS_ENDPOINT_URL") else self.settings.endpoint

    @cached_property
    def lake(self) -> "Lake":
        """The stage's lake, opened. Raises ConfigurationError when there is no bucket yet."""
        if self.settings.catalog != "glue":
            raise ConfigurationError(
                f"PRICING_LAKE_CATALOG={self.settings.catalog} is for runs; ensure and verify look after Glue"
            )
        return lake_of(self.stage)

    def wanted(self) -> "Wanted":
        """Everything that the stage is to have."""
        from pricing_lake.aws.athena_parameters import with_defaults
        from pricing_lake.aws.ensure import Wanted
        from pricing_lake.aws.ensure_named_queries import NamedQuery
        from pricing_lake.contracts.all import TABLES
        from pricing_lake.queries.saved import saved_queries
        from pricing_lake.resources.smartgo_parameter import read_smartgo_parameter

        return Wanted(
            names=self.names,
            tables=TABLES,
            queries=[
                NamedQuery(query.name, query.question, with_defaults(query)) for query in saved_queries().values()
            ],
            scan_limit_gb=self.settings.athena_scan_limit_gb,
            open_lake=lambda: self.lake,
            read_parameter=read_smartgo_parameter if self.stage.smartgo_parameter else None,
            govern=self._governed,
        )

    def _governed(self) -> "Steps":
        """Lake Formation's tags and filters, where tenants are named that read through them."""
        from pricing_lake.aws.ensure_lake_formation import ensure_lake_formation
        from pricing_lake.contracts.all import TABLES

        tenants = self.settings.reader_tenants
        return ensure_lake_formation(self.account, self.names, TABLES, tenants) if tenants else ()
