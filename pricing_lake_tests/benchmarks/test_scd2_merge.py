"""What `benchmarks.scd2_merge` compares does the same work: the dimension is equal, however it is made."""

from pathlib import Path

import pyarrow.parquet as pq

from benchmarks import scd2_merge
from benchmarks.sales_day import new_lake
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER

ROWS = 300
COMPARED = [name for name in DIM_CUSTOMER.names if name != "customer_sk"]
"""Everything but the key, whose hash is another in DuckDB."""


def test_ours_a_merge_and_a_rebuild_make_the_same_dimension(tmp_path: Path) -> None:
    scd2_merge.make_input(tmp_path, ROWS)
    scd2_merge.published(tmp_path, tmp_path)()
    ours = new_lake(tmp_path / "lake").table(DIM_CUSTOMER).scan(selected_fields=tuple(COMPARED)).to_arrow()
    assert ours.num_rows == ROWS + 3
    expected = sorted(ours.to_pylist(), key=str)
    for name in (scd2_merge.MERGED, scd2_merge.REBUILT):
        out = tmp_path / name
        out.mkdir()
        scd2_merge.BENCHMARK.variants[name](tmp_path, out)()
        made = pq.read_table(out / "dimension.parquet", columns=COMPARED).cast(ours.schema)
        assert sorted(made.to_pylist(), key=str) == expected
