"""Where a stage on AWS keeps its shop's connection: one SecureString of Parameter Store, read when a run needs it.

What the text must say is in `pricing_lake.sources.smartgo_config`.
"""

from collections.abc import Mapping
from typing import Any

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceUnavailableError
from pricing_lake.sources.smartgo_config import smartgo_url_from_config

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 3, 10, 4
MISSING = ("ParameterNotFound", "ParameterVersionNotFound")
DENIED = (
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "ExpiredTokenException",
    "InvalidKeyId",
)


def parameter_name(stage: str) -> str:
    """Return the name of a stage's parameter."""
    return f"/tf/{stage}/smartgo/database/config"


def read_smartgo_parameter(name: str) -> tuple[str, Mapping[str, Any]]:
    """Return the shop's URL and mapping that the parameter describes.

    Region, credentials and AWS_ENDPOINT_URL are boto3's own settings. Raises ConfigurationError (missing, not
    allowed, plain text, malformed) or SourceUnavailableError, one line with the parameter's name and no value of it.
    """
    parameter = _fetched(name)
    if parameter["Type"] != "SecureString":
        raise ConfigurationError(
            f"parameter {name} is a {parameter['Type']}, so its password lies open: put it again as SecureString"
        )
    try:
        return smartgo_url_from_config(parameter["Value"])
    except ConfigurationError as error:
        raise ConfigurationError(f"parameter {name}: {error}") from None


def _fetched(name: str) -> Mapping[str, Any]:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    try:
        answer = boto3.session.Session().client("ssm", config=config).get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        raise _refusal(name, error.response) from error
    except BotoCoreError as error:
        raise _unreachable(name, error) from error
    parameter: Mapping[str, Any] = answer["Parameter"]
    return parameter


def _refusal(name: str, response: Mapping[str, Any]) -> PricingLakeError:
    code = response["Error"]["Code"]
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in MISSING:
        return ConfigurationError(f"parameter {name} does not exist in this account and region: put it there")
    if code in DENIED or status in (401, 403):
        return ConfigurationError(f"parameter {name} may not be read ({code}): allow ssm:GetParameter and kms:Decrypt")
    if code == "ValidationException":
        return ConfigurationError(f"{name!a} cannot be a parameter's name: correct the stage or the setting")
    return SourceUnavailableError(f"parameter {name} cannot be read ({code}): try again later")


def _unreachable(name: str, error: Exception) -> PricingLakeError:
    from botocore import exceptions as client_errors

    if isinstance(error, client_errors.NoRegionError):
        return ConfigurationError(f"parameter {name} cannot be looked for without a region: set AWS_REGION")
    if isinstance(error, client_errors.NoCredentialsError | client_errors.PartialCredentialsError):
        return ConfigurationError(f"parameter {name} cannot be read without credentials: give the run a role")
    return SourceUnavailableError(f"parameter {name} cannot be read ({type(error).__name__}): try again later")
