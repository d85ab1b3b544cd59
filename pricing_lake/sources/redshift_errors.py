"""What Redshift, its Data API and S3 say when something fails, in the lake's words: no secret, no value, no account."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from botocore import exceptions as aws

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake.sources.aws_refusals import NO_CREDENTIALS, NOT_ALLOWED

_WRONG = ("ValidationException", "ResourceNotFoundException", "ParamValidationError")
_LONGEST = 200

_SIGNS: Sequence[tuple[str, type[PricingLakeError], str]] = (
    (
        r"(relation|column|schema) .{0,200}does not exist|not found in",
        SourceSchemaError,
        "fix [redshift_mapping] or the table",
    ),
    (
        r"permission denied for",
        ConfigurationError,
        "grant USAGE on the schema and SELECT on the table to the user that reads",
    ),
    (
        r"not authorized to (assume|get credentials)|assume ?role|iam role|default role",
        ConfigurationError,
        "attach the role of REDSHIFT_IAM_ROLE to the warehouse",
    ),
    (
        r"accessdenied|access denied|status 403",
        ConfigurationError,
        "allow the warehouse's role s3:PutObject on REDSHIFT_UNLOAD_URI",
    ),
    (
        r"nosuchbucket|permanentredirect|status 301|endpoint you are attempting",
        ConfigurationError,
        "REDSHIFT_UNLOAD_URI must be a bucket in the warehouse's own region",
    ),
    (
        r"password authentication failed|role .{0,200} does not exist|user .{0,200} does not exist"
        r"|database .{0,200} does not exist",
        ConfigurationError,
        "correct REDSHIFT_DATABASE, REDSHIFT_DB_USER or REDSHIFT_SECRET_ARN",
    ),
)
"""What a failed statement's text contains when trying again cannot help, which error that is, and what to do."""


def client_failed(address: str, error: aws.ClientError) -> PricingLakeError:
    """Return the lake's error for an answer of the Data API that is none."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in NOT_ALLOWED:
        return ConfigurationError(
            f"{address} may not be asked ({code}): allow redshift-data:ExecuteStatement, BatchExecuteStatement, "
            "DescribeStatement and GetStatementResult, and getting the database credentials"
        )
    if code in _WRONG:
        return ConfigurationError(
            f"{address} refuses the request ({code}): check REDSHIFT_WORKGROUP or REDSHIFT_CLUSTER, "
            "REDSHIFT_DATABASE, REDSHIFT_DB_USER, REDSHIFT_SECRET_ARN and AWS_REGION"
        )
    return SourceUnavailableError(f"{address} is too busy or unwell ({code}): try again later")


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turn what botocore raises inside the block into the lake's errors, without AWS's own texts."""
    try:
        yield
    except aws.ClientError as error:
        raise client_failed(address, error) from error
    except NO_CREDENTIALS as error:
        raise ConfigurationError(
            f"no usable AWS credentials for {address} ({type(error).__name__}): set up the role or profile"
        ) from error
    except aws.ParamValidationError as error:
        raise ConfigurationError(
            f"{address} cannot be asked with these settings: check REDSHIFT_WORKGROUP, REDSHIFT_CLUSTER, "
            "REDSHIFT_DATABASE, REDSHIFT_DB_USER and REDSHIFT_SECRET_ARN"
        ) from error
    except aws.BotoCoreError as error:
        raise SourceUnavailableError(
            f"{address} cannot be reached ({type(error).__name__}): "
            "check the network and AWS_ENDPOINT_URL, or try again later"
        ) from error


def statement_failed(address: str, status: str, text: str, known: Sequence[str] = ()) -> PricingLakeError:
    """Return the error for a statement that ended FAILED or ABORTED; `known` are names its message may show.

    A failure of an unknown kind counts as passing: a warehouse that is restarted or out of slots says many things.
    """
    told = trimmed(text, known)
    shown = f" ({told})" if told else ""
    if status == "ABORTED":
        return SourceUnavailableError(f"{address} stopped the statement{shown}: see who cancelled it, or try again")
    for sign, kind, advice in _SIGNS:
        if re.search(sign, text, re.IGNORECASE | re.DOTALL):
            return kind(f"{address} cannot run the statement{shown}: {advice}")
    return SourceUnavailableError(f"{address} could not run the statement{shown}: try again later")


def trimmed(text: str, known: Sequence[str] = ()) -> str:
    """Return the first line of a server's message, without quoted values, ARNs, numbers of accounts and addresses.

    Quoted texts that are among `known` (names of ours) stay.
    """
    line = text.strip().partition("\n")[0]
    names = {name.lower() for name in known}

    def masked(match: re.Match[str]) -> str:
        return match[0] if match[2].lower() in names else "…"

    line = re.sub(r"""(["'])(.*?)\1""", masked, line)
    line = re.sub(r"""["'].*""", "…", line) if _unbalanced(line) else line
    line = re.sub(r"arn:[^\s,]+|s3://[^\s,]+|\b\d{4,}\b|\S+@\S+", "…", line)
    return line[:_LONGEST].strip()


def _unbalanced(line: str) -> bool:
    return line.count("'") % 2 == 1 or line.count('"') % 2 == 1
