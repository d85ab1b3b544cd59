"""DynamoDB's client with explicit patience, and its failures in the lake's words. What is read is not known here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore import exceptions as aws
from botocore.config import Config

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake.sources.aws_refusals import NO_CREDENTIALS, NOT_ALLOWED

_PASSING = (
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
)
_CONNECT_SECONDS = 3
_READ_SECONDS = 10
_ATTEMPTS = 6


def dynamodb_client(region: str, endpoint: str, connections: int, attempts: int = _ATTEMPTS) -> Any:
    """Return a client that botocore's `standard` mode retries: throttling and server faults, with growing pauses.

    `endpoint` overrides the region's own address when it is not empty; credentials come from botocore's usual chain.
    One client may serve `connections` threads; each call is made `attempts` times at most. Raises ConfigurationError
    for a region or endpoint that is none.
    """
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=connections,
    )
    try:
        session = boto3.session.Session(region_name=region)
        return session.client("dynamodb", endpoint_url=endpoint or None, config=config)
    except (ValueError, aws.BotoCoreError) as error:
        raise ConfigurationError(
            f"no DynamoDB client for region {region!r} ({type(error).__name__}); check AWS_REGION and AWS_ENDPOINT_URL"
        ) from error


@contextmanager
def translated(table: str) -> Iterator[None]:
    """Turn what botocore raises inside the block into the lake's errors.

    AWS's own texts stay out of them: they name accounts and roles.
    """
    try:
        yield
    except aws.ClientError as error:
        raise _explained(table, error) from error
    except NO_CREDENTIALS as error:
        raise ConfigurationError(
            f"no usable AWS credentials for DynamoDB table {table} ({type(error).__name__}); set up the role or profile"
        ) from error
    except aws.BotoCoreError as error:
        raise SourceUnavailableError(
            f"DynamoDB table {table} cannot be reached ({type(error).__name__}); "
            "check the network and AWS_ENDPOINT_URL, or try again later"
        ) from error


def _explained(table: str, error: aws.ClientError) -> PricingLakeError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = str(error.response.get("Error", {}).get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in ("ValidationException", "ResourceNotFoundException") and "index" in message:
        return SourceSchemaError(f"DynamoDB table {table} lacks the index it is read by; check CAROUSEL_INDEX")
    if code == "ResourceNotFoundException":
        return SourceSchemaError(
            f"there is no DynamoDB table {table} in this region; check CAROUSEL_TABLE and AWS_REGION"
        )
    if code in NOT_ALLOWED:
        return ConfigurationError(
            f"DynamoDB table {table} may not be read ({code}); allow dynamodb:Query on the table and its indexes"
        )
    if code in _PASSING or status >= 500:
        return SourceUnavailableError(f"DynamoDB table {table} is too busy or unwell ({code}); try again later")
    return SourceDataError(f"DynamoDB refused to read table {table} ({code}); check its keys and index")
