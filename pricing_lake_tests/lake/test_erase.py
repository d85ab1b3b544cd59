"""Erasing a customer from a small lake: everything of theirs goes, nothing of anybody else's, and readers go on."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_LEADS, RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ, RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.quality import QUARANTINED_ROWS
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.lake import erase as module
from pricing_lake.lake.erase import Erasure, Found
from pricing_lake.lake.erase_find import Customer
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.silver.customers import customers
from pricing_lake.silver.salesforce_leads import salesforce_leads
from pricing_lake_tests.silver.bronze_days import BronzeDays, at, record_id, table_of, window_of

DAYS = (1, 2)


@pytest.fixture
def days(tmp_path: Path) -> BronzeDays:
    """Two customers of acme and one of bolt, with orders on two days; bolt also sold to the first one's id."""
    days = BronzeDays(tmp_path)
    people = [("c1", "acme", "one@x.fi"), ("c2", "acme", "two@x.fi"), ("c3", "bolt", "other@x.fi")]
    for number, (who, tenant, email) in enumerate(people):
        days.tell(
            RAW_SNOWFLAKE_CUSTOMERS,
            customer_id=who, tenant_id=tenant, email=email, full_name=f"Person {number}",
            updated_at=at(1, f"0{number}:00:00"),
        )  # fmt: skip
        days.tell(RAW_SALESFORCE_LEADS, id=record_id(number), system_modstamp=at(1), name=f"P{number}", email=email)
        for day in DAYS:
            days.tell(
                RAW_SNOWFLAKE_ORDERS,
                order_id=f"o{number}", event_ts=at(day), status="PLACED", tenant_id=tenant,
                customer_id="c1" if tenant == "bolt" else who,
            )  # fmt: skip
    days.load(RAW_SNOWFLAKE_ORDERS, DAYS)
    days.build((salesforce_leads, customers), (1,))
    return days


def erasure(days: BronzeDays, who: str = "c1", tenant: str | None = None) -> Erasure:
    return Erasure(days.lake, TABLES, Customer(who, tenant))


def counted(found: list[Found]) -> dict[str, int]:
    return {place.place: place.rows for place in found if place.rows}


def held(days: BronzeDays, contract: object) -> list[tuple[object, object]]:
    return [(row["customer_id"], row["tenant_id"]) for row in days.rows(contract)]  # type: ignore[arg-type]


def test_a_plan_counts_and_changes_nothing(days: BronzeDays) -> None:
    before = days.rows(RAW_SNOWFLAKE_ORDERS)
    found = counted(erasure(days, tenant="acme").plan())
    assert found == {
        RAW_SNOWFLAKE_ORDERS.id: 2,
        RAW_SNOWFLAKE_CUSTOMERS.id: 1,
        CUSTOMERS.id: 1,
        RAW_SALESFORCE_LEADS.id: 1,
        "silver/salesforce_leads": 1,
    }
    assert days.rows(RAW_SNOWFLAKE_ORDERS) == before


def test_everything_of_theirs_goes_and_nothing_of_anybody_else_s(days: BronzeDays) -> None:
    erasure(days, tenant="acme").run("run")
    assert held(days, RAW_SNOWFLAKE_ORDERS) == [("c2", "acme"), ("c1", "bolt")] * 2
    assert sorted(held(days, CUSTOMERS)) == [("c2", "acme"), ("c3", "bolt")]
    assert [row["id"] for row in days.rows(RAW_SALESFORCE_LEADS)] == [record_id(1), record_id(2)]


def test_without_a_tenant_the_id_goes_in_every_shop(days: BronzeDays) -> None:
    erasure(days).run("run")
    assert held(days, RAW_SNOWFLAKE_ORDERS) == [("c2", "acme")] * 2
    assert sorted(held(days, CUSTOMERS)) == [("c2", "acme"), ("c3", "bolt")]


