"""Dagster's SQLite event log with its connections kept open, for runs inside one process. Its files are Dagster's own.

Dagster 1.13 opens and closes a database for every event, which costs more than a day's own work: a day is about a
hundred events. Other processes (`make ui`) read and write the same files in Dagster's own way meanwhile.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

OPEN_SHARDS = 4
"""Databases kept open: the index, and those of the runs under way."""


class WarmEventLog(SqliteEventLogStorage):
    """One open connection per database; the lock that Dagster holds around each use makes sharing it safe."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._open: OrderedDict[str, Connection] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """Make one as Dagster makes its configurable classes."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            connection = self._connection(shard)
            with connection.begin():
                yield connection

    def _connection(self, shard: str) -> Connection:
        if shard in self._open:
            self._open.move_to_end(shard)
            return self._open[shard]
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        connection = engine.connect()
        self._open[shard] = connection
        while len(self._open) > OPEN_SHARDS:
            self._close(self._open.popitem(last=False)[1])
        return connection

    def dispose(self) -> None:
        """Close every database."""
        while self._open:
            self._close(self._open.popitem()[1])
        super().dispose()

    @staticmethod
    def _close(connection: Connection) -> None:
        connection.close()
        connection.engine.dispose()
