"""Schemas from a Confluent-compatible registry, each fetched once. Messages are not seen here."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from pricing_lake.errors import ConfigurationError, SourceUnavailableError
from pricing_lake.sources.orders_stream_framing import SchemaName

JSON_SCHEMA, AVRO = "JSON", "AVRO"
_NO_SUCH_SCHEMA = (40401, 40402, 40403)
"""The registry's own codes for a subject, a version and a schema that it does not have; a bare 404 is none of them."""
_RETRIES = 2


class UnknownSchemaError(Exception):
    """The registry answers, and has no schema of that name."""


@dataclass(frozen=True)
class RegistrySettings:
    """Where the registry is. `properties` are those of Confluent's client (credentials, TLS) and are never printed."""

    url: str
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float = 10.0

    def __post_init__(self) -> None:
        for url in self.url.split(","):
            parts = urlsplit(url.strip())
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ConfigurationError("ORDERS_SCHEMA_REGISTRY_URL must be an http:// or https:// address")
            if "@" in parts.netloc:
                raise ConfigurationError(
                    "ORDERS_SCHEMA_REGISTRY_URL must hold no password; set ORDERS_SCHEMA_REGISTRY_USER_INFO"
                )


class Registry:
    """What schemas there are. Known ones are remembered for good, unknown ones for the life of this object."""

    def __init__(self, settings: RegistrySettings) -> None:
        """Raises ConfigurationError for properties that the client refuses. Connects to nothing."""
        self._settings = settings
        self._unknown: set[SchemaName] = set()
        self._known: dict[SchemaName, Schema] = {}
        wanted = {"url": settings.url, "timeout": settings.timeout_seconds, "max.retries": _RETRIES}
        try:
            self._client = SchemaRegistryClient({**wanted, **settings.properties})
        except (ValueError, TypeError, OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"the schema registry's client refuses its settings ({type(error).__name__}); "
                f"check {', '.join(sorted(settings.properties)) or 'its URL'}"
            ) from None

    def close(self) -> None:
        """Give connections back."""
        self._client.close()

    def schema(self, name: SchemaName) -> Schema:
        """The schema that a message names.

        Raises UnknownSchemaError when the registry says that there is none, SourceUnavailableError when it does not
        answer, ConfigurationError when it refuses us or is no registry.
        """
        if name in self._known:
            return self._known[name]
        if name in self._unknown:
            raise UnknownSchemaError
        try:
            if name.number is not None:
                found = self._call("get_schema", name.number)
            else:
                found = self._call("get_schema_by_guid", name.guid)
        except UnknownSchemaError:
            self._unknown.add(name)
            raise
        if not isinstance(found, Schema) or not found.schema_str:
            raise _no_registry("a schema that is none")
        self._known[name] = found
        return found

    def referenced(self, schema: Schema) -> list[tuple[tuple[str, int], Schema]]:
        """The schemas that a schema refers to, each with its subject and version."""
        places = [(one.subject or "", one.version or 0) for one in schema.references or ()]
        return [(place, self._call("get_version", *place, True).schema) for place in places]

    def probe(self) -> tuple[str, ...]:
        """The kinds of schema that the registry keeps; raises like `schema`."""
        return tuple(self._call("get_schema_types"))

    def _call(self, method: str, *arguments: object) -> Any:
        try:
            answer = getattr(self._client, method)(*arguments)
            if answer is not None:
                return answer
            status, code = 200, None
        except SchemaRegistryError as error:
            status, code = error.http_status_code, error.error_code
        except (json.JSONDecodeError, KeyError, AttributeError):  # a page of something else, answered with 200
            status, code = 200, None
        except Exception as error:  # httpx and its successor have trees of their own
            raise SourceUnavailableError(
                f"the schema registry does not answer ({type(error).__name__}); try again, or check its URL"
            ) from None
        if code in _NO_SUCH_SCHEMA:
            raise UnknownSchemaError
        if status == 429 or status >= 500:
            raise SourceUnavailableError(f"the schema registry answered with HTTP status {status}; try again")
        if status in (401, 403):
            raise ConfigurationError(
                f"the schema registry refuses us (HTTP status {status}); check ORDERS_SCHEMA_REGISTRY_USER_INFO"
            )
        raise _no_registry(f"HTTP status {status}")


def _no_registry(answer: str) -> ConfigurationError:
    return ConfigurationError(f"ORDERS_SCHEMA_REGISTRY_URL leads to no schema registry: it answered with {answer}")
