"""Reading times from text: what one value means never depends on its neighbours in the same delivery."""

from itertools import product

import polars as pl
import pyarrow as pa
import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.cast import cast_rows
from pricing_lake_tests.contracts.test_split import received

DAYS = ("2026-03-02", "2024-02-29", "2026-02-29", "0001-01-01", "9999-12-31")
TIMES = ("T10:00:00", " 10:00:00", "T23:59:59.5", " 00:00:00.123456", "T10:00:00.1234567", "T24:00:00", "T10:00", "")
OFFSETS = ("", "Z", "z", "+00:00", "+02:00", "-05:30", "+0200", "+24:00")
TEXTS = ["".join(parts) for parts in product(DAYS, TIMES, OFFSETS)] + ["\u0662026-03-02T10:00:00Z", "soon"]


def sold_at(*texts: str | None) -> list[int | None]:
    """Microseconds since 1970, which reach further than Python's own times."""
    rows = received(*({"sold_at": text} for text in texts))
    moments = cast_rows(RAW_SMARTGO_SALES, rows).rows.column("sold_at")
    microseconds: list[int | None] = moments.cast(pa.int64()).to_pylist()
    return microseconds


def test_a_time_reads_the_same_alone_and_beside_every_other_spelling() -> None:
    together = sold_at(*TEXTS)
    assert [moment for text in TEXTS for moment in sold_at(text)] == together
    assert sum(moment is None for moment in together) > 30
    assert sum(moment is not None for moment in together) > 100


def test_nulls_stay_null_among_plain_times() -> None:
    assert sold_at(None, "2026-03-02T10:00:00Z", None)[::2] == [None, None]
    assert sold_at(None, None) == [None, None]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_every_arrow_text_type_is_read(kind: pa.DataType) -> None:
    rows = received({"sold_price": "12,50"}, {})
    retyped = pa.table({name: rows.column(name).cast(kind) for name in rows.column_names})
    cast = cast_rows(RAW_SMARTGO_SALES, retyped)
    assert cast.rows.equals(cast_rows(RAW_SMARTGO_SALES, rows).rows)
    assert [name for name, mask in cast.broken.items() if mask.to_list() == [True, False]] == ["sold_price_unparseable"]
    assert isinstance(cast.broken["sold_price_unparseable"], pl.Series)
