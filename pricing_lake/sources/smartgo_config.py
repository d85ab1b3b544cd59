"""A shop's connection as one JSON document, as operators keep it among their secrets: checked, then made a URL.

Where the document is kept is not known here.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.smartgo_mapping import SmartGoMapping

DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
MYSQL_TLS: dict[str, dict[str, str]] = {
    "disable": {"ssl": "false"},
    "prefer": {},
    "require": {"ssl": "true", "ssl_verify": "false"},
    "verify-ca": {"ssl_verify": "ca"},
    "verify-full": {"ssl_verify": "true"},
}
"""libpq's words, which the document uses for every engine, as options of a MySQL URL."""
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


@dataclass(frozen=True)
class Field:
    """What one field of the document may be, in words and as a test of text (or of any value)."""

    wanted: str
    is_right: Callable[[Any], bool]
    is_needed: bool = True


def _text(fits: Callable[[str], object] = bool) -> Callable[[Any], bool]:
    """Return the test for text that is not empty, can be printed and fits."""
    return lambda value: isinstance(value, str) and bool(value) and value.isprintable() and bool(fits(value))


def _is_port(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536


FIELDS = {
    "engine": Field(f"one of {', '.join(DEFAULT_PORTS)}", _text(DEFAULT_PORTS.__contains__)),
    "host": Field("a host name or address", _text(HOST.fullmatch)),
    "port": Field("a whole number from 1 to 65535", _is_port, is_needed=False),
    "database": Field("the database's name", _text(lambda name: "/" not in name)),
    "user": Field("the user's name", _text()),
    "password": Field("text that can be printed", _text()),
    "sslmode": Field(f"one of {', '.join(SSL_MODES)}", _text(SSL_MODES.__contains__), is_needed=False),
    "sslrootcert": Field("the path of a certificate file", _text(), is_needed=False),
    "mapping": Field("an object with table and columns", lambda value: isinstance(value, dict), is_needed=False),
}


def smartgo_url_from_config(text: str) -> tuple[str, Mapping[str, Any]]:
    """Return the URL and the mapping (empty when there is none) that a JSON document describes.

    Raises ConfigurationError, one line that names every wrong field and shows the value of none.
    """
    document = _parsed(text)
    problems = [problem for name in FIELDS if (problem := _problem(name, document))]
    problems += [f"{name!a} is no field" for name in document if name not in FIELDS]
    if document.get("sslrootcert") and document.get("sslmode") not in ("verify-ca", "verify-full"):
        problems.append("sslrootcert needs sslmode verify-ca or verify-full")
    if problems:
        raise ConfigurationError(f"fix the SmartGo configuration: {'; '.join(problems)}")
    mapping = document.get("mapping", {})
    SmartGoMapping.from_mapping(mapping)
    return _url(document), mapping


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        # The parser's error holds the whole document with its password, so it is not passed on.
        raise ConfigurationError("the SmartGo configuration is not JSON: write it as one object") from None
    if not isinstance(document, dict):
        raise ConfigurationError('the SmartGo configuration is not a JSON object: write it as {"engine": …}')
    return document


def _problem(name: str, document: Mapping[str, Any]) -> str | None:
    field = FIELDS[name]
    if name not in document:
        return f"{name} is missing, it must be {field.wanted}" if field.is_needed else None
    return None if field.is_right(document[name]) else f"{name} must be {field.wanted}"


def _url(document: Mapping[str, Any]) -> str:
    engine, host = document["engine"], document["host"]
    host = f"[{host}]" if ":" in host else host
    port = document.get("port", DEFAULT_PORTS[engine])
    user, password, database = (quote(document[name], safe="") for name in ("user", "password", "database"))
    options = urlencode(_tls(engine, document), quote_via=quote)
    return f"{engine}://{user}:{password}@{host}:{port}/{database}{'?' if options else ''}{options}"


def _tls(engine: str, document: Mapping[str, Any]) -> dict[str, str]:
    """Return the URL's TLS options, in the words of the engine's driver."""
    authority = document.get("sslrootcert")
    if engine == "postgresql":
        named = {"sslmode": document.get("sslmode"), "sslrootcert": authority}
        return {name: value for name, value in named.items() if value}
    return MYSQL_TLS[document.get("sslmode", "prefer")] | ({"ssl_ca": authority} if authority else {})
