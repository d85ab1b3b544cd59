"""Avro messages by the schema they name, one at a time, values exact. The registry and the frame live next door."""

import json
from io import BytesIO
from typing import Any

import fastavro
from confluent_kafka.schema_registry import Schema
from fastavro.schema import SchemaParseException, UnknownType

from pricing_lake.sources.orders_stream_fields import MalformedError
from pricing_lake.sources.orders_stream_framing import SchemaName
from pricing_lake.sources.orders_stream_registry import Registry, UnknownSchemaError


class UnusableSchemaError(Exception):
    """A registered schema cannot be used, or one that it refers to is not there."""


class AvroReader:
    """Reads records by the writer's schema; every schema is parsed once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._parsed: dict[SchemaName, Any] = {}

    def read(self, name: SchemaName, schema: Schema, payload: bytes) -> dict[str, object]:
        """The record's fields as Python values: decimals as Decimal, times as datetime.

        Raises MalformedError when the bytes are no record of that schema, or go on after it, and
        UnusableSchemaError.
        """
        if name not in self._parsed:
            self._parsed[name] = self._parse(schema)
        bytes_left = BytesIO(payload)
        try:
            record = fastavro.schemaless_reader(bytes_left, self._parsed[name], None)
        except Exception as error:  # whatever foreign bytes make of a schema: EOFError, IndexError, UnicodeDecodeError
            raise MalformedError(f"no Avro record of {name} ({type(error).__name__})") from None
        if bytes_left.tell() < len(payload):
            raise MalformedError(f"Avro that goes on after a record of {name}")
        if not isinstance(record, dict):
            raise MalformedError(f"Avro of {name}, which is no record")
        return record

    def _parse(self, schema: Schema) -> Any:
        named: dict[str, Any] = {}
        try:
            self._parse_referenced(schema, named, set())
            return fastavro.parse_schema(json.loads(schema.schema_str or ""), named_schemas=named)
        except (UnknownSchemaError, SchemaParseException, UnknownType, ValueError) as error:
            raise UnusableSchemaError(type(error).__name__) from None

    def _parse_referenced(self, schema: Schema, named: dict[str, Any], met: set[tuple[str, int]]) -> None:
        """Parse what the schema refers to, the deepest first and each once, into `named`."""
        for place, referenced in self._registry.referenced(schema):
            if place not in met:
                met.add(place)
                self._parse_referenced(referenced, named, met)
                fastavro.parse_schema(json.loads(referenced.schema_str or ""), named_schemas=named)
