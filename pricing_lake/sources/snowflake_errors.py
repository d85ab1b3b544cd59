"""What the error codes of Snowflake and its driver mean for the lake. Their texts never pass: they may hold values."""

import re

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)

_ROLE = "correct SNOWFLAKE_ROLE, or grant the role to SNOWFLAKE_USER"
_LOCKED = "SNOWFLAKE_USER is locked or disabled: enable it"
_NETWORK = "its network policy does not let this machine in"
_LOGIN_ADVICE = {
    390100: "correct SNOWFLAKE_USER",
    390101: _LOCKED,
    390102: _LOCKED,
    390144: "correct SNOWFLAKE_USER, or set its RSA_PUBLIC_KEY to this key's; look at this machine's clock",
    390186: _ROLE,
    390189: _ROLE,
    390201: "correct SNOWFLAKE_DATABASE, SNOWFLAKE_SCHEMA or SNOWFLAKE_WAREHOUSE, or grant USAGE on it",
    390422: _NETWORK,
    390432: _NETWORK,
}
_FAILURE_ID = re.compile(r"\[[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\]")
"""By it an administrator asks SYSTEM$GET_LOGIN_FAILURE_DETAILS for the very reason."""
_MISSING = (2003, 2043, 904)
_DENIED = (3001,)
_NO_WAREHOUSE = (606, 90073)
_STOPPED = (603, 604, 630)
_SESSION_LOST = (390104, 390111, 390112, 390114, 390195)
_HTTP = re.compile(r"HTTP(?: Status)?: (\d{3})")
_UNKNOWN_ACCOUNT = ("403", "404")
_TRANSIENT_CLASSES = ("08", "57", "XX")
_DRIVERS_OWN = range(260_000, 270_000)
"""What the driver finds wrong by itself: answers that do not come, or that it cannot make out."""


def explain(error: Exception, address: str, timeout_seconds: int) -> PricingLakeError:
    """Return the lake's error, one line without secrets or values, for what the driver raised.

    Snowflake says "does not exist or not authorized" for both, so both are named where it does.
    """
    code, state = getattr(error, "vendor_code", None) or 0, getattr(error, "sqlstate", None) or ""
    number = _number(error, code, state)
    if code in _LOGIN_ADVICE:
        failure = _FAILURE_ID.search(str(error))
        asked = f", login failure {failure[0]}" if failure else ""
        return ConfigurationError(f"{address} refuses the login: {_LOGIN_ADVICE[code]} ({number}{asked})")
    if code in _MISSING:
        return SourceSchemaError(
            f"{address} lacks a table, view or column, or hides it from the role: "
            f"correct the setting or grant SELECT ({number})"
        )
    if code in _DENIED:
        return ConfigurationError(f"{address} refuses the read: grant USAGE and SELECT to the role ({number})")
    if code in _NO_WAREHOUSE:
        return ConfigurationError(
            f"{address} has no running warehouse for the read: "
            f"set SNOWFLAKE_WAREHOUSE, grant USAGE on it or raise its quota ({number})"
        )
    if code in _STOPPED:
        return SourceUnavailableError(
            f"{address} stopped a statement (the timeout is {timeout_seconds} s): "
            f"try again, or use a larger warehouse ({number})"
        )
    if code in _SESSION_LOST:
        return SourceUnavailableError(f"{address} ended the session: try again ({number})")
    return _by_text(error, address, code, state)


def _by_text(error: Exception, address: str, code: int, state: str) -> PricingLakeError:
    number, text = _number(error, code, state), str(error)
    status = _HTTP.search(text)
    if status and status[1] in _UNKNOWN_ACCOUNT:
        return ConfigurationError(
            f"{address} does not exist there: correct SNOWFLAKE_ACCOUNT or SNOWFLAKE_HOST (HTTP {status[1]})"
        )
    if "private key" in text.lower() or "pkcs" in text.lower():
        return ConfigurationError(
            "SNOWFLAKE_PRIVATE_KEY cannot be used: correct the key or SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"
        )
    if "certificate" in text:
        return ConfigurationError(
            f"{address} has a certificate that is not trusted: correct SNOWFLAKE_HOST or this machine's certificates"
        )
    if code and not state.startswith(_TRANSIENT_CLASSES) and code not in _DRIVERS_OWN:
        return SourceDataError(
            f"{address} cannot answer the query: look it up by its tag in the query history ({number})"
        )
    return SourceUnavailableError(f"{address} cannot be reached or broke off: try again later ({number})")


def _number(error: Exception, code: int, state: str) -> str:
    return f"{code:06d} ({state})" if code else type(error).__name__
