"""boto3's Bedrock clients with explicit patience, and what their failures mean for one picture and for a run."""

from enum import StrEnum
from typing import Any

import boto3
from botocore import exceptions as aws
from botocore.config import Config
from urllib3.exceptions import HTTPError

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceUnavailableError

USER_AGENT = "pricing-lake"  # botocore's own is put together anew for each request, which costs it a quarter
CONNECT_SECONDS, READ_SECONDS, CONTROL_ATTEMPTS = 3, 30, 5
SENDING_FAILED = (aws.BotoCoreError, HTTPError)
"""What a request raises besides an answer of AWS's: no connection, a time-out, a body cut on its way."""

_NO_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.ProfileNotFound,
    aws.TokenRetrievalError,
    aws.NoAuthTokenError,
)
_WRONG_SETTINGS = (aws.NoRegionError, aws.InvalidRegionError, aws.UnknownEndpointError, aws.ParamValidationError)
_THROTTLED = (
    "ThrottlingException",
    "TooManyRequestsException",
    "ModelNotReadyException",
    "ServiceQuotaExceededException",
)
_WRONG_MODEL = ("model identifier", "on-demand throughput", "inference profile")


class Meaning(StrEnum):
    """What to do about a failed request."""

    WAIT = "wait"
    """Too many requests: ask again, more slowly."""

    AGAIN = "again"
    """The service failed: ask again a few times."""

    THIS_PICTURE = "this picture"
    """The model refuses this input, whenever it is asked."""

    STOP = "stop"
    """No picture can be embedded until somebody changes something."""


def runtime_client(region: str, connections: int) -> Any:
    """For InvokeModel, from `connections` threads at once. It tries once: `Patience` knows about 408 and 424."""
    return _client("bedrock-runtime", region, connections, attempts=1)


def control_client(region: str) -> Any:
    """For batch jobs; throttling and server faults are tried again by botocore."""
    return _client("bedrock", region, connections=2, attempts=CONTROL_ATTEMPTS)


def _client(service: str, region: str, connections: int, attempts: int) -> Any:
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=connections,
        tcp_keepalive=True,
        user_agent=USER_AGENT,
        parameter_validation=False,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    try:
        return boto3.session.Session(region_name=region).client(service, config=config)
    except (ValueError, aws.BotoCoreError) as error:
        raise ConfigurationError(
            f"no Bedrock client for region {region!r} ({type(error).__name__}); check its region and AWS's profile"
        ) from error


def meaning_of(error: Exception) -> Meaning:
    """What a failed request means; a client's own trouble counts as the service's, credentials and settings apart."""
    if isinstance(error, (*_NO_CREDENTIALS, *_WRONG_SETTINGS)):
        return Meaning.STOP
    if not isinstance(error, aws.ClientError):
        return Meaning.AGAIN
    code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _THROTTLED or status == 429:
        return Meaning.WAIT
    if code == "ValidationException":
        return Meaning.STOP if _names_the_model(error) else Meaning.THIS_PICTURE
    return Meaning.AGAIN if status in (408, 424) or status >= 500 else Meaning.STOP


def code_of(error: Exception) -> str:
    """AWS's name of an error, or the client's. AWS's texts stay out of ours: they name accounts and roles."""
    if isinstance(error, aws.ClientError):
        return str(error.response.get("Error", {}).get("Code", "")) or "ClientError"
    return type(error).__name__


def for_good(error: Exception, model: str, region: str) -> PricingLakeError:
    """A failure that no further try can mend."""
    code = code_of(error)
    if isinstance(error, _NO_CREDENTIALS):
        return ConfigurationError(f"no usable AWS credentials for Bedrock ({code}); set up the role or profile")
    if isinstance(error, aws.ClientError) and (code == "ResourceNotFoundException" or _names_the_model(error)):
        return ConfigurationError(f"Bedrock in {region} does not offer {model} ({code}); check model and region")
    return ConfigurationError(
        f"Bedrock in {region} may not be asked for {model} ({code}); renew the credentials, or allow "
        "bedrock:InvokeModel and the model's access"
    )


def for_now(error: Exception, region: str) -> PricingLakeError:
    """A failure that outlasted our patience."""
    return SourceUnavailableError(
        f"Bedrock in {region} is too busy or unwell ({code_of(error)}); run it again later: "
        "pictures that have their vector are not asked for again"
    )


def _names_the_model(error: aws.ClientError) -> bool:
    message = str(error.response.get("Error", {}).get("Message", "")).lower()
    return any(phrase in message for phrase in _WRONG_MODEL)
