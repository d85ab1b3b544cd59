"""The quarantine split: received rows into good | quarantined, every broken rule named. Decides nothing about days.

The same rule expressions drive `as_pandera`; a property test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.contracts.cast import REASON_COLUMN, Cast, cast_rows
from pricing_lake.contracts.model import Severity, Table
from pricing_lake.contracts.record_hash import row_hashes

REASONS = "_reasons"


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
    masks = _masks(table, cast, raw)
    if bounds is not None:
        masks |= _outside(table, cast.rows, bounds)
    bad = _any(masks, raw.num_rows)
    repeated, duplicate = _repeats(table, cast.rows, bad)
    if repeated is not None:
        masks[table.repeated_reason] = repeated
        bad = bad | repeated
    drop = bad if duplicate is None else bad | duplicate
    good = cast.rows if not drop.any() else cast.rows.filter(pc.invert(_arrow_mask(drop)))
    return Split(
        good=good,
        quarantined=_quarantined(raw, masks, bad),
        reasons={name: int(mask.sum()) for name, mask in masks.items() if mask.any()},
        warnings=_warnings(table, good),
        duplicates=0 if duplicate is None else int(duplicate.sum()),
    )


def _masks(table: Table, cast: Cast, raw: pa.Table) -> dict[str, pl.Series]:
    """Reason to mask (true = broken): known by the producer, then unreadable, then missing, then the rules."""
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
    rules = [rule for rule in table.row_rules if rule.severity is Severity.CRITICAL]
    if rules and raw.num_rows:
        needed = sorted({name for rule in rules for name in rule.expression.meta.root_names()})
        frame = pl.DataFrame(pl.from_arrow(cast.rows.select(needed)))
        broken = frame.select((~rule.expression).fill_null(value=False).alias(rule.name) for rule in rules)
        masks.update({rule.name: broken[rule.name] for rule in rules})
    return masks


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


def _repeats(table: Table, rows: pa.Table, bad: pl.Series) -> tuple[pl.Series | None, pl.Series | None]:
    """Masks of usable rows that repeat a key: with other content (quarantined), with equal content (dropped).

    Kept is the first by `newest_first` descending, then by row hash, so that delivery order never matters.
    """
    key = pl.DataFrame(pl.from_arrow(rows.select(list(table.key)))).with_columns(bad=bad).with_row_index("row")
    groups = key.filter(~pl.col("bad"))
    if groups.select(pl.struct(table.key).n_unique()).item() == groups.height:
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


def _quarantined(raw: pa.Table, masks: Mapping[str, pl.Series], bad: pl.Series) -> pa.Table:
    received = raw.drop_columns([REASON_COLUMN]) if REASON_COLUMN in raw.column_names else raw
    rows = received.filter(_arrow_mask(bad)) if bad.any() else received.slice(0, 0)
    named = pl.DataFrame([mask.filter(bad).alias(name) for name, mask in masks.items()])
    reasons = (
        named.select(pl.concat_list(pl.when(name).then(pl.lit(name)) for name in named.columns).list.drop_nulls())
        if named.columns
        else pl.DataFrame({REASONS: pl.Series([], dtype=pl.List(pl.String))})
    )
    return rows.append_column(REASONS, reasons.to_series().to_arrow().cast(pa.list_(pa.string())))


def _warnings(table: Table, good: pa.Table) -> dict[str, int]:
    rules = [rule for rule in table.row_rules if rule.severity is Severity.WARN]
    if not rules or not good.num_rows:
        return {rule.name: 0 for rule in rules}
    needed = sorted({name for rule in rules for name in rule.expression.meta.root_names()})
    frame = pl.DataFrame(pl.from_arrow(good.select(needed)))
    counts = frame.select((~rule.expression).fill_null(value=False).sum().alias(rule.name) for rule in rules)
    return {name: int(count) for name, count in counts.row(0, named=True).items()}


def _arrow_mask(mask: pl.Series) -> pa.Array:
    return mask.to_arrow()
