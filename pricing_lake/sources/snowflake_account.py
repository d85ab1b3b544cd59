"""Where a Snowflake account is and who reads it: checked settings as options of the driver. No network."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from pricing_lake.errors import ConfigurationError

NAME = "snowflake"
"""What rows of either table carry as `_source_system`."""

_OPTION = "adbc.snowflake.sql."
_CLIENT = f"{_OPTION}client_option."
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PEM_START = "-----BEGIN "
_PKCS8 = re.compile(
    r"-----BEGIN (?P<encrypted>ENCRYPTED )?PRIVATE KEY-----\s.+-----END (ENCRYPTED )?PRIVATE KEY-----\s*", re.S
)
SESSION = {"TIMEZONE": "UTC", "TIMESTAMP_INPUT_FORMAT": "AUTO"}
"""Session parameters that the statements rely on, whatever the user's or the account's own defaults are."""


@dataclass(frozen=True)
class SnowflakeAccount:
    """One user of one account, known by a key pair: no password is ever taken.

    `private_key` is the PKCS #8 key, as PEM text or as the path of a PEM file. An empty `role` or `warehouse` is the
    user's default one. `host`, `port` and `protocol` replace the address that follows from the account's name;
    plain http is for a server on this machine alone. Raises ConfigurationError, one line that names the setting.
    """

    account: str
    user: str
    private_key: str = field(repr=False)
    database: str
    schema: str = "PUBLIC"
    warehouse: str = ""
    role: str = ""
    passphrase: str = field(default="", repr=False)
    host: str = ""
    port: int = 443
    protocol: str = "https"
    login_timeout_seconds: int = 30
    answer_timeout_seconds: int = 90
    statement_timeout_seconds: int = 300

    def __post_init__(self) -> None:
        empty = [name for name in ("user", "private_key", "database", "schema") if not getattr(self, name)]
        if empty:
            raise ConfigurationError(
                f"SNOWFLAKE_ACCOUNT is set, but not {', '.join(f'SNOWFLAKE_{name.upper()}' for name in empty)}"
            )
        if not _ACCOUNT.fullmatch(self.account):
            raise ConfigurationError(
                f"SNOWFLAKE_ACCOUNT={self.account!r} is no account: write organization-account, without https://"
            )
        if self.protocol != "https" and self.host not in _LOOPBACK:
            raise ConfigurationError(
                f"SNOWFLAKE_PROTOCOL={self.protocol!r}: only a server on this machine may be read without https"
            )
        if min(self.login_timeout_seconds, self.answer_timeout_seconds, self.statement_timeout_seconds) < 1:
            raise ConfigurationError("Snowflake's timeouts must be whole seconds of at least 1")

    @property
    def address(self) -> str:
        """Name the account without secrets."""
        return f"Snowflake account {self.account}"

    def driver_options(self, purpose: str) -> dict[str, str]:
        """Return what the driver needs to connect for `purpose`, which becomes the query tag of the session.

        Raises ConfigurationError when the key cannot be used.
        """
        optional = {
            f"{_OPTION}warehouse": self.warehouse,
            f"{_OPTION}role": self.role,
            f"{_OPTION}uri.host": self.host,
            f"{_CLIENT}jwt_private_key_pkcs8_password": self.passphrase,
        }
        return {
            f"{_OPTION}account": self.account,
            "username": self.user,
            f"{_OPTION}db": self.database,
            f"{_OPTION}schema": self.schema,
            f"{_OPTION}uri.port": str(self.port),
            f"{_OPTION}uri.protocol": self.protocol,
            f"{_OPTION}auth_type": "auth_jwt",
            f"{_CLIENT}jwt_private_key_pkcs8_value": self._key(),
            **{name: value for name, value in optional.items() if value},
            f"{_CLIENT}login_timeout": f"{self.login_timeout_seconds}s",
            f"{_CLIENT}request_timeout": f"{self.login_timeout_seconds}s",
            f"{_CLIENT}client_timeout": f"{self.answer_timeout_seconds}s",
            f"{_CLIENT}app_name": "pricing_lake",
            f"{_CLIENT}disable_telemetry": "true",
            # Nanoseconds would wrap around silently outside 1678 to 2262; what is finer is named by the statement.
            f"{_CLIENT}max_timestamp_precision": "microseconds",
            "QUERY_TAG": query_tag(purpose),
            "STATEMENT_TIMEOUT_IN_SECONDS": str(self.statement_timeout_seconds),
            "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": str(self.statement_timeout_seconds),
            **SESSION,
        }

    def _key(self) -> str:
        text = self.private_key.strip()
        if not text.startswith(_PEM_START):
            try:
                text = Path(self.private_key).read_text(encoding="ascii").strip()
            except (OSError, ValueError):
                raise ConfigurationError(
                    "SNOWFLAKE_PRIVATE_KEY is neither PEM text nor a readable file: correct the path or its rights"
                ) from None
        found = _PKCS8.fullmatch(text)
        if not found:
            raise ConfigurationError(
                "SNOWFLAKE_PRIVATE_KEY is no PKCS #8 key in PEM: convert it with openssl pkcs8 -topk8"
            )
        if bool(found["encrypted"]) != bool(self.passphrase):
            raise ConfigurationError(
                "SNOWFLAKE_PRIVATE_KEY is encrypted: set SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"
                if found["encrypted"]
                else "SNOWFLAKE_PRIVATE_KEY is not encrypted: leave SNOWFLAKE_PRIVATE_KEY_PASSPHRASE empty"
            )
        return text


def query_tag(purpose: str) -> str:
    """Return the tag by which the warehouse's query history shows what the lake asked for."""
    return f"pricing_lake:{purpose}"
