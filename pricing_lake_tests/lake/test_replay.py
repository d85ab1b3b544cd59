"""Replay: what passes today joins its day, nothing is lost or doubled, and a second replay finds nothing to do."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.cast import REASON_COLUMN, cast_rows
from pricing_lake.contracts.gold_facts import FACT_SALES
from pricing_lake.contracts.marts import MARTS
from pricing_lake.contracts.model import Grain, Rule, Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.split import REASONS
from pricing_lake.errors import ConfigurationError, ContractError, RefusedError
from pricing_lake.lake import publish as publish_module
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.lane_rows import lane_table
from pricing_lake.lake.publish import publish
from pricing_lake.lake.quarantine import ErrorLanes, lane_lines
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.replay import Replay, require_replayable
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake_tests.lake.conftest import day, open_lake, sales


def relaxed() -> Table:
    """The contract with one more word for a condition."""
    words = ("new", "like_new", "good", "fair", "poor", "mint")
    rule = Rule("condition_unknown", pl.col("condition").is_in(list(words)), "known")
    columns = tuple(replace(c, rules=(rule,)) if c.name == "condition" else c for c in SALES_HISTORY.columns)
    return replace(SALES_HISTORY, columns=columns)


RELAXED = relaxed()


def with_column(rows: pa.Table, name: str, values: list[object]) -> pa.Table:
    place = rows.column_names.index(name)
    return rows.set_column(place, name, pa.array(values))


def delivery(number: int, mint: int = 3, poor_price: int = 2) -> pa.Table:
    """20 rows of a day: some `mint`, some whose price cannot be read, one twice, and a note of the producer."""
    rows = sales(day(number), 20)
    rows = with_column(rows, "condition", ["mint"] * mint + ["good"] * (20 - mint))
    prices = ["12.34"] * (20 - poor_price) + ["a tenner"] * poor_price
    rows = with_column(rows, "sold_price", list(prices))
    rows = pa.concat_tables([rows, rows.slice(10, 1)])
    return rows.append_column("_file", pa.array([f"file {i}" for i in range(rows.num_rows)]))


def deliver(lake: Lake, number: int, rows: pa.Table | None = None, contract: Table = SALES_HISTORY) -> Verdict:
    candidate = Candidate(
        delivery(number) if rows is None else rows,
        source_system="smartgo",
        excluded={"returned": 4},
        control={"rows": "25"},
        source_columns={"sold_price": "text"},
    )
    return publish(lake, contract, [day(number)], lambda _: candidate, "delivery").verdicts[0]


def verdict_of(lake: Lake, number: int) -> Verdict:
    return VerdictStore(lake.proofs).latest(SALES_HISTORY.id, [day(number).key])[day(number).key]


def ids(lake: Lake) -> list[str]:
    return sorted(lake.table(SALES_HISTORY).scan(selected_fields=("sale_id",)).to_arrow().column(0).to_pylist())


def law(verdict: Verdict) -> bool:
    parts = verdict.good_rows + verdict.quarantined_rows + verdict.duplicate_rows + verdict.excluded_rows
    return verdict.source_rows == parts


def test_rows_that_pass_today_join_their_day_in_one_commit(lake: Lake) -> None:
    before = [deliver(lake, 1), deliver(lake, 2)]
    assert [v.quarantined_rows for v in before] == [5, 5]
    publication, days = Replay(lake, RELAXED, [day(1), day(2)]).run("replay")
    assert [(d.regained, d.fail_now, d.reasons) for d in days] == [(3, 0, Counter(sold_price_unparseable=2))] * 2
    assert len(lake.table(SALES_HISTORY).snapshots()) == 3
    assert publication.snapshot_id == lake.table(SALES_HISTORY).current_snapshot().snapshot_id
    for number in (1, 2):
        verdict = verdict_of(lake, number)
        assert (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows) == (25, 18, 2)
        assert (verdict.duplicate_rows, dict(verdict.excluded)) == (1, {"returned": 4})
        assert (verdict.control, verdict.source_columns) == ({"rows": "25"}, {"sold_price": "text"})
        assert law(verdict)
        assert PublishedPartitions(lake, RELAXED, [day(number)]).read(day(number)).num_rows == 18
    sources = lake.table(SALES_HISTORY).scan(selected_fields=("_source_system",)).to_arrow().column(0)
    assert set(sources.to_pylist()) == {"smartgo"}


def test_what_stays_in_the_lane_stays_as_it_was_received(lake: Lake) -> None:
    first = deliver(lake, 1)
    lanes = ErrorLanes(lake.proofs)
    before = {row.row_key: row for row in lanes.read(SALES_HISTORY.id, day(1).key, first.batch_id)}
    Replay(lake, RELAXED, [day(1)]).run("replay")
    after = list(lanes.read(SALES_HISTORY.id, day(1).key, verdict_of(lake, 1).batch_id))
    assert len(after) == 2
    assert all(row == before[row.row_key] for row in after)
    assert '"_file": "file 18"' in after[0].raw_row


def test_a_second_replay_finds_nothing_to_do_and_keeps_the_proof(lake: Lake) -> None:
    deliver(lake, 1)
    Replay(lake, RELAXED, [day(1)]).run("replay")
    proof, snapshots = verdict_of(lake, 1), len(lake.table(SALES_HISTORY).snapshots())
    publication, [again] = Replay(lake, RELAXED, [day(1)]).run("again")
    assert (again.changed, publication.verdicts, publication.snapshot_id) == (False, (), None)
    assert verdict_of(lake, 1) == proof
    assert len(lake.table(SALES_HISTORY).snapshots()) == snapshots


def test_under_the_same_contract_a_replay_changes_nothing(lake: Lake) -> None:
    proof = deliver(lake, 1)
    assert [d.changed for d in Replay(lake, SALES_HISTORY, [day(1)]).run("replay")[1]] == [False]
    assert verdict_of(lake, 1) == proof


def test_a_replayed_day_is_what_the_source_would_have_given(lake: Lake, tmp_path: Path) -> None:
    """Rows of a replay equal those of a delivery under the new contract, by content hash, vectors and all."""
    deliver(lake, 1)
    Replay(lake, RELAXED, [day(1)]).run("replay")
    (tmp_path / "fresh").mkdir()
    fresh = open_lake(tmp_path / "fresh")
    assert verdict_of(lake, 1).content_hash == deliver(fresh, 1, contract=RELAXED).content_hash


def test_planning_writes_nothing(lake: Lake, tmp_path: Path) -> None:
    proof = deliver(lake, 1)
    files = set(tmp_path.rglob("*"))
    [planned] = Replay(lake, RELAXED, [day(1)]).plan()
    assert (planned.regained, planned.changed) == (3, True)
    assert set(tmp_path.rglob("*")) == files
    assert verdict_of(lake, 1) == proof


def test_a_stricter_contract_takes_published_rows_back_into_the_lane(lake: Lake) -> None:
    deliver(lake, 1)
    rule = Rule("brand_missing_today", pl.col("brand").is_not_null(), "known")
    stricter = replace(SALES_HISTORY, rules=(*SALES_HISTORY.rules, rule))
    _, [done] = Replay(lake, stricter, [day(1)]).run("replay")
    verdict = verdict_of(lake, 1)
    assert done.fail_now == verdict.reasons["brand_missing_today"] - done.reasons["brand_missing_today"] == 3
    assert law(verdict)
    assert verdict.good_rows == 12


def test_a_row_that_repeats_a_published_key_stays_and_says_so(lake: Lake) -> None:
    rows = delivery(1)
    twin = with_column(rows.slice(5, 1), "condition", ["mint"])
    deliver(lake, 1, pa.concat_tables([rows, twin]).append_column("_x", pa.nulls(22, pa.string())))
    published = set(ids(lake))
    Replay(lake, RELAXED, [day(1)]).run("replay")
    verdict = verdict_of(lake, 1)
    assert law(verdict)
    assert sum(verdict.reasons.values()) == verdict.quarantined_rows == 3
    assert verdict.reasons["sale_id_repeated"] == 1
    assert len(ids(lake)) == len(set(ids(lake))) == 18
    assert published < set(ids(lake))
    assert [d.changed for d in Replay(lake, RELAXED, [day(1)]).run("again")[1]] == [False]


def test_the_producers_own_reason_stands_and_a_rule_that_is_gone_is_named(lake: Lake) -> None:
    rows = delivery(1, mint=0, poor_price=0)
    deliver(lake, 1, rows.append_column(REASON_COLUMN, pa.array(["torn_label"] * 2 + [None] * 19)))
    [planned] = Replay(lake, RELAXED, [day(1)]).plan()
    assert (planned.regained, planned.reasons) == (0, Counter(torn_label=2))
    [planned] = Replay(lake, RELAXED, [day(1)], gone=("torn_label",)).plan()
    assert planned.regained == 2


def test_a_row_whose_personal_data_is_masked_is_left_where_it_is(lake: Lake, tmp_path: Path) -> None:
    """Its values are not what was received: published they would be wrong for ever."""
    deliver(lake, 1, delivery(1, mint=2, poor_price=0))
    [lane] = (tmp_path / "warehouse" / "_errors").rglob("*.json")
    first, *others = lane.read_text().split("\n")
    masked = json.dumps({**json.loads(first), "masked": ["description"]})
    lane.write_text("\n".join([masked, *others]))
    [planned] = Replay(lake, RELAXED, [day(1)]).plan()
    assert (planned.regained, planned.masked, planned.reasons) == (len(others), 1, Counter(condition_unknown=1))


def test_a_refused_day_and_one_that_is_not_published_are_not_replayed(lake: Lake) -> None:
    deliver(lake, 1, sales(day(1), 40).set_column(4, "condition", pa.array(["mint"] * 40)))
    with pytest.raises(RefusedError, match=r"refused: .*bad_share"):
        Replay(lake, RELAXED, [day(1)])
    with pytest.raises(RefusedError, match="not published"):
        Replay(lake, RELAXED, [day(2)])
    assert not VerdictStore(lake.proofs).latest(SALES_HISTORY.id, [day(2).key])


def test_a_lane_that_lost_rows_is_not_replayed(lake: Lake, tmp_path: Path) -> None:
    deliver(lake, 1)
    [lane] = (tmp_path / "warehouse" / "_errors").rglob("*.json")
    lane.write_text(lane.read_text().partition("\n")[0])
    with pytest.raises(RefusedError, match="lane has 1 rows, its verdict counted 5"):
        Replay(lake, RELAXED, [day(1)]).plan()


def test_tables_that_cannot_be_replayed_say_how_to_make_them_again() -> None:
    for table in (FACT_SALES, MARTS[0]):
        with pytest.raises(ConfigurationError, match="--from-bronze"):
            require_replayable(table)


def test_a_lane_without_a_required_column_holds_no_rows_of_the_table(lake: Lake) -> None:
    with pytest.raises(ContractError, match=r"its lane has no tenant_id, .*dead letters are messages as received"):
        lane_table(SALES_HISTORY, {0: {"raw_row": {"sale_id": "s1", "product_id": "p"}}}, [None])


@pytest.mark.parametrize("table", [t for t in TABLES if t.every is Grain.DAY and not t.references], ids=lambda t: t.id)
def test_a_lane_of_any_table_can_be_read_as_rows(table: Table) -> None:
    """Every type of every contract comes back out of JSON as what it was."""
    schema = own_arrow_schema(table)
    values = {
        "date32[day]": date(2026, 3, 1),
        "timestamp[us, tz=UTC]": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "timestamp[us]": datetime(2026, 3, 1, 12),
        "bool": True,
        "double": 0.25,
        "string": "x",
    }
    row = {}
    for field in schema:
        kind = str(field.type)
        listed = pa.types.is_list(field.type)
        value = values.get(str(field.type.value_type if listed else kind), Decimal(3) if "decimal" in kind else 3)
        row[field.name] = [value] if listed else value
    rows = pa.Table.from_pylist([row], pa.schema([field.with_nullable(True) for field in schema]))
    lane = rows.append_column(REASONS, pa.array([["a_reason"]]))
    [line] = lane_lines(table, lane)
    read = cast_rows(table, lane_table(table, {0: json.loads(line)}, [None]))
    assert read.broken == {}
    assert read.rows.to_pylist() == rows.to_pylist()


def test_a_window_row_outside_its_day_stays(lake: Lake) -> None:
    rows = delivery(1, mint=0, poor_price=0)
    moments = [day(3).start.replace(tzinfo=None), *rows.column("sold_date").to_pylist()[1:]]
    deliver(lake, 1, rows.set_column(6, "sold_date", pa.array(moments, pa.timestamp("us"))))
    [planned] = Replay(lake, RELAXED, [day(1)]).plan()
    assert (planned.changed, planned.reasons) == (False, Counter(sold_date_outside_partition=1))


KILL = """
import os, signal, sys
from pathlib import Path
from pricing_lake.lake import publish, replay
from pricing_lake_tests.lake.conftest import day, open_lake
from pricing_lake_tests.lake.test_replay import RELAXED
home, where, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
real = getattr(publish, where)
def dying(*arguments, **named):
    if when == "after":
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(publish, where, dying)
replay.Replay(open_lake(home), RELAXED, [day(1)]).run("killed")
"""


@pytest.mark.parametrize(
    ("where", "when"),
    [("lane_lines", "after"), ("stage_files", "before"), ("replace_windows", "before"), ("replace_windows", "after")],
)
def test_killed_anywhere_and_run_again_no_row_is_lost_or_doubled(tmp_path: Path, where: str, when: str) -> None:
    lake = open_lake(tmp_path)
    deliver(lake, 1)
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    dead = subprocess.run([sys.executable, "-c", KILL, str(tmp_path), where, when], check=False, env=environment)
    assert dead.returncode == -signal.SIGKILL
    Replay(lake, RELAXED, [day(1)]).run("again")
    verdict = verdict_of(lake, 1)
    assert law(verdict)
    assert (verdict.good_rows, verdict.quarantined_rows) == (18, 2)
    assert len(ids(lake)) == len(set(ids(lake))) == 18
    assert PublishedPartitions(lake, RELAXED, [day(1)]).read(day(1)).num_rows == 18


def test_a_delivery_that_died_before_its_commit_is_not_replayed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> int:
        raise MemoryError

    deliver(lake, 1)
    monkeypatch.setattr(publish_module, "replace_windows", die)
    with pytest.raises(MemoryError):
        deliver(lake, 1, delivery(1, mint=1))
    with pytest.raises(RefusedError, match="its verdict never reached the table"):
        Replay(lake, RELAXED, [day(1)])


def test_a_day_that_moves_on_by_a_delivery_is_a_delivery_again(lake: Lake) -> None:
    """After a replay the source's word replaces it, as ever."""
    deliver(lake, 1)
    Replay(lake, RELAXED, [day(1)]).run("replay")
    verdict = deliver(lake, 1, contract=RELAXED)
    assert (verdict.good_rows, verdict.quarantined_rows) == (18, 2)
    assert "replayed" not in [result.rule for result in verdict.results]
