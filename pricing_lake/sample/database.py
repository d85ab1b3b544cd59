"""The SQLite file of the synthetic shop: its one table, whose file it is, how it is replaced in one step."""

import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pricing_lake.errors import ConfigurationError
from pricing_lake.sample.sales import SaleRow

# Written into the file's header; nothing else calls itself this ("PLSS": Pricing Lake's synthetic shop).
APPLICATION_ID = 0x504C5353
HEADER_MAGIC = b"SQLite format 3\0"
APPLICATION_ID_AT = slice(68, 72)

SCHEMA = """
create table sales (
    sale_id text, tenant_id text, product_id text, category text, brand text, condition text, sold_price,
    currency text, sold_at text, image_url text, description text, customer_id text, quantity int,
    updated_at text, deleted_at text
)
"""
INDEXES = (
    "create index sales_by_sold_at on sales (sold_at)",
    "create index sales_by_updated_at on sales (updated_at)",
)
INSERT = f"insert into sales values ({', '.join('?' * len(SaleRow._fields))})"  # noqa: S608


def refuse_foreign(database: Path) -> None:
    """Raise ConfigurationError unless `database` is free or a sample that this package made and nobody is using."""
    if database.exists() and not _is_sample(database):
        raise ConfigurationError(f"{database} exists and is not a SmartGo sample: name another file, or move it away")
    for suffix in ("-journal", "-wal"):
        beside = database.with_name(database.name + suffix)
        if beside.exists():
            # SQLite would play a left-over journal into the new file.
            raise ConfigurationError(f"{beside} exists: close what uses the database, or remove that file, and retry")


@contextmanager
def replacement(database: Path) -> Iterator[sqlite3.Connection]:
    """A new, empty shop to fill; it takes the place of `database` when the block ends well, and vanishes otherwise.

    Readers see the old file or the new one, never a part.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    building = database.with_name(f".{database.name}.{uuid.uuid4().hex}.building")
    try:
        with closing(sqlite3.connect(building, isolation_level=None)) as connection:
            # The file is thrown away when anything fails, so it needs no journal of its own.
            connection.execute("pragma journal_mode = off")
            connection.execute("pragma synchronous = off")
            connection.execute(f"pragma application_id = {APPLICATION_ID}")
            connection.execute(SCHEMA)
            yield connection
            for index in INDEXES:
                connection.execute(index)
        _flush(building)
        building.replace(database)
    finally:
        building.unlink(missing_ok=True)


def insert(connection: sqlite3.Connection, rows: Iterable[SaleRow]) -> None:
    """Add the rows in one transaction."""
    connection.execute("begin")
    connection.executemany(INSERT, rows)
    connection.execute("commit")


def _is_sample(database: Path) -> bool:
    if not database.is_file():
        return False
    with database.open("rb") as file:
        header = file.read(APPLICATION_ID_AT.stop)
    return header.startswith(HEADER_MAGIC) and int.from_bytes(header[APPLICATION_ID_AT]) == APPLICATION_ID


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
