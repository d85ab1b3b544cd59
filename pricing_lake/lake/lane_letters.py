"""A lane of dead letters under today's decoder and contract: `lane_rows` for a feed whose lanes hold messages."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.cast import REASON_COLUMN
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.split import REASONS, Bounds, split_rows
from pricing_lake.lake.lane_rows import NUMBER, Rejudged

Letter = Mapping[str, Any]


@dataclass(frozen=True)
class Reread:
    """Letters that were decoded again: usable rows, and a row of its place for every one that cannot be.

    `rows` carries `lane_rows.NUMBER`, the letter's number among those given, and the reserved reason. `explain` is
    given a letter's number and all its reasons of today; it returns what the lane says of the letter from now on.
    """

    rows: pa.Table
    explain: Callable[[int, Sequence[str]], Mapping[str, str]]


class ReadLetters(Protocol):
    """Decodes letters as their source does today. `source_system` is what rows of that source carry."""

    source_system: str

    def __call__(self, letters: Sequence[Letter]) -> Reread:
        """Decode all of them. Raises when it cannot decode at all, never for one letter."""


def rejudge_letters(contract: Table, lines: Sequence[str], bounds: Bounds, read: ReadLetters) -> Rejudged:
    """Decode and judge the lines of a lane. Those that are not as received stay as they are, without a word."""
    received = [json.loads(line) for line in lines]
    whole = [number for number, line in enumerate(received) if not line.get("masked")]
    if not whole:
        return Rejudged(own_arrow_schema(contract).empty_table(), tuple(lines), 0, 0, len(lines))
    reread = read([received[number]["raw_row"] for number in whole])
    split = split_rows(contract, reread.rows, bounds)
    kept = {number: lines[number] for number in range(len(lines)) if received[number].get("masked")}
    changed = 0
    aside = zip(
        split.quarantined.column(NUMBER).to_pylist(), split.quarantined.column(REASONS).to_pylist(), strict=True
    )
    for place, reasons in aside:
        number = whole[place]
        old = received[number]
        new = {**old, "reasons": reasons, "raw_row": {**old["raw_row"], **reread.explain(place, reasons)}}
        kept[number] = lines[number] if new == old else json.dumps(new)
        changed += new != old
    return Rejudged(
        split.good,
        tuple(kept[number] for number in sorted(kept)),
        changed,
        0,
        len(lines) - len(whole),
    )


def with_reasons(
    rows: pa.Table, numbers: Sequence[int], refused: Mapping[int, str], places: Sequence[Mapping[str, Any]]
) -> pa.Table:
    """The rows of a `Reread`: decoded `rows`, and of each refused letter what is known of its place, and its reason."""
    usable = rows.append_column(NUMBER, pa.array(numbers, pa.int64()))
    usable = usable.append_column(REASON_COLUMN, pa.nulls(rows.num_rows, pa.string()))
    told = [{**places[number], NUMBER: number, REASON_COLUMN: reason} for number, reason in sorted(refused.items())]
    return pa.concat_tables([usable, pa.Table.from_pylist(told, usable.schema)])
