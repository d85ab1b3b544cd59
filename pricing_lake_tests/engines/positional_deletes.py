"""Commits a positional delete file to a table, as Athena's DELETE does: pyiceberg reads them but writes none."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.metadata import TableMetadataV2
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import AddSnapshotUpdate, SetSnapshotRefUpdate

# Field ids that the Iceberg specification reserves for the two columns of a positional delete file.
_SCHEMA = pa.schema(
    [
        pa.field("file_path", pa.string(), nullable=False, metadata={"PARQUET:field_id": "2147483546"}),
        pa.field("pos", pa.int64(), nullable=False, metadata={"PARQUET:field_id": "2147483545"}),
    ]
)


class _DeleteManifestWriter(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def delete_positions(table: Table, task: FileScanTask, positions: Sequence[int]) -> Table:
    """Delete the rows at `positions` of the planned file by a new snapshot; answer the table as it is then."""
    parent = table.current_snapshot()
    assert parent is not None
    assert isinstance(table.metadata, TableMetadataV2)
    snapshot_id, sequence_number = table.metadata.new_snapshot_id(), table.metadata.last_sequence_number + 1
    manifest = table.io.new_output(f"{table.location()}/metadata/deletes-{snapshot_id}.avro")
    spec, schema = table.specs()[task.file.spec_id], table.schema()
    with _DeleteManifestWriter(spec, schema, manifest, snapshot_id, "deflate") as writer:
        writer.add_entry(_entry(_write(table, task, positions, snapshot_id), snapshot_id))
    manifest_list = table.io.new_output(f"{table.location()}/metadata/snap-{snapshot_id}.avro")
    with write_manifest_list(2, manifest_list, snapshot_id, parent.snapshot_id, sequence_number, "deflate") as listed:
        listed.add_manifests([*parent.manifests(table.io), writer.to_manifest_file()])
    snapshot = Snapshot.model_validate(
        {
            "snapshot-id": snapshot_id,
            "parent-snapshot-id": parent.snapshot_id,
            "sequence-number": sequence_number,
            "manifest-list": manifest_list.location,
            "summary": Summary(Operation.DELETE),
            "schema-id": schema.schema_id,
        }
    )
    reference = SetSnapshotRefUpdate.model_validate(
        {"snapshot-id": snapshot_id, "ref-name": MAIN_BRANCH, "type": SnapshotRefType.BRANCH}
    )
    table.catalog.commit_table(table, (), (AddSnapshotUpdate(snapshot=snapshot), reference))
    return table.refresh()


def _write(table: Table, task: FileScanTask, positions: Sequence[int], snapshot_id: int) -> DataFile:
    path = f"{table.location()}/data/deletes-{snapshot_id}.parquet"
    deleted = pa.table({"file_path": [task.file.file_path] * len(positions), "pos": sorted(positions)}, schema=_SCHEMA)
    output: Any = table.io.new_output(path)
    with output.create() as stream:
        pq.write_table(deleted, stream)
    return DataFile.from_args(
        content=DataFileContent.POSITION_DELETES,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=task.file.partition,
        record_count=len(positions),
        file_size_in_bytes=len(table.io.new_input(path)),
        column_sizes={},
        value_counts={},
        null_value_counts={},
        nan_value_counts={},
        lower_bounds={},
        upper_bounds={},
        key_metadata=None,
        split_offsets=None,
        equality_ids=None,
        sort_order_id=None,
        spec_id=task.file.spec_id,
    )


def _entry(file: DataFile, snapshot_id: int) -> ManifestEntry:
    return ManifestEntry.from_args(
        status=ManifestEntryStatus.ADDED,
        snapshot_id=snapshot_id,
        sequence_number=None,
        file_sequence_number=None,
        data_file=file,
    )
