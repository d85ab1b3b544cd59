"""A table that is one whole: made of all published days, read whole by day tables, and without partitions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pricing_lake.contracts.columns import DAY
from pricing_lake.contracts.model import Column, Grain, Layer, Owner, Rule, Scope, Table
from pricing_lake.contracts.types import LONG, TEXT_LIST, VECTOR, VECTOR_DIMENSIONS
from pricing_lake.errors import ContractError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import table_asset
from pricing_lake_tests.table_asset.tiny_table import CALENDAR, DAYS, TINY, lake_resource, tiny

HISTORY = Table(
    layer=Layer.GOLD,
    name="history",
    grain="One row per day that has amounts.",
    owner=Owner.PRICING,
    key=("day",),
    window="day",
    every=Grain.WHOLE,
    columns=(DAY, Column("total", LONG, "Sum of the day's amounts.", required=True)),
    rules=(Rule("total_too_high", pl.col("total").max() < 100, "No day reaches a hundred.", scope=Scope.TABLE),),
)
SHARES = Table(
    layer=Layer.GOLD,
    name="shares",
    grain="One row per day: its share of all days.",
    owner=Owner.PRICING,
    key=("day",),
    window="day",
    columns=(DAY, Column("per_cent", LONG, "Share of all days, per cent.", required=True)),
)


@table_asset(HISTORY, reads=(TINY,))
def history(tiny: pa.Table) -> pa.Table:
    """Totals of every day."""
    return tiny.group_by("day").aggregate([("amount", "sum")]).rename_columns(["day", "total"])


@table_asset(SHARES, reads=(HISTORY,))
def shares(history: pa.Table, window: PartitionWindow) -> pa.Table:
    """A day's share."""
    day = pa.scalar(window.first_day)
    own = history.filter(pc.equal(history.column("day"), day)).column("total")
    share = 100 * sum(own.to_pylist()) // sum(history.column("total").to_pylist())
    return pa.table({"day": pa.array([window.first_day]), "per_cent": [share]})


GROWTH = replace(SHARES, name="growth", columns=(DAY, Column("so_far", LONG, "Sum until now.", required=True)))


@table_asset(GROWTH, reads=(TINY,))
def growth(tiny_history: pa.Table, window: PartitionWindow) -> pa.Table:
    """All amounts so far."""
    total = sum(tiny_history.column("amount").to_pylist())
    return pa.table({"day": pa.array([window.first_day]), "so_far": [total]})


ASSETS = [asset.definition(CALENDAR, "lake", 7) for asset in (tiny, history, shares, growth)]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(
    home: Path, instance: dg.DagsterInstance, name: str, amounts: Mapping[str, Sequence[int]], day: str | None = None
) -> dg.ExecuteInProcessResult:
    resources = {"lake": lake_resource(home), "amounts": dg.ResourceDefinition.hardcoded_resource(amounts)}
    return dg.materialize(
        ASSETS, selection=[name], instance=instance, resources=resources, partition_key=day, raise_on_error=False
    )


def stored(home: Path, table: Table) -> dict[str, int]:
    rows = lake_resource(home).open().table(table).scan(selected_fields=table.names).to_arrow().to_pylist()
    return {str(row["day"]): int(row[table.names[1]]) for row in rows}


