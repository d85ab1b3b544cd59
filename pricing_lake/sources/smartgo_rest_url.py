"""The URL of a shop behind HTTP: taken apart into an address that may be shown and a token that may not."""

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pricing_lake.errors import ConfigurationError

PLAIN_HTTP = "allow_http"
MALFORMED = "a SmartGo service's URL is https://host:port/path: give the token as SMARTGO_TOKEN, no user and no query"


@dataclass(frozen=True)
class RestLogin:
    """Where the service is, without a slash at the end, and what lets us in."""

    address: str
    token: str | None = field(repr=False)


def with_token(url: str, token: str) -> str:
    """Return the URL of a service with its token put where a database's URL has the password.

    Raises ConfigurationError when the URL already has a user or token.
    """
    scheme, _, rest = url.partition("://")
    if "@" in rest or not rest:
        raise ConfigurationError(MALFORMED)
    return f"{scheme}://:{quote(token, safe='')}@{rest}"


def parse_rest_url(url: str) -> RestLogin:
    """Return what `https://:token@host/path` says.

    Plain http is for this machine alone, unless the URL ends in `?allow_http=true`: everything, the token too,
    could be read on the way. Raises ConfigurationError without showing any part of the URL but its host.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ConfigurationError(MALFORMED) from None
    credentials, _, host = parts.netloc.rpartition("@")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    is_plain = url.count("@") == credentials.count("@") + bool(credentials) <= 1 and not parts.fragment
    if not (is_plain and parts.hostname and not parts.username) or any(map(str.isspace, host)):
        raise ConfigurationError(MALFORMED)
    if options not in ({}, {PLAIN_HTTP: "true"}):
        raise ConfigurationError(f"{MALFORMED}; the only query is ?{PLAIN_HTTP}=true")
    if parts.scheme == "http" and not options and not _is_loopback(parts.hostname):
        raise ConfigurationError(
            f"{parts.hostname} would be asked over plain http: use https://, or add ?{PLAIN_HTTP}=true to SMARTGO_URL "
            "when the way there is safe"
        )
    return RestLogin(f"{parts.scheme}://{host}{parts.path.rstrip('/')}", _token(parts.password))


def _token(text: str | None) -> str | None:
    """Return the token of the URL; one that no header can carry is refused here, not shown by the client."""
    token = unquote(text) if text else None
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise ConfigurationError("the SmartGo token has characters that no header can carry: correct SMARTGO_TOKEN")
    return token


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
