"""What a run reads of the tables before it: a partition's own rows, and of a history what those ask for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from pricing_lake.contracts.columns import DAY
from pricing_lake.contracts.model import Column, Grain, Layer, Owner, Table
from pricing_lake.contracts.types import LONG, TEXT
from pricing_lake.errors import ContractError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import table_asset
from pricing_lake_tests.table_asset.tiny_table import DAYS, lake_resource

PAID = Table(
    layer=Layer.BRONZE,
    name="paid",
    grain="One row per payment.",
    owner=Owner.INGESTION,
    key=("number", "day"),
    window="day",
    allow_empty=True,
    columns=(
        DAY,
        Column("number", LONG, "The order's number.", required=True),
        Column("note", TEXT, "What was written."),
    ),
)
SENT = replace(PAID, name="sent")
SEEN = replace(PAID, layer=Layer.SILVER, name="seen")
WINDOWS = [PartitionWindow.of_day(date.fromisoformat(day)) for day in DAYS]
Numbers = Mapping[int, list[int]]


@table_asset(SEEN, reads=(PAID, SENT), columns={"paid": ("number",)}, history_of={"paid": "number"})
def seen(paid: pa.Table, sent: pa.Table, paid_history: pa.Table, window: PartitionWindow) -> Candidate:
    """One row per payment, ever, of an order that was paid or sent on the day: in its note, which columns came."""
    columns = ",".join(paid_history.column_names)
    numbers = paid_history.column("number").to_pylist()
    assert set(numbers) <= {*paid.column("number").to_pylist(), *sent.column("number").to_pylist()}
    counted = {number: f"{numbers.count(number)} {columns}" for number in numbers}
    rows = {"day": [window.first_day] * len(counted), "number": list(counted), "note": list(counted.values())}
    return Candidate(pa.table({name: pa.array(values, PAID.column(name).type.arrow) for name, values in rows.items()}))


def lake_of(home: Path, paid: Numbers, sent: Numbers) -> Lake:
    lake = lake_resource(home).open()
    for table, told in ((PAID, paid), (SENT, sent)):
        for place, numbers in told.items():
            window = WINDOWS[place]
            days = pa.array([window.first_day] * len(numbers), pa.date32())
            notes = pa.array(["x"] * len(numbers), pa.string())
            rows = pa.table({"day": days, "number": pa.array(numbers, pa.int64()), "note": notes})
            assert not publish(lake, table, [window], lambda _, rows=rows: Candidate(rows), "test").refused
    return lake


def made(lake: Lake, windows: list[PartitionWindow]) -> dict[str, str]:
    """What each day of the run holds, or why it was refused."""
    publication = publish(lake, SEEN, windows, seen.producer(lake, windows, SimpleNamespace()), "test")
    found: dict[str, str] = {verdict.partition: verdict.explain() for verdict in publication.refused}
    rows = lake.table(SEEN).scan(selected_fields=SEEN.names).to_arrow().sort_by("number").to_pylist()
    for row in rows:
        key = row["day"].isoformat()
        found[key] = f"{found.get(key, '')}{row['number']}: {row['note']}; "
    return found


def test_of_a_history_come_the_rows_of_the_partitions_own_keys(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, paid={0: [1, 2, 3], 1: [1], 2: [7]}, sent={0: [], 1: [2], 2: [1, 9]})
    expected = {
        DAYS[0]: "1: 1 number; 2: 1 number; 3: 1 number; ",
        DAYS[1]: "1: 2 number; 2: 1 number; ",
        DAYS[2]: "1: 2 number; 7: 1 number; ",
    }
    assert made(lake, WINDOWS) == expected
    for window in reversed(WINDOWS):
        assert made(lake, [window]) == expected  # one day alone changes nothing


def test_a_day_that_is_not_published_is_refused_alone(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, paid={0: [1], 1: [2], 2: [1]}, sent={0: [], 2: [2]})
    found = made(lake, WINDOWS)
    assert "bronze/sent 2026-03-03 is not published" in found.pop(DAYS[1])
    assert found == {DAYS[0]: "1: 1 number; ", DAYS[2]: "1: 2 number; 2: 1 number; "}


def test_a_day_without_rows_has_no_history(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, paid={0: [1], 1: []}, sent={1: []})
    produce = seen.producer(lake, WINDOWS[1:2], SimpleNamespace())
    assert produce(WINDOWS[1]).rows.num_rows == 0


def by_day(paid: pa.Table, paid_history: pa.Table) -> pa.Table:
    raise NotImplementedError


def without_rows(paid_history: pa.Table) -> pa.Table:
    raise NotImplementedError


def without_history(paid: pa.Table) -> pa.Table:
    raise NotImplementedError


def of_both(paid: pa.Table, sent: pa.Table, paid_history: pa.Table) -> pa.Table:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("transform", "contract", "reads", "history_of", "message"),
    [
        (by_day, SEEN, (PAID,), {"sent": "number"}, "silver/seen: takes no sent_history of a table it reads"),
        (without_history, SEEN, (PAID,), {"paid": "number"}, "silver/seen: takes no paid_history of a table it reads"),
        (by_day, SEEN, (PAID,), {"paid": "price"}, "bronze/paid has no column 'price'"),
        (without_rows, SEEN, (PAID,), {"paid": "number"}, "takes no partition's rows whose number says"),
        (by_day, replace(SEEN, every=Grain.WHOLE), (PAID,), {"paid": "number"}, "takes no partition's rows"),
        (of_both, SEEN, (PAID, "sent as text"), {"paid": "number"}, "number has several types in the tables it reads"),
    ],
)
def test_a_history_that_nobody_can_ask_for_is_refused_at_once(
    transform: Callable[..., pa.Table],
    contract: Table,
    reads: tuple[Table | str, ...],
    history_of: Mapping[str, str],
    message: str,
) -> None:
    as_text = replace(SENT, columns=(DAY, Column("number", TEXT, "As text.", required=True)))
    tables = [as_text if isinstance(table, str) else table for table in reads]
    named = replace(contract, name=transform.__name__)
    with pytest.raises(ContractError, match=message.replace("silver/seen", named.id)):
        table_asset(named, reads=tables, history_of=history_of)(transform)