def test_it_has_no_partitions_and_its_day_tables_read_all_of_it(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    amounts = {DAYS[0]: (1, 2), DAYS[1]: (9,)}
    for day in DAYS[:2]:
        assert run(tmp_path, instance, "bronze/tiny", amounts, day).success
    assert ASSETS[1].partitions_def is None
    assert run(tmp_path, instance, "gold/history", amounts).success
    assert stored(tmp_path, HISTORY) == {DAYS[0]: 3, DAYS[1]: 9}
    assert run(tmp_path, instance, "gold/shares", amounts, DAYS[0]).success
    assert stored(tmp_path, SHARES) == {DAYS[0]: 25}


def test_unchanged_days_make_no_snapshot(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    amounts = {DAYS[0]: (1, 2)}
    run(tmp_path, instance, "bronze/tiny", amounts, DAYS[0])
    for _ in range(2):
        assert run(tmp_path, instance, "gold/history", amounts).success
    assert len(lake_resource(tmp_path).open().table(HISTORY).snapshots()) == 1


def test_a_refused_whole_changes_nothing_and_stops_its_readers(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    amounts = {DAYS[0]: (1, 2), DAYS[1]: (500,)}
    for day in DAYS[:2]:
        run(tmp_path, instance, "bronze/tiny", amounts, day)
    result = run(tmp_path, instance, "gold/history", amounts)
    assert not result.success
    assert [(c.check_name, c.passed) for c in result.get_asset_check_evaluations()] == [
        ("gate", False),
        ("quarantine", True),
    ]
    assert stored(tmp_path, HISTORY) == {}
    assert not run(tmp_path, instance, "gold/shares", amounts, DAYS[0]).success


def test_one_partitioned_job_holds_days_and_wholes(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    job = dg.define_asset_job("daily", selection=dg.AssetSelection.all())
    amounts = {DAYS[0]: (1, 2)}
    definitions = dg.Definitions(
        assets=ASSETS,
        jobs=[job],
        resources={"lake": lake_resource(tmp_path), "amounts": dg.ResourceDefinition.hardcoded_resource(amounts)},
        executor=dg.in_process_executor,
    )
    daily = definitions.resolve_job_def("daily")
    assert daily.execute_in_process(partition_key=DAYS[0], instance=instance).success
    assert stored(tmp_path, SHARES) == {DAYS[0]: 100}


def test_a_history_parameter_is_given_every_row_up_to_its_day(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    amounts = {DAYS[0]: (1, 2), DAYS[1]: (9,), DAYS[2]: (70,)}
    for day in DAYS:
        run(tmp_path, instance, "bronze/tiny", amounts, day)
    assert run(tmp_path, instance, "gold/growth", amounts, DAYS[1]).success
    assert stored(tmp_path, GROWTH) == {DAYS[1]: 12}


SOLD = replace(TINY, name="sold", columns=(*TINY.columns, Column("vector", VECTOR, "What it looks like.")))
MAKERS = replace(HISTORY, name="makers", columns=(DAY, Column("columns", TEXT_LIST, "What was read.")), rules=())
A_DAY = replace(MAKERS, name="a_day", every=Grain.DAY)


def sold_days(home: Path) -> Lake:
    """A lake with two days of `sold`."""
    lake = lake_resource(home).open()
    for number, day in enumerate(DAYS[:2], start=1):
        window = PartitionWindow.of_day(date.fromisoformat(day))
        vectors = pa.array([[0.5] * VECTOR_DIMENSIONS], pa.list_(pa.float64()))
        rows = pa.table({"day": [window.first_day], "amount": [number], "vector": vectors})
        assert not publish(lake, SOLD, [window], lambda _, rows=rows: Candidate(rows), "test").refused
    return lake


@pytest.mark.parametrize("contract", [MAKERS, A_DAY], ids=lambda contract: contract.every)
def test_only_the_columns_that_are_asked_for_are_read(tmp_path: Path, contract: Table) -> None:
    """The window column decides which rows are read, whether or not it is read itself."""

    def transform(sold: pa.Table, sold_history: pa.Table) -> pa.Table:
        names = [[*sold.column_names, *sold_history.column_names]] * sold.num_rows
        return pa.table({"day": sold_history.column("amount").to_pylist(), "columns": names})

    transform.__name__ = contract.name
    asset = table_asset(contract, reads=(SOLD,), columns={"sold": ("amount",)})(transform)
    window = PartitionWindow.whole() if contract is MAKERS else PartitionWindow.of_day(date.fromisoformat(DAYS[0]))
    made = asset.producer(sold_days(tmp_path), [window], SimpleNamespace())(window).rows.sort_by("day").to_pylist()
    rows = [1, 2] if contract is MAKERS else [1]
    assert made == [{"day": number, "columns": ["amount", "amount"]} for number in rows]


def test_a_day_reads_only_the_columns_it_asks_for_of_a_whole(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    run(tmp_path, instance, "bronze/tiny", {DAYS[0]: (1, 2)}, DAYS[0])
    run(tmp_path, instance, "gold/history", {})

    @table_asset(A_DAY, reads=(HISTORY,), columns={"history": ("total",)})
    def a_day(history: pa.Table) -> pa.Table:
        """Which columns there are."""
        return pa.table({"day": [date.fromisoformat(DAYS[0])], "columns": [history.column_names]})

    window = PartitionWindow.of_day(date.fromisoformat(DAYS[0]))
    rows = a_day.producer(lake_resource(tmp_path).open(), [window], SimpleNamespace())(window).rows
    assert rows.column("columns").to_pylist() == [["total"]]


def test_columns_that_are_not_read_are_not_in_the_lineage() -> None:
    taken = table_asset(SHARES, reads=(HISTORY,), columns={"history": ("total",)})(shares.transform)
    for asset, passed in ((shares, {"day"}), (taken, set())):
        metadata = asset.definition(CALENDAR, "lake", 7).specs_by_key[dg.AssetKey(["gold", "shares"])].metadata
        assert set(metadata["dagster/column_lineage"].deps_by_column) == passed


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"orders": ("amount",)}, "gold/makers: narrows the columns of orders, which it does not read"),
        ({"sold": ("price",)}, "bronze/sold has no column 'price'"),
    ],
)
def test_columns_that_cannot_be_read_are_refused_at_once(columns: Mapping[str, Sequence[str]], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        table_asset(MAKERS, reads=(SOLD,), columns=columns)
