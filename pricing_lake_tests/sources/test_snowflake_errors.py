"""Each error of Snowflake's says whether trying again can help; none passes on what the server wrote."""

import pytest
from adbc_driver_manager import AdbcStatusCode, OperationalError

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake.sources.snowflake_errors import explain

SECRET = "Zq9-not-to-be-seen"  # noqa: S105 - what no message may show
FAILURE = "[0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]"


def told(code: int, state: str, text: str = "") -> PricingLakeError:
    error = OperationalError(
        f"{code} ({state}): Numeric value '{SECRET}'\nis not recognized {text}",
        status_code=AdbcStatusCode.IO,
        vendor_code=code,
        sqlstate=state,
    )
    found = explain(error, "Snowflake account shop", 300)
    assert "\n" not in str(found)
    assert SECRET not in str(found)
    return found


@pytest.mark.parametrize(
    ("code", "state", "kind", "advice"),
    [
        (390144, "08004", ConfigurationError, "RSA_PUBLIC_KEY"),
        (390189, "08004", ConfigurationError, "SNOWFLAKE_ROLE"),
        (390201, "08004", ConfigurationError, "SNOWFLAKE_DATABASE"),
        (390422, "08004", ConfigurationError, "network policy"),
        (2003, "42S02", SourceSchemaError, "grant SELECT"),
        (904, "42000", SourceSchemaError, "lacks a table, view or column"),
        (3001, "42501", ConfigurationError, "grant USAGE and SELECT"),
        (606, "57P03", ConfigurationError, "SNOWFLAKE_WAREHOUSE"),
        (90073, "22000", ConfigurationError, "quota"),
        (604, "57014", SourceUnavailableError, "timeout is 300 s"),
        (630, "57014", SourceUnavailableError, "timeout is 300 s"),
        (390114, "08001", SourceUnavailableError, "ended the session"),
        (100038, "22018", SourceDataError, "by its tag"),
        (1003, "42000", SourceDataError, "by its tag"),
        (261004, "08004", SourceUnavailableError, "try again later"),
        (300002, "XX000", SourceUnavailableError, "try again later"),
    ],
)
def test_a_code_decides(code: int, state: str, kind: type[PricingLakeError], advice: str) -> None:
    found = told(code, state)
    assert type(found) is kind
    assert advice in str(found)
    assert f"{code:06d}" in str(found)


def test_a_refused_login_names_what_an_administrator_asks_for() -> None:
    assert FAILURE in str(told(390144, "08004", f"JWT token is invalid. {FAILURE}"))


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_that_is_nowhere_is_a_wrong_setting(status: int) -> None:
    found = told(261004, "08004", f"failed to auth for unknown reason. HTTP: {status}, URL: x")
    assert isinstance(found, ConfigurationError)
    assert "SNOWFLAKE_ACCOUNT" in str(found)


def test_a_network_without_an_answer_is_transient() -> None:
    found = explain(OSError(f"connection refused {SECRET}"), "Snowflake account shop", 300)
    assert isinstance(found, SourceUnavailableError)
    assert SECRET not in str(found)
