"""The items of several exports merged on disk: per key the newest write, and a deletion where that was the last one.

Files are read once, line by line, and held against their manifests; which exports are merged is not decided here.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from pyarrow import fs

from pricing_lake.errors import SourceDataError, SourceUnavailableError
from pricing_lake.sources.carousel_export_manifest import Export, ExportedFile, exported_files
from pricing_lake.sources.carousel_items import PARTITION_KEY, SORT_KEY, Item, sale_date
from pricing_lake.sources.dynamodb_values import read_value

_TABLE = """
CREATE TABLE items (partition TEXT, sort TEXT, written INTEGER, day TEXT, item TEXT, PRIMARY KEY (partition, sort))
WITHOUT ROWID
"""
_MERGE = """
INSERT INTO items VALUES (?, ?, ?, ?, ?) ON CONFLICT (partition, sort) DO UPDATE
SET written = excluded.written, day = excluded.day, item = excluded.item WHERE excluded.written >= written
"""
_OF_DAYS = "FROM items WHERE item IS NOT NULL AND day BETWEEN ? AND ?"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 5_000


class Write(NamedTuple):
    """The last write to one key that an export tells of; `item` is None when it was a deletion.

    `written` counts microseconds since 1970.
    """

    partition: str
    sort: str
    written: int
    day: str
    item: str | None


class MergedItems:
    """What the table held when the newest export ended, in a private file that goes away with the object."""

    def __init__(self, index: str) -> None:
        """`index` names the index whose sort key says on which day an item was sold."""
        self._sold_key = f"{index}SK"
        self._database = sqlite3.connect("")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(_TABLE)

    def merge(self, files: fs.FileSystem, exports: Sequence[Export]) -> None:
        """Take in exports, oldest first. Raises SourceDataError for a file that is not what its manifest says."""
        for export in exports:
            to_write = self._full_write if export.since is None else self._changed_write
            for file in exported_files(files, export):
                lines = _lines(files, file)
                self._database.executemany(_MERGE, (_parsed(line, file, export, to_write) for line in lines))
        self._database.execute("CREATE INDEX IF NOT EXISTS by_day ON items (day)")

    def count(self, first: date, last: date) -> int:
        """Return how many items of these days, both included, are there."""
        [(count,)] = self._database.execute(f"SELECT COUNT(*) {_OF_DAYS}", _texts(first, last))
        return int(count)

    def of_days(self, first: date, last: date) -> Iterator[list[Item]]:
        """Yield the items of these days, some thousands at a time."""
        cursor = self._database.execute(f"SELECT item {_OF_DAYS} ORDER BY day", _texts(first, last))
        while rows := cursor.fetchmany(_AT_ONCE):
            yield [json.loads(item) for (item,) in rows]

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def _full_write(self, record: dict[str, Any], export: Export) -> Write:
        """Return what a full export says: this item is as last written, at the latest when the export was taken."""
        item = _mapping(record["Item"])
        return self._write(item, item, (export.until - _EPOCH) // timedelta(microseconds=1), item)

    def _changed_write(self, record: dict[str, Any], export: Export) -> Write:
        """Return what a change says; without a new image the item was deleted."""
        new, old = record.get("NewImage"), record.get("OldImage")
        written = int(read_value(_mapping(record["Metadata"])["WriteTimestampMicros"]).text or "")
        known = _mapping(new or old or record["Keys"])
        return self._write(_mapping(record["Keys"]), known, written, None if new is None else _mapping(new))

    def _write(self, keys: Item, known: Item, written: int, item: Item | None) -> Write:
        partition, sort = (read_value(keys[name]).text or "" for name in (PARTITION_KEY, SORT_KEY))
        return Write(partition, sort, written, self._day(known, written), None if item is None else json.dumps(item))

    def _day(self, item: Item, written: int) -> str:
        """Return the day an item was sold on: by the index, else by its key, else the day on which it was written.

        So an item that no query would find still comes with some day, and lands in quarantine instead of nowhere.
        """
        for text in (read_value(item.get(self._sold_key)).text, sale_date(item)):
            if text and (found := _DAY.match(text)):
                return found[0]
        return (_EPOCH + timedelta(microseconds=written)).date().isoformat()


def _parsed(
    line: bytes, file: ExportedFile, export: Export, to_write: Callable[[dict[str, Any], Export], Write]
) -> Write:
    try:
        return to_write(json.loads(line), export)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SourceDataError(
            f"{file.path} has a line that is no item of an export ({type(error).__name__}); export again"
        ) from error


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value


def _texts(first: date, last: date) -> tuple[str, str]:
    return first.isoformat(), last.isoformat()


class _Hashed(io.RawIOBase):
    """A stream that knows the MD5 of what was read from it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._digest = hashlib.md5(usedforsecurity=False)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer))
        self._digest.update(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    @property
    def md5(self) -> str:
        return base64.b64encode(self._digest.digest()).decode()


def _lines(files: fs.FileSystem, file: ExportedFile) -> Iterator[bytes]:
    """Yield a file's lines, then hold its bytes and their number against the manifest."""
    count = 0
    try:
        with files.open_input_stream(file.path, compression=None) as stream, _Hashed(stream) as hashed:
            with gzip.open(io.BufferedReader(hashed, 1 << 20)) as unpacked:
                for line in unpacked:
                    count += 1
                    yield line
            found = hashed.md5
    except FileNotFoundError as error:
        raise SourceDataError(f"{file.path} is missing; copy the whole export") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise SourceDataError(f"{file.path} is damaged; copy or export it again") from error
    except OSError as error:
        raise SourceUnavailableError(f"{file.path} cannot be read; check access, or try again later") from error
    if found != file.md5:
        raise SourceDataError(f"{file.path} differs from its checksum; copy or export it again")
    if count != file.items:
        raise SourceDataError(f"{file.path} has {count:,} items, its manifest says {file.items:,}; export again")
