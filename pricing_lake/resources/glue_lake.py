"""The lake on AWS as a Dagster resource: Glue holds the catalog, S3 the files. Storage is in `pricing_lake.lake`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import PrivateAttr

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceUnavailableError
from pricing_lake.resources.files import files_at
from pricing_lake.resources.masking import lane_masking

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake

CATALOG_NAME = "pricing_lake"
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS, CONNECTIONS = 3, 30, 6, 16


class GlueLakeResource(dg.ConfigurableResource["GlueLakeResource"]):
    """An Iceberg catalog in Glue with its warehouse and proofs below `root`, e.g. `s3://bucket/prefix`.

    `endpoint` is another server's address for Glue and S3; empty means AWS's own. Credentials come from AWS's own
    chain. Writers of one table hold each other up: Glue lets one of them through at a time, the others try again.
    """

    root: str
    namespace: str
    embedding_encoding: str
    region: str
    endpoint: str = ""
    _lake: "Lake | None" = PrivateAttr(default=None)

    def open(self) -> "Lake":
        """The lake, one for all assets of a run. Asks Glue and S3 once, so that a wrong setting is told in one line.

        Raises ConfigurationError for a bucket, region, role or credentials that do not fit, SourceUnavailableError when
        AWS does not answer.
        """
        if self._lake is None:
            from pyiceberg.catalog.glue import GlueCatalog

            from pricing_lake.lake.catalog import Lake

            if not self.root.startswith("s3://"):
                raise ConfigurationError(f"{self.root!r} cannot hold a lake on AWS; give s3://bucket/prefix")
            files, path = files_at(self.root, self.region, self.endpoint)
            with _translated(self.region):
                catalog = GlueCatalog(CATALOG_NAME, client=self._glue(), **self._properties())
                catalog.namespace_exists(self.namespace)
            _require_bucket(files, path, self.region)
            warehouse = f"{self.root.rstrip('/')}/warehouse"
            self._lake = Lake(catalog, self.namespace, warehouse, self.embedding_encoding, files, lane_masking())
        return self._lake

    def _glue(self) -> Any:
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        )
        session = boto3.session.Session(region_name=self.region)
        return session.client("glue", endpoint_url=self.endpoint or None, config=config)

    def _properties(self) -> dict[str, str]:
        properties = {
            "warehouse": f"{self.root.rstrip('/')}/warehouse",
            "s3.region": self.region,
            "s3.connect-timeout": str(CONNECT_SECONDS),
            "s3.request-timeout": str(READ_SECONDS),
        }
        return properties | ({"s3.endpoint": self.endpoint} if self.endpoint else {})


def _require_bucket(files: Any, path: str, region: str) -> None:
    from pyarrow import fs

    bucket = path.partition("/")[0]
    try:
        found = files.get_file_info(bucket).type
    except OSError as error:
        raise ConfigurationError(
            f"bucket {bucket} may not be read from {region}; check its name, account and region, and the role's rights"
        ) from error
    if found is fs.FileType.NotFound:
        raise ConfigurationError(f"there is no bucket {bucket} in {region}; make it, e.g. with `pricing-lake ensure`")


@contextmanager
def _translated(region: str) -> Iterator[None]:
    """Turn what botocore raises into the lake's errors; AWS's texts stay out: they name accounts and roles."""
    from botocore import exceptions as aws

    no_credentials = (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError)
    try:
        yield
    except aws.ClientError as error:
        raise _explained(error.response, region) from error
    except no_credentials as error:
        raise ConfigurationError(
            f"no usable AWS credentials for Glue ({type(error).__name__}); set up the role or profile"
        ) from error
    except (ValueError, aws.InvalidRegionError, aws.ProfileNotFound) as error:
        raise ConfigurationError(
            f"no Glue client for region {region!r} ({type(error).__name__}); check AWS_REGION and AWS_ENDPOINT_URL"
        ) from error
    except aws.BotoCoreError as error:
        raise SourceUnavailableError(
            f"Glue in {region} cannot be reached ({type(error).__name__}); check the network and AWS_ENDPOINT_URL, or "
            "try again later"
        ) from error


def _explained(response: Any, region: str) -> PricingLakeError:
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 or status == 429 or "Throttl" in code:
        return SourceUnavailableError(f"Glue in {region} is too busy or unwell ({code}); try again later")
    return ConfigurationError(
        f"Glue in {region} may not be asked ({code}); renew the credentials, or allow the run's role to read "
        "and write databases and tables of this catalog"
    )