def test_a_second_run_finds_nothing_and_commits_nothing(days: BronzeDays) -> None:
    erasure(days).run("run")
    snapshots = len(days.lake.table(RAW_SNOWFLAKE_ORDERS).snapshots())
    verdict = days.verdict(RAW_SNOWFLAKE_ORDERS, 1)
    assert counted(erasure(days).run("again")) == {}
    assert len(days.lake.table(RAW_SNOWFLAKE_ORDERS).snapshots()) == snapshots
    assert days.verdict(RAW_SNOWFLAKE_ORDERS, 1) == verdict


def test_readers_take_the_day_as_it_is_now_and_the_counts_law_holds(days: BronzeDays) -> None:
    erasure(days).run("run")
    rows = PublishedPartitions(days.lake, RAW_SNOWFLAKE_ORDERS, [window_of(1)]).read(window_of(1))
    assert rows.num_rows == 1
    verdict = days.verdict(RAW_SNOWFLAKE_ORDERS, 1)
    assert dict(verdict.excluded) == {"erased": 2}
    kept = verdict.good_rows + verdict.quarantined_rows + verdict.duplicate_rows + verdict.excluded_rows
    assert verdict.source_rows == kept


def test_a_day_of_which_nobody_is_left_can_still_be_read(days: BronzeDays) -> None:
    for who in ("c1", "c2"):
        erasure(days, who).run("run")
    rows = PublishedPartitions(days.lake, RAW_SNOWFLAKE_ORDERS, [window_of(2)]).read(window_of(2))
    assert rows.num_rows == 0


def test_it_says_which_earlier_states_still_hold_them(days: BronzeDays) -> None:
    found = {place.place: place for place in erasure(days).run("run")}
    assert found[RAW_SNOWFLAKE_ORDERS.id].snapshots == 2
    assert found[RAW_SNOWFLAKE_ORDERS.id].since is not None
    later = {place.place: place for place in erasure(days).plan()}
    assert (later[RAW_SNOWFLAKE_ORDERS.id].rows, later[RAW_SNOWFLAKE_ORDERS.id].snapshots) == (0, 2)


def test_once_snapshots_expire_nothing_is_left_to_tell(days: BronzeDays) -> None:
    erasure(days).run("run")
    for contract in TABLES:
        if days.lake.exists(contract):
            table = days.lake.table(contract)
            old = [s.snapshot_id for s in table.snapshots() if s != table.current_snapshot()]
            table.maintenance.expire_snapshots().by_ids(old).commit()
    assert erasure(days).plan() == []


def test_a_salesforce_record_that_another_customer_shares_stays(days: BronzeDays) -> None:
    days.tell(
        RAW_SNOWFLAKE_CUSTOMERS,
        customer_id="c9", tenant_id="bolt", email="one@x.fi", full_name="Same", updated_at=at(2),
    )  # fmt: skip
    for contract in (RAW_SNOWFLAKE_CUSTOMERS, RAW_SALESFORCE_LEADS, *customers.reads):
        days.load(contract, [2])
    days.make(customers, [2])
    assert RAW_SALESFORCE_LEADS.id not in counted(erasure(days, tenant="acme").plan())


def bad_orders(days: BronzeDays) -> str:
    """A day with one refused row of each customer's; returns its batch."""
    rows = table_of(
        RAW_SNOWFLAKE_ORDERS,
        [
            {"order_id": f"b{number}", "event_ts": at(3), "status": "LOST", "customer_id": who, "tenant_id": tenant}
            for number, (who, tenant) in enumerate([("c1", "acme"), ("c2", "acme"), ("c1", "bolt")])
        ],
    )
    (verdict,) = publish(days.lake, RAW_SNOWFLAKE_ORDERS, [window_of(3)], lambda _: Candidate(rows), "bad").verdicts
    assert verdict.quarantined_rows == 3
    return verdict.batch_id


