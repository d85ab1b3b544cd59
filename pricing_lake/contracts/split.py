"""The quarantine split: received rows into good | quarantined, every broken rule named. Decides nothing about days.

The same rule expressions drive `as_pandera`; a property test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.contracts.cast import REASON_COLUMN, Cast, cast_rows
from pricing_lake.contracts.model import Severity, Table
from pricing_lake.contracts.repeats import repeats

REASONS = "_reasons"
_FEW_GAPS = 100
_ROWS_AT_ONCE = 65_536
_KEY_HASH = "key hash"  # no rule is called so: their names hold no space


@dataclass(frozen=True)
class Split:
    """One partition's rows after the contract.

    `good` has the contract's own columns and types; `quarantined` the received columns plus `_reasons`
    (list of names, in rule order); `duplicates` counts rows equal in every column to one that was kept.
    `warnings` counts, per warn rule, good rows that break it.
    """

    good: pa.Table
    quarantined: pa.Table
    reasons: Mapping[str, int]
    warnings: Mapping[str, int]
    duplicates: int


Bounds = tuple[pa.Scalar, pa.Scalar]
"""Half-open bounds of a partition, in the type of the table's window column."""


def split_rows(table: Table, raw: pa.Table, bounds: Bounds | None = None) -> Split:
    """Split `raw` by the contract of `table`. Received = good + quarantined + duplicates, always.

    With `bounds`, a row whose window column lies outside belongs to another partition and is quarantined as
    `<window>_outside_partition`: published here it would be doubled there.

    Raises SourceSchemaError or ContractError when the columns themselves are wrong.
    """
    cast = cast_rows(table, raw)
    judged = _judge(table, cast.rows)
    masks = _masks(table, cast, raw, judged)
    if bounds is not None:
        masks |= _outside(table, cast.rows, bounds)
    bad = _any(masks, raw.num_rows)
    repeated, duplicate = repeats(table, cast.rows, ~bad, judged[_KEY_HASH])
    if repeated.any():
        masks[table.repeated_reason] = repeated
        bad |= repeated
    drop = bad | duplicate
    return Split(
        good=_without(cast.rows, drop),
        quarantined=_quarantined(raw, masks, bad),
        reasons={name: int(mask.sum()) for name, mask in masks.items()},
        warnings={name: int((judged[name] & ~drop).sum()) for name in _rule_names(table, Severity.WARN)},
        duplicates=int(duplicate.sum()),
    )


def _judge(table: Table, rows: pa.Table) -> pl.DataFrame:
    """Per row, whether it breaks each row rule, and a hash of its key. A stretch at a time: memory is used again."""
    named = {name for rule in table.row_rules for name in rule.expression.meta.root_names()}
    needed = rows.select([name for name in table.names if name in named.union(table.key)])
    broken = [(~rule.expression).fill_null(value=False).alias(rule.name) for rule in table.row_rules]
    key_hash = pl.struct(table.key).hash().alias(_KEY_HASH)
    return pl.concat(
        pl.DataFrame(pl.from_arrow(needed.slice(start, _ROWS_AT_ONCE))).select(*broken, key_hash)
        for start in range(0, max(rows.num_rows, 1), _ROWS_AT_ONCE)
    )


def _masks(table: Table, cast: Cast, raw: pa.Table, judged: pl.DataFrame) -> dict[str, pl.Series]:
    """Broken reasons to masks (true = broken): the producer's, then unreadable, then missing, then the rules."""
    masks: dict[str, pl.Series] = {}
    told = pl.Series([False]).new_from_index(0, raw.num_rows)
    if REASON_COLUMN in raw.column_names:
        given = pl.Series(pl.from_arrow(raw.column(REASON_COLUMN)))
        told = given.is_not_null()
        masks.update(
            {reason: (given == reason).fill_null(value=False) for reason in given.drop_nulls().unique().sort()}
        )
    masks.update(cast.broken)
    for column in table.columns:
        if column.required and cast.rows.column(column.name).null_count:
            missing = pl.Series(pl.from_arrow(cast.rows.column(column.name).is_null())) & ~told
            for failure in (f"{column.name}_unparseable", f"{column.name}_out_of_range"):
                if failure in cast.broken:
                    missing &= ~cast.broken[failure]
            masks[f"{column.name}_missing"] = missing
    masks.update({name: judged[name] for name in _rule_names(table, Severity.CRITICAL)})
    return {name: mask for name, mask in masks.items() if mask.any()}


def _rule_names(table: Table, severity: Severity) -> list[str]:
    return [rule.name for rule in table.row_rules if rule.severity is severity]


def _outside(table: Table, rows: pa.Table, bounds: Bounds) -> dict[str, pl.Series]:
    values = rows.column(table.window)
    outside = pc.or_(pc.less(values, bounds[0]), pc.greater_equal(values, bounds[1]))
    mask = pl.Series(pl.from_arrow(pc.fill_null(outside, False)))
    return {f"{table.window}_outside_partition": mask} if mask.any() else {}


def _any(masks: Mapping[str, pl.Series], rows: int) -> pl.Series:
    if not masks:
        return pl.Series([False]).new_from_index(0, rows)
    return (
        pl.select(pl.any_horizontal(*(pl.lit(mask) for mask in masks.values()))).to_series()
        if rows
        else pl.Series([], dtype=pl.Boolean)
    )


def _without(rows: pa.Table, drop: pl.Series) -> pa.Table:
    """`rows` but the dropped ones. A few are cut out without a copy: one bad row must not double the embeddings."""
    gaps = drop.arg_true().to_list() if drop.sum() <= _FEW_GAPS else None
    if gaps is None:
        return rows.filter(pc.invert(drop.to_arrow()))
    return pa.concat_tables(
        rows.slice(before + 1, after - before - 1) for before, after in pairwise((-1, *gaps, rows.num_rows))
    )


def _quarantined(raw: pa.Table, masks: Mapping[str, pl.Series], bad: pl.Series) -> pa.Table:
    received = raw.drop_columns([REASON_COLUMN]) if REASON_COLUMN in raw.column_names else raw
    rows = received if bad.all() else received.filter(bad.to_arrow())
    broken = np.zeros((rows.num_rows, len(masks)), dtype=bool)
    for position, mask in enumerate(masks.values()):
        broken[:, position] = mask.filter(bad).to_numpy()
    names = pa.array(masks, pa.string()).take(pa.array(np.nonzero(broken)[1]))
    stops = np.zeros(rows.num_rows + 1, dtype=np.int32)
    np.cumsum(broken.sum(axis=1), out=stops[1:])
    return rows.append_column(REASONS, pa.ListArray.from_arrays(pa.array(stops), names))
