"""What visitors did in the shops, out of Redshift: one source, read by UNLOAD or over the wire as settings say.

Both ways live next door; casting to the contract is the caller's part.
"""

import re
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.redshift_mapping import RedshiftMapping
from pricing_lake.sources.redshift_sql import NAME, BehaviorRead, missing_columns
from pricing_lake.sources.window import Window

_VERSION = re.compile(r"Redshift [\d.]+|PostgreSQL [\d.]+")


@dataclass(frozen=True)
class RedshiftSettings:
    """Everything that says which warehouse is read, and how; with neither `unload_uri` nor `url` the source is off.

    `unload_uri` leads through the Data API and needs `database` and `workgroup` or `cluster`; else `url` leads over
    the wire. `endpoint` overrides AWS's own addresses when it is not empty.
    """

    url: str = field(default="", repr=False)
    unload_uri: str = ""
    database: str = ""
    workgroup: str = ""
    cluster: str = ""
    db_user: str = ""
    secret_arn: str = ""
    iam_role: str = "default"
    max_file_megabytes: int = 256
    timeout_seconds: int = 1_800
    mapping: Mapping[str, Any] = field(default_factory=dict)
    region: str = "eu-west-1"
    endpoint: str = ""

    @property
    def is_on(self) -> bool:
        """Tell whether there is anything to read."""
        return bool(self.unload_uri or self.url)


@dataclass(frozen=True)
class RedshiftFacts:
    """What a look at the warehouse found. A positive skew means that its clock is ahead of ours.

    Its clock ticks in whole seconds. `missing_columns` are the mapped names that the table lacks: all of them when
    `has_table` is false, which is also what a table without SELECT rights looks like.
    """

    way: str
    server_version: str
    latency_seconds: float
    clock_skew_seconds: float
    has_table: bool
    missing_columns: tuple[str, ...]


class Events(Protocol):
    """One way of reading the warehouse."""

    def read(self, window: Window) -> AbstractContextManager[BehaviorRead]:
        """Open a window's events; see `RedshiftBehavior.read`."""

    def clock(self) -> tuple[float, str]:
        """Return the warehouse's time in seconds since 1970, and its version."""

    def types(self) -> dict[str, str]:
        """Return the type of each column of the table by its name in lower case; none when there is no table."""

    def look(self) -> None:
        """Look at whatever else reading needs; raises when it is out of reach."""


class RedshiftBehavior:
    """The warehouse's behaviour events. Nothing is connected before the first call.

    All methods raise ConfigurationError (settings, rights), SourceSchemaError (table or column missing, or of an
    unusable type), SourceUnavailableError (try again later) or SourceDataError (the warehouse contradicts itself).
    """

    name = NAME

    def __init__(self, settings: RedshiftSettings) -> None:
        if not settings.is_on:
            raise ConfigurationError("Redshift is off: set REDSHIFT_UNLOAD_URI or REDSHIFT_URL")
        self._mapping = RedshiftMapping.from_mapping(settings.mapping)
        self._way = "unload" if settings.unload_uri else "wire"
        self._events: Events = (_by_unload if settings.unload_uri else _over_the_wire)(settings, self._mapping)

    def read(self, window: Window) -> AbstractContextManager[BehaviorRead]:
        """Open the events of a window, in no particular order, with their count from the same transaction.

        Values are as stored; a value that the contract will refuse fails nothing here.
        """
        return self._events.read(window)

    def now(self) -> datetime:
        """Return the warehouse's own time, UTC, in whole seconds."""
        clock, _ = self._events.clock()
        return datetime.fromtimestamp(clock, UTC)

    def probe(self) -> RedshiftFacts:
        """Connect, compare clocks, look at the table and at the place of unloads."""
        sent = time.time()
        clock, version = self._events.clock()
        answered = time.time()
        types = self._events.types()
        self._events.look()
        found = _VERSION.findall(version)
        return RedshiftFacts(
            way=self._way,
            server_version=found[-1] if found else version[:60],
            latency_seconds=answered - sent,
            clock_skew_seconds=clock - (sent + answered) / 2,
            has_table=bool(types),
            missing_columns=missing_columns(self._mapping, types),
        )


def _by_unload(settings: RedshiftSettings, mapping: RedshiftMapping) -> Events:
    from pricing_lake.sources.redshift_statements import Patience, Statements, Warehouse, data_api_client
    from pricing_lake.sources.redshift_unload import UnloadedEvents
    from pricing_lake.sources.redshift_unload_files import unload_file_system
    from pricing_lake.sources.redshift_unload_place import UnloadOptions

    options = UnloadOptions(settings.unload_uri, settings.iam_role, settings.max_file_megabytes)
    warehouse = Warehouse(
        settings.database, settings.workgroup, settings.cluster, settings.db_user, settings.secret_arn
    )
    table = mapping.table_name
    statements = Statements(
        data_api_client(settings.region, settings.endpoint),
        warehouse,
        Patience(settings.timeout_seconds),
        (table.schema, table.name, str(table), *mapping.needed),
    )
    return UnloadedEvents(statements, unload_file_system(settings.region, settings.endpoint), options, mapping)


def _over_the_wire(settings: RedshiftSettings, mapping: RedshiftMapping) -> Events:
    from pricing_lake.sources.adbc import ReadOptions
    from pricing_lake.sources.redshift_wire import WireEvents, redshift_database

    options = ReadOptions(statement_timeout_seconds=settings.timeout_seconds)
    return WireEvents(redshift_database(settings.url, options), mapping)
