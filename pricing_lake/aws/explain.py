"""What botocore raises, as the lake's errors: one line, what to do next, and no text of AWS's (it names accounts)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceUnavailableError

EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
UNKNOWN_KEYS = (
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
)
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "403")


@contextmanager
def explained(service: str, region: str) -> Iterator[None]:
    """Raise ConfigurationError or SourceUnavailableError for whatever a client of `service` raises in the block."""
    from botocore import exceptions as aws
    from botocore.parsers import ResponseParserError

    no_credentials = (
        aws.NoCredentialsError,
        aws.PartialCredentialsError,
        aws.CredentialRetrievalError,
        aws.TokenRetrievalError,
        aws.NoAuthTokenError,
        aws.ProfileNotFound,
    )
    try:
        yield
    except aws.ClientError as error:
        raise explanation(error, service, region) from error
    except no_credentials as error:
        raise ConfigurationError(
            f"no usable AWS credentials ({type(error).__name__}); log in, or give the role or profile"
        ) from error
    except (aws.NoRegionError, aws.InvalidRegionError, aws.UnknownEndpointError, ValueError) as error:
        raise ConfigurationError(
            f"{service} cannot be asked in region {region!r} ({type(error).__name__}); check AWS_REGION and "
            "AWS_ENDPOINT_URL"
        ) from error
    except (aws.BotoCoreError, ResponseParserError) as error:
        raise SourceUnavailableError(
            f"{service} in {region} cannot be reached ({type(error).__name__}); check the region, the network and "
            "AWS_ENDPOINT_URL, or try again later"
        ) from error


def explanation(error: Any, service: str, region: str) -> PricingLakeError:
    """What a refused request means."""
    code, action = code_of(error), f"{service}:{error.operation_name}"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in EXPIRED:
        return ConfigurationError("the AWS credentials have expired; log in again, or renew the session token")
    if code in UNKNOWN_KEYS:
        return ConfigurationError(f"AWS does not know these credentials ({code}); check the keys, role or profile")
    if status >= 500 or status == 429 or "Throttl" in code or code in ("TooManyRequestsException", "SlowDown"):
        return SourceUnavailableError(f"{service} in {region} is too busy or unwell ({code}); try again later")
    if code in DENIED or status == 403:
        return ConfigurationError(f"{action} is not allowed in {region} ({code}); grant it to the role")
    return ConfigurationError(f"{action} is refused in {region} ({code}); check the stage's settings")


def code_of(error: Any) -> str:
    """AWS's name of an error."""
    return str(error.response.get("Error", {}).get("Code", "")) or "ClientError"
