"""Files as UNLOAD may write them, placed by hand: every form of time, empty unloads, and files that are not as told.

The manifests follow AWS's documentation of UNLOAD … MANIFEST VERBOSE; they have not met one that Redshift wrote.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from pricing_lake.errors import SourceDataError, SourceUnavailableError
from pricing_lake.sources.redshift_mapping import COLUMNS
from pricing_lake.sources.redshift_unload_files import SCHEMA, check_footers, file_batches
from pricing_lake.sources.redshift_unload_manifest import unloaded_files
from pricing_lake.sources.redshift_unload_place import Place
from pricing_lake_tests.sources.redshift_warehouse import entry, manifest, parquet

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456)


def rows(count: int, kind: pa.DataType | None = None) -> pa.Table:
    texts: dict[str, Any] = {name: pa.array([f"{name} {n}" for n in range(count)]) for name in COLUMNS}
    moment = NOON.replace(tzinfo=UTC) if kind is not None and kind.tz else NOON
    return pa.table(texts | {"event_ts": pa.array([moment] * count, kind or pa.timestamp("us"))})


@dataclass(frozen=True)
class Folder:
    """A folder of one unload."""

    path: Path

    @property
    def place(self) -> Place:
        return Place(str(self.path.parent), self.path.name)

    def put(self, *bodies: tuple[bytes, int], **change: Any) -> None:
        """Write files and the manifest that tells of them."""
        entries = []
        for number, (body, count) in enumerate(bodies):
            name = f"{number:04}_part_00.parquet"
            (self.path / name).write_bytes(body)
            entries.append(entry(f"s3://{self.path / name}", body, count))
        (self.path / "manifest").write_bytes(manifest(entries, COLUMNS, **change))

    def read(self, expected: int, columns: Sequence[str] = COLUMNS) -> pa.Table:
        files = fs.LocalFileSystem()
        unloaded = unloaded_files(files, self.place, columns, expected)
        check_footers(files, unloaded)
        return pa.Table.from_batches(file_batches(files, unloaded), SCHEMA)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    path = tmp_path / "window" / "token"
    path.mkdir(parents=True)
    return Folder(path)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (pa.timestamp("us"), {}),
        (pa.timestamp("us", "UTC"), {}),
        (pa.timestamp("ns"), {"use_deprecated_int96_timestamps": True}),
    ],
)
def test_times_are_utc_to_the_microsecond_however_they_are_stored(
    folder: Folder, kind: pa.DataType, options: dict[str, Any]
) -> None:
    target = io.BytesIO()
    pq.write_table(rows(2, kind), target, **options)
    folder.put((target.getvalue(), 2))
    assert folder.read(2)["event_ts"].to_pylist() == [NOON.replace(tzinfo=UTC)] * 2


def test_an_int96_time_far_away_is_itself(folder: Folder) -> None:
    """Nanoseconds since 1970 end in 2262: read as such, a later time would come out as one long ago."""
    far = datetime(2999, 12, 31)
    target = io.BytesIO()
    pq.write_table(
        rows(1).set_column(1, "event_ts", pa.array([far], pa.timestamp("us"))),
        target,
        use_deprecated_int96_timestamps=True,
    )
    folder.put((target.getvalue(), 1))
    assert folder.read(1)["event_ts"].to_pylist() == [far.replace(tzinfo=UTC)]


def test_text_that_is_stored_as_bytes_is_text(folder: Folder) -> None:
    folder.put((parquet(rows(1).set_column(0, "event_id", pa.array([b"\xc3\xb6"]))), 1))
    assert folder.read(1)["event_id"].to_pylist() == ["ö"]
    folder.put((parquet(rows(1).set_column(0, "event_id", pa.array([b"\xff"]))), 1))
    with pytest.raises(SourceDataError, match="is damaged or holds other types"):
        folder.read(1)


def test_empty_unloads_of_every_form_are_empty(folder: Folder) -> None:
    assert folder.read(0).num_rows == 0
    folder.put()
    assert folder.read(0).num_rows == 0
    folder.put((parquet(rows(0)), 0))
    assert folder.read(0).num_rows == 0
    folder.put((parquet(rows(0)), 0), (parquet(rows(3)), 3))
    assert folder.read(3).num_rows == 3


def test_an_unload_without_its_manifest_is_not_empty(folder: Folder) -> None:
    with pytest.raises(SourceUnavailableError, match="manifest is missing"):
        folder.read(1)
    (folder.path / "0000_part_00.parquet").write_bytes(b"")
    with pytest.raises(SourceUnavailableError, match="manifest is missing"):
        folder.read(0)


def test_a_count_that_differs_from_the_manifest(folder: Folder) -> None:
    folder.put((parquet(rows(2)), 2))
    with pytest.raises(SourceDataError, match="says 2 rows, its files 2, the count 3"):
        folder.read(3)
    folder.put((parquet(rows(2)), 2), meta={"record_count": 3})
    with pytest.raises(SourceDataError, match="says 3 rows, its files 2, the count 3"):
        folder.read(3)


def test_a_file_with_other_rows_than_the_manifest_says(folder: Folder) -> None:
    folder.put((parquet(rows(2)), 3))
    with pytest.raises(SourceDataError, match=r"0000_part_00.parquet has 2 rows, its manifest says 3"):
        folder.read(3)


def test_a_manifest_about_other_columns(folder: Folder) -> None:
    folder.put((parquet(rows(2)), 2))
    with pytest.raises(SourceDataError, match="is about other columns"):
        folder.read(2, COLUMNS[:-1])


def test_a_file_with_other_columns(folder: Folder) -> None:
    folder.put((parquet(rows(2).rename_columns([*COLUMNS[:-1], "medium"])), 2))
    with pytest.raises(SourceDataError, match=r"0000_part_00.parquet has columns event_id, .*, medium"):
        folder.read(2)


def test_a_column_of_a_type_that_is_no_text_of_ours(folder: Folder) -> None:
    folder.put((parquet(rows(2).set_column(1, "event_ts", pa.array(["yesterday"] * 2))), 2))
    with pytest.raises(SourceDataError, match="is damaged or holds other types"):
        folder.read(2)


def test_a_damaged_page_is_found_while_reading(folder: Folder) -> None:
    body = bytearray(parquet(rows(2_000), group_rows=1_000))
    body[len(body) // 4 : len(body) // 4 + 2_000] = bytes(2_000)
    folder.put((bytes(body), 2_000))
    with pytest.raises(SourceDataError, match="is damaged or holds other types"):
        folder.read(2_000)


@pytest.mark.parametrize("body", [b"", b"PAR1", b"x" * 100])
def test_a_file_that_is_no_parquet(folder: Folder, body: bytes) -> None:
    folder.put((body, 1))
    with pytest.raises(SourceDataError, match="is damaged or holds other types"):
        folder.read(1)


def test_a_file_named_twice_or_elsewhere(folder: Folder) -> None:
    body = parquet(rows(1))
    folder.put((body, 1))
    named = entry(f"s3://{folder.path}/0000_part_00.parquet", body, 1)
    (folder.path / "manifest").write_bytes(manifest([named, named], COLUMNS))
    with pytest.raises(SourceDataError, match="names a file twice"):
        folder.read(2)
    outside = folder.path.parent / "elsewhere.parquet"
    outside.write_bytes(body)
    (folder.path / "manifest").write_bytes(manifest([entry(f"s3://{outside}", body, 1)], COLUMNS))
    with pytest.raises(SourceDataError, match="names a file outside its folder"):
        folder.read(1)


def test_one_row_group_at_a_time_is_in_memory(folder: Folder) -> None:
    folder.put((parquet(rows(6_000), group_rows=1_000), 6_000))
    files = fs.LocalFileSystem()
    sizes = [batch.num_rows for batch in file_batches(files, unloaded_files(files, folder.place, COLUMNS, 6_000))]
    assert sizes == [1_000] * 6
