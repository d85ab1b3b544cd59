"""Redshift as a Dagster resource. Its URL may hold a password, so neither run config nor the UI ever holds it."""

import os
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr

if TYPE_CHECKING:
    from pricing_lake.sources.window import Source


class RedshiftResource(dg.ConfigurableResource["RedshiftResource"]):
    """The warehouse of behaviour events; see `sources.redshift.RedshiftSettings` for the fields.

    With `unload_uri` events are unloaded to S3; else they come over the wire from the URL in REDSHIFT_URL, which is
    read when a run opens the source; else there are none.
    """

    unload_uri: str = ""
    database: str = ""
    workgroup: str = ""
    cluster: str = ""
    db_user: str = ""
    secret_arn: str = ""
    iam_role: str = "default"
    max_file_megabytes: int = 256
    timeout_seconds: int = 1_800
    mapping: dict[str, Any] = Field(default_factory=dict)
    region: str = "eu-west-1"
    endpoint: str = ""
    _opened: "Source | None" = PrivateAttr(default=None)

    def source(self) -> "Source":
        """The same source throughout a run. Raises ConfigurationError for settings that cannot be used."""
        if self._opened is None:
            self._opened = self._source()
        return self._opened

    def _source(self) -> "Source":
        from pricing_lake.sources.redshift import RedshiftBehavior, RedshiftSettings
        from pricing_lake.sources.redshift_sql import NAME
        from pricing_lake.sources.redshift_wire import SCHEMA
        from pricing_lake.sources.unconfigured import Unconfigured

        settings = RedshiftSettings(
            url=os.environ.get("REDSHIFT_URL", ""),
            unload_uri=self.unload_uri,
            database=self.database,
            workgroup=self.workgroup,
            cluster=self.cluster,
            db_user=self.db_user,
            secret_arn=self.secret_arn,
            iam_role=self.iam_role,
            max_file_megabytes=self.max_file_megabytes,
            timeout_seconds=self.timeout_seconds,
            mapping=self.mapping,
            region=self.region,
            endpoint=self.endpoint,
        )
        return RedshiftBehavior(settings) if settings.is_on else Unconfigured(NAME, SCHEMA)