def test_lanes_lose_their_rows_and_their_verdict_counts_what_is_left(days: BronzeDays, tmp_path: Path) -> None:
    batch = bad_orders(days)
    assert counted(erasure(days, tenant="acme").plan())[f"lanes of {RAW_SNOWFLAKE_ORDERS.id}"] == 1
    erasure(days, tenant="acme").run("run")
    left = list(ErrorLanes(days.lake.proofs).read(RAW_SNOWFLAKE_ORDERS.id, window_of(3).key, batch))
    assert [json.loads(row.raw_row)["order_id"] for row in left] == ["b1", "b2"]
    verdict = days.verdict(RAW_SNOWFLAKE_ORDERS, 3)
    assert (verdict.quarantined_rows, dict(verdict.excluded)) == (2, {"erased": 1})
    assert not list(tmp_path.rglob("erasing.*"))


def test_rows_that_are_texts_of_other_rows_go_too(days: BronzeDays) -> None:
    def letter(offset: int, message: str, encoded: bool = False) -> dict[str, object]:
        return {
            "day": at(1).date(), "topic": "orders", "partition": 0, "offset": offset, "reason": "not_json",
            "message": message, "message_is_base64": encoded, "run_id": "r",
        }  # fmt: skip

    messages = ['{"customer_id": "c1"}', "half a message of c1,", "c10 is somebody else", '{"customer_id": "c2"}']
    rows = [letter(number, message) for number, message in enumerate(messages)]
    rows.append(letter(9, "Y3VzdG9tZXIgYzEg/w==", encoded=True))
    shape = {name: [row.get(name) for row in rows] for name in RAW_ORDERS_DLQ.names}
    types = {"message_ts": pa.timestamp("us", "UTC"), "message_key": pa.string(), "error": pa.string()}
    table = pa.table({name: pa.array(values, types.get(name)) for name, values in shape.items()})
    publish(days.lake, RAW_ORDERS_DLQ, [window_of(1)], lambda _: Candidate(table), "letters")
    assert counted(erasure(days).plan())[RAW_ORDERS_DLQ.id] == 3
    erasure(days).run("run")
    assert [row["offset"] for row in days.rows(RAW_ORDERS_DLQ)] == [2, 3]


def test_quarantined_rows_lose_those_of_the_customer(days: BronzeDays) -> None:
    rows = [
        {"table_id": "bronze/x", "row_number": number, "raw_row": json.dumps({"customer_id": who})}
        for number, who in enumerate(["c1", "c2"], start=1)
    ]
    whole = [{"day": at(1).date(), "reasons": ["x"], "batch_id": "b", "run_id": "r", **row} for row in rows]
    shape = {name: pa.array([row.get(name) for row in whole]) for name in QUARANTINED_ROWS.names}
    publish(days.lake, QUARANTINED_ROWS, [window_of(1)], lambda _: Candidate(pa.table(shape)), "rows")
    erasure(days).run("run")
    assert [row["row_number"] for row in days.rows(QUARANTINED_ROWS)] == [2]


@pytest.mark.parametrize("step", ["_delete", "rewrite", "amend"])
def test_killed_at_any_step_and_run_again_it_ends_the_same(
    days: BronzeDays, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad_orders(days)
    for survived in range(8):
        done = iter(range(survived))
        real = getattr(module, step)

        def dying(*arguments: object, done: object = done, real: object = real) -> object:
            if next(done, None) is None:  # type: ignore[call-overload]
                raise KeyboardInterrupt
            return real(*arguments)  # type: ignore[operator]

        with monkeypatch.context() as patch:
            patch.setattr(module, step, dying)
            try:
                erasure(days, tenant="acme").run("dying")
            except KeyboardInterrupt:
                continue
            break
    assert counted(erasure(days, tenant="acme").run("again")) == {}
    assert held(days, RAW_SNOWFLAKE_ORDERS) == [("c2", "acme"), ("c1", "bolt")] * 2
    for day in DAYS:
        PublishedPartitions(days.lake, RAW_SNOWFLAKE_ORDERS, [window_of(day)]).require(window_of(day))
    assert days.verdict(RAW_SNOWFLAKE_ORDERS, 3).quarantined_rows == 2
