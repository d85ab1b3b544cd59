"""MySQL and MariaDB URLs: taken apart, checked, their TLS options understood. Nothing is connected here."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pricing_lake.errors import ConfigurationError

PRODUCTS = {"mysql": "MySQL", "mariadb": "MariaDB"}
DEFAULT_PORT = 3306
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+)(:[0-9]+)?")
MALFORMED = (
    "a MySQL URL is mysql://user:password@host:port/database (or mariadb://…): "
    "percent-encode special characters in user and password"
)
OPTIONS: dict[str, tuple[str, ...]] = {
    "ssl": ("true", "false"),
    "ssl_verify": ("true", "ca", "false"),
    "ssl_ca": (),
    "ssl_cert": (),
    "ssl_key": (),
}
"""The options a URL may have, with their words; no words stands for a file's path."""


@dataclass(frozen=True)
class Encryption:
    """What the URL says about TLS. With nothing said, TLS is used when the server offers it, without checking it.

    `is_needed` is None when nothing is said. `verified` is what is checked of the server's certificate:
    "true" its authority and the host's name, "ca" its authority alone, "false" nothing.
    """

    is_needed: bool | None
    verified: str
    authority: str | None
    certificate: str | None
    key: str | None

    def arguments(self) -> Mapping[str, Any]:
        """Return what the driver is told. Raises ConfigurationError when a certificate's file cannot be used."""
        if self.is_needed is None:
            return {}
        return {"ssl": self._context()} if self.is_needed else {"ssl_disabled": True}

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.authority)
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(
                f"the certificate files of the MySQL URL cannot be used: correct ssl_ca, ssl_cert or ssl_key ({reason})"
            ) from error
        context.check_hostname = self.verified == "true"
        context.verify_mode = ssl.CERT_NONE if self.verified == "false" else ssl.CERT_REQUIRED
        return context


@dataclass(frozen=True)
class Login:
    """Where a URL leads and who comes. The password is bytes: the driver would encode text as Latin-1."""

    product: str
    host: str
    port: int
    database: str
    user: str
    password: bytes = field(repr=False)
    encryption: Encryption

    @property
    def address(self) -> str:
        """Return the database's name for messages, without secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.product} at {host}:{self.port}/{self.database}"


def parse_url(url: str) -> Login:
    """Return what `mysql://user:password@host:port/database?ssl_ca=…&ssl_verify=true` says.

    `ssl_ca` alone means `ssl_verify=true`, and any of them means that TLS is needed. Raises
    ConfigurationError, without showing user, password or an option's value, when the URL cannot be understood.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise ConfigurationError(MALFORMED) from None
    credentials, _, host = parts.netloc.rpartition("@")
    database = unquote(parts.path.removeprefix("/"))
    is_sound = url.count("@") == credentials.count("@") + 1 == 1 and not parts.fragment and HOST.fullmatch(host)
    if not (is_sound and parts.username and parts.hostname and database and "/" not in database):
        raise ConfigurationError(MALFORMED)
    return Login(
        product=PRODUCTS[parts.scheme],
        host=parts.hostname,
        port=port,
        database=database,
        user=unquote(parts.username),
        password=unquote(parts.password or "").encode(),
        encryption=_encryption(parts),
    )


def _encryption(parts: SplitResult) -> Encryption:
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    wrong = [name for name, value in given.items() if not _is_known(name, value)]
    if wrong:
        known = ", ".join(f"{name}={'|'.join(words) or 'file'}" for name, words in OPTIONS.items())
        raise ConfigurationError(f"the MySQL URL's {', '.join(map(ascii, wrong))} cannot be used: options are {known}")
    if given.get("ssl") == "false" and len(given) > 1:
        raise ConfigurationError("the MySQL URL says ssl=false beside other ssl options: remove it or them")
    if "ssl_key" in given and "ssl_cert" not in given:
        raise ConfigurationError("the MySQL URL has an ssl_key without its certificate: add ssl_cert")
    return Encryption(
        is_needed=given.get("ssl") != "false" if given else None,
        verified=given.get("ssl_verify", "true" if "ssl_ca" in given else "false"),
        authority=given.get("ssl_ca"),
        certificate=given.get("ssl_cert"),
        key=given.get("ssl_key"),
    )


def _is_known(name: str, value: str) -> bool:
    return name in OPTIONS and (value in OPTIONS[name] if OPTIONS[name] else bool(value))
