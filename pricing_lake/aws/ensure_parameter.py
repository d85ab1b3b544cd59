"""Looks whether the shop's connection is in Parameter Store. Never puts one there: a secret is nobody's default."""

from collections.abc import Callable, Iterator

from pricing_lake.aws.findings import Finding, fail, ok
from pricing_lake.aws.names import AwsNames
from pricing_lake.errors import ConfigurationError

KIND = "parameter"
NOT_NEEDED = "SMARTGO_URL is set, so no parameter is read"


def look_at_parameter(names: AwsNames, read: Callable[[str], object] | None) -> Iterator[Finding]:
    """Whether `read` can use the parameter; None means that the stage's shop is named by a URL.

    `read` raises ConfigurationError with one line about what is wrong, and no value of the parameter.
    """
    if read is None:
        yield ok(KIND, names.parameter, NOT_NEEDED)
        return
    try:
        read(names.parameter)
    except ConfigurationError as error:
        yield fail(KIND, names.parameter, str(error), put_it(names))
    else:
        yield ok(KIND, names.parameter, "a SecureString that describes a shop's database")


def put_it(names: AwsNames) -> str:
    """How a person puts the parameter there, with the secret read from a file of theirs."""
    return (
        f"aws ssm put-parameter --region {names.region} --name {names.parameter} --type SecureString --overwrite "
        "--value file://connection.json (docs/smartgo_mysql.md says what it holds)"
    )
