"""What MySQL's and MariaDB's errors mean to the lake: which setting is wrong, or that trying again may help."""

import ssl

from pymysql.constants import CR, ER

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)

STATEMENT_TIMEOUTS = (1969, 3024)
"""MariaDB's max_statement_time and MySQL's max_execution_time."""
LOGIN_ADVICE = {
    ER.ACCESS_DENIED_ERROR: "correct user or password in the URL",
    1698: "correct user or password in the URL",
    ER.DBACCESS_DENIED_ERROR: "let its user into the database (GRANT SELECT), or correct the database in the URL",
    ER.BAD_DB_ERROR: "correct the database in the URL",
    ER.HOST_NOT_PRIVILEGED: "let its user in from this host",
    ER.HOST_IS_BLOCKED: "unblock this host on the server (FLUSH HOSTS)",
    ER.MUST_CHANGE_PASSWORD: "its user must change the password first",
    1862: "its user must change the password first",
    CR.CR_AUTH_PLUGIN_CANNOT_LOAD: "give its user a way of logging in that needs no plugin",
    CR.CR_SSL_CONNECTION_ERROR: "the server offers no TLS: switch it on there, or remove the ssl options from the URL",
    3159: "the server wants TLS: set ssl=true in the URL",
}
"""Refusals at the door that trying again cannot help, and what to do then."""
READ_DENIED = (ER.TABLEACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR)
MISSING = (ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR, 1356)
TEMPORARY = (
    ER.CON_COUNT_ERROR,
    ER.SERVER_SHUTDOWN,
    ER.TOO_MANY_USER_CONNECTIONS,
    ER.LOCK_WAIT_TIMEOUT,
    ER.LOCK_DEADLOCK,
    ER.USER_LIMIT_REACHED,
    ER.QUERY_INTERRUPTED,
    1412,  # the table's definition changed since the snapshot
    1927,  # killed
    CR.CR_SERVER_GONE_ERROR,
    CR.CR_SERVER_LOST,
)


def explain(error: Exception, address: str, timeout_seconds: int) -> PricingLakeError:
    """Return the lake's error, one line without secrets, for what driver or socket raised."""
    cause = getattr(error, "original_exception", error)
    code = error.args[0] if error.args and isinstance(error.args[0], int) else None
    text = " ".join(str(error.args[1] if code is not None and len(error.args) > 1 else cause).split())
    if isinstance(cause, OSError):
        return _unreachable(cause, address)
    if code in STATEMENT_TIMEOUTS:
        return SourceUnavailableError(
            f"{address} stopped a statement at the statement timeout of {timeout_seconds} s: "
            "raise statement_timeout_seconds, read a smaller window or index the time columns"
        )
    if code in LOGIN_ADVICE:
        return ConfigurationError(f"{address} refuses the connection: {LOGIN_ADVICE[code]} ({text})")
    if code in READ_DENIED:
        return ConfigurationError(f"{address} refuses the read: grant SELECT to its user ({text})")
    if code in MISSING:
        return SourceSchemaError(f"{address} lacks a table or column, or a view is broken ({text})")
    if code in TEMPORARY or not code:
        return SourceUnavailableError(f"{address} broke off: try again later ({text})")
    return SourceDataError(f"{address} cannot answer the query: check its tables and views ({text})")


def _unreachable(error: OSError, address: str) -> PricingLakeError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigurationError(
            f"{address} refuses the connection: correct ssl_ca or ssl_verify in the URL, or the server's "
            f"certificate ({error.verify_message})"
        )
    reason = error.strerror or str(error) or type(error).__name__
    if isinstance(error, ssl.SSLError):
        return ConfigurationError(f"{address} refuses the connection: correct the ssl options of the URL ({reason})")
    return SourceUnavailableError(f"{address} cannot be reached: try again later ({reason})")
