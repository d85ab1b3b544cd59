"""Input tables as memory-mapped Arrow files, so that a variant's memory growth is its own and not its input."""

from pathlib import Path

import pyarrow as pa

PAGE = 4_096
ROWS_PER_CHUNK = 10_000


def write_mapped(file: Path, rows: pa.Table) -> None:
    """Write `rows` in chunks, as a source delivers them."""
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=ROWS_PER_CHUNK)


def open_mapped(file: Path) -> pa.Table:
    """The table, with every page already resident: reading it later neither costs disk time nor counts as growth."""
    rows = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
    for column in rows.columns:
        for chunk in column.chunks:
            for buffer in chunk.buffers():
                if buffer is not None:
                    memoryview(buffer)[::PAGE].tobytes()
    return rows
