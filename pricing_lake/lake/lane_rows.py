"""A lane's rows under today's contract: which are usable now, and why others are not. Reads and publishes nothing."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.contracts.cast import REASON_COLUMN, cast_rows
from pricing_lake.contracts.model import Column, Table
from pricing_lake.contracts.split import REASONS, Bounds, split_rows
from pricing_lake.errors import ContractError

NUMBER = "_lane_number"


@dataclass(frozen=True)
class Rejudged:
    """The rows of a lane after today's contract.

    `usable` has the contract's columns and types; `lines` are those that stay set aside, in their old order, with their
    reasons of today; `reasons_changed` counts the ones among them whose reasons differ from before, `fail_beside` the
    published rows that do not pass or must give way to a newer row of the lane. `masked` rows were not judged: the lane
    keeps their personal data from everybody, so they can only come from their source again.
    """

    usable: pa.Table
    lines: tuple[str, ...]
    reasons_changed: int
    fail_beside: int
    masked: int


def rejudge(
    contract: Table, lines: Sequence[str], beside: pa.Table | None, bounds: Bounds, gone: Collection[str]
) -> Rejudged:
    """Judge the lines of a lane, and those that pass together with `beside`, the published rows of their partition.

    A reason that the contract does not know is the producer's own word (a picture that could not be fetched) and
    stands, unless it is among `gone`: rules that the contract no longer has. Rows with masked values stay as they are:
    a token must never be taken for a name. Raises ContractError when the lane holds something else than rows of the
    table.
    """
    received = [json.loads(line) for line in lines]
    as_received = {number: line for number, line in enumerate(received) if not line.get("masked")}
    rows = lane_table(contract, as_received, _told(contract, as_received.values(), gone))
    alone = split_rows(contract, rows, bounds)
    reasons = {n: line["reasons"] for n, line in enumerate(received) if n not in as_received}
    reasons |= _reasons_by_number(alone.quarantined)
    chosen = rows.filter(_is_not_among(rows.column(NUMBER), reasons))
    passing = cast_rows(contract, chosen).rows.append_column(NUMBER, chosen.column(NUMBER))
    together = passing if beside is None else pa.concat_tables([_unnumbered(beside, passing.schema), passing])
    judged = split_rows(contract, together, bounds)
    reasons |= _reasons_by_number(judged.quarantined)
    usable = passing.filter(_is_not_among(passing.column(NUMBER), reasons)).drop_columns([NUMBER])
    kept = {number: {**received[number], "reasons": named} for number, named in sorted(reasons.items())}
    return Rejudged(
        usable,
        tuple(json.dumps(line) for line in kept.values()),
        sum(line["reasons"] != received[number]["reasons"] for number, line in kept.items()),
        judged.quarantined.column(NUMBER).null_count,
        len(received) - len(as_received),
    )


def lane_table(contract: Table, lines: Mapping[int, Mapping[str, Any]], told: Sequence[str | None]) -> pa.Table:
    """Lines of a lane as text columns, as a source that knows no types would send their rows, with their numbers.

    Columns that the contract does not know are left to the lane. Raises ContractError when a required one is missing.
    """
    raw_rows = [line["raw_row"] for line in lines.values()]
    names = {name for row in raw_rows for name in row}
    missing = [column.name for column in contract.columns if column.required and column.name not in names]
    if raw_rows and missing:
        raise ContractError(
            f"{contract.id}: its lane has no {', '.join(missing)}, so these are no rows of the table (dead letters are "
            "messages as received, or the column is new); they can only come from the source again"
        )
    columns = {c.name: _column(c, [row.get(c.name) for row in raw_rows]) for c in contract.columns}
    columns[NUMBER] = pa.array(list(lines), pa.int64())
    return pa.table({**columns, REASON_COLUMN: pa.array(told, pa.string())})


def _column(column: Column, values: Sequence[Any]) -> pa.Array:
    if column.type.is_nested and all(value is None or isinstance(value, list) for value in values):
        return pa.array(values, pa.list_(column.type.arrow.value_type))
    return pa.array([_as_text(value) for value in values], pa.string())


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _told(contract: Table, received: Iterable[Mapping[str, Any]], gone: Collection[str]) -> list[str | None]:
    """Per row the producer's own reason, if any: it stands before those of the contract."""
    known = contract_reasons(contract) | set(gone)
    return [next((reason for reason in line["reasons"] if reason not in known), None) for line in received]


def contract_reasons(contract: Table) -> set[str]:
    """Every reason that the contract itself can name."""
    misfits = {f"{name}_{wrong}" for name in contract.names for wrong in ("missing", "unparseable", "out_of_range")}
    rules = {rule.name for rule in contract.row_rules}
    return misfits | rules | {contract.repeated_reason, f"{contract.window}_outside_partition"}


def _reasons_by_number(quarantined: pa.Table) -> dict[int, list[str]]:
    """Reasons of the rows that came out of the lane; rows of the table have no number."""
    pairs = zip(quarantined.column(NUMBER).to_pylist(), quarantined.column(REASONS).to_pylist(), strict=True)
    return {number: reasons for number, reasons in pairs if number is not None}


def _unnumbered(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    return rows.append_column(NUMBER, pa.nulls(rows.num_rows, pa.int64())).select(schema.names).cast(schema)


def _is_not_among(numbers: pa.ChunkedArray, known: Collection[int]) -> pa.Array:
    return pc.invert(pc.is_in(numbers, pa.array(list(known), pa.int64())))
