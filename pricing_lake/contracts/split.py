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
from pricing_lake.contracts.model import Rule, Severity, Table
from pricing_lake.contracts.record_hash import row_hashes

REASONS = "_reasons"
_FEW_GAPS = 100


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
    frame = _judged_columns(table, cast.rows)
    masks = _masks(table, cast, raw, frame)
    if bounds is not None:
        masks |= _outside(table, cast.rows, bounds)
    bad = _any(masks, raw.num_rows)
    repeated, duplicate = _repeats(table, cast.rows, frame, bad)
    if repeated is not None and repeated.any():
        masks[table.repeated_reason] = repeated
        bad = bad | repeated
    drop = bad if duplicate is None else bad | duplicate
    return Split(
        good=_without(cast.rows, drop),
        quarantined=_quarantined(raw, masks, bad),
        reasons={name: int(mask.sum()) for name, mask in masks.items()},
        warnings=_warnings(table, frame, drop),
        duplicates=0 if duplicate is None else int(duplicate.sum()),
    )


def _judged_columns(table: Table, rows: pa.Table) -> pl.DataFrame:
    """The columns that the key or a row rule names, converted once for every step."""
    named = {name for rule in table.row_rules for name in rule.expression.meta.root_names()}
    return pl.DataFrame(pl.from_arrow(rows.select([name for name in table.names if name in named.union(table.key)])))


def _masks(table: Table, cast: Cast, raw: pa.Table, frame: pl.DataFrame) -> dict[str, pl.Series]:
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
    masks.update(frame.select(_broken(rule) for rule in _rules(table, Severity.CRITICAL)).to_dict())
    return {name: mask for name, mask in masks.items() if mask.any()}


def _rules(table: Table, severity: Severity) -> list[Rule]:
    return [rule for rule in table.row_rules if rule.severity is severity]


def _broken(rule: Rule) -> pl.Expr:
    return (~rule.expression).fill_null(value=False).alias(rule.name)


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


def _repeats(
    table: Table, rows: pa.Table, frame: pl.DataFrame, bad: pl.Series
) -> tuple[pl.Series | None, pl.Series | None]:
    """Masks of usable rows that repeat a key: with other content (quarantined), with equal content (dropped).

    Kept is the first by `newest_first` descending, then by row hash, so that delivery order never matters.
    """
    key = frame.select(table.key).with_row_index("row")
    groups = key.filter(~bad) if bad.any() else key
    if _is_surely_unique(groups.select(table.key)):
        return None, None
    again = groups.filter(pl.struct(table.key).is_duplicated())
    positions = again["row"].to_arrow()
    candidates = rows.take(positions)
    order = pl.DataFrame(
        pl.from_arrow(candidates.select(list(dict.fromkeys((*table.key, *table.newest_first)))))
    ).with_columns(row=again["row"], hash=pl.Series(row_hashes(table, candidates).to_pylist(), dtype=pl.String))
    newest = list(table.newest_first)
    order = order.sort([*newest, "hash", "row"], descending=[True] * len(newest) + [False, False], nulls_last=True)
    order = order.with_columns(
        kept_hash=pl.col("hash").first().over(table.key), position=pl.int_range(pl.len()).over(table.key)
    ).filter(pl.col("position") > 0)
    return tuple(
        key["row"].is_in(order.filter(condition)["row"].implode())
        for condition in (pl.col("hash") != pl.col("kept_hash"), pl.col("hash") == pl.col("kept_hash"))
    )  # type: ignore[return-value]  # a generator of two has no fixed length for mypy


def _is_surely_unique(keys: pl.DataFrame) -> bool:
    """Whether no two keys are equal: distinct hashes prove it, far cheaper than comparing the keys."""
    hashes = np.sort(keys.select(pl.struct(pl.all()).hash()).to_series().to_numpy())
    return not bool((hashes[1:] == hashes[:-1]).any())


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


def _warnings(table: Table, frame: pl.DataFrame, drop: pl.Series) -> dict[str, int]:
    """Good rows that break each warn rule."""
    rules = _rules(table, Severity.WARN)
    counts = frame.select((_broken(rule) & ~drop).sum() for rule in rules)
    return {rule.name: int(counts.item(0, rule.name)) for rule in rules}
