"""bronze/raw_snowflake_orders: each event once, however often it is delivered or read, over Snowflake's protocol."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from pricing_lake.bronze.raw_snowflake_orders import raw_snowflake_orders
from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.errors import SourceUnavailableError
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.snowflake_lake import OFF, SnowflakeLake, resource_of
from pricing_lake_tests.services.snowflake_server import SnowflakeServer, running_snowflake
from pricing_lake_tests.services.snowflake_shop import SnowflakeShop

DAY = "2026-03-01"
START = datetime(2026, 3, 1, tzinfo=UTC)
KILLED = """
import os, signal, sys
from pathlib import Path
import pricing_lake.lake.publish as p
import pricing_lake_tests.bronze.snowflake_lake as snowflake_lake
from pricing_lake.bronze.raw_snowflake_orders import raw_snowflake_orders
from pricing_lake.resources.snowflake import SnowflakeResource
from pricing_lake.sources.snowflake import SnowflakeTable
home, step, settings = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)
def after(real):
    def dying(*a, **k):
        result = real(*a, **k)
        die()
    return dying
def in_the_middle(real):
    def dying(*a, **k):
        yield next(real(*a, **k))
        die()
    return dying
if step == "reading": SnowflakeTable._rows = in_the_middle(SnowflakeTable._rows)
elif step == "staged": p.stage_files = after(p.stage_files)
elif step == "before the commit": p.replace_windows = die
else: p.replace_windows = after(p.replace_windows)
snowflake = SnowflakeResource.model_validate_json(settings)
snowflake_lake.SnowflakeLake(home, raw_snowflake_orders).run(snowflake, "2026-03-01", "2026-03-02")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[SnowflakeServer]:
    with running_snowflake() as server:
        yield server


@pytest.fixture
def shop(server: SnowflakeServer) -> SnowflakeShop:
    return SnowflakeShop(server)


@pytest.fixture
def lake(tmp_path: Path) -> SnowflakeLake:
    return SnowflakeLake(tmp_path, raw_snowflake_orders)


def test_a_day_arrives_exactly(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_order(order_id="é🙂", event_ts="2026-03-01 23:59:59.999999", product_id=None, amount=Decimal("0.01"))
    shop.add_order(order_id="next", event_ts="2026-03-02 00:00:00")
    assert lake.run(resource_of(shop, lake.home), DAY).success
    assert lake.rows() == [
        {
            "order_id": "é🙂",
            "event_ts": START + timedelta(days=1, microseconds=-1),
            "tenant_id": "shop",
            "customer_id": "c-1",
            "product_id": None,
            "category": "Bags",
            "amount": Decimal("0.01"),
            "currency": "EUR",
            "status": "PLACED",
            "updated_at": START + timedelta(hours=12, seconds=1),
        }
    ]


def test_a_backfill_that_runs_again_adds_nothing(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_orders(
        {"order_id": f"o-{day}-{number}", "event_ts": f"2026-03-0{day} 00:00:00"}
        for day in range(1, 6)
        for number in range(20)
    )
    snowflake = resource_of(shop, lake.home)
    for first, last in ((DAY, "2026-03-05"), (DAY, "2026-03-05"), ("2026-03-03", "")):
        assert lake.run(snowflake, first, last).success
        assert len({(row["order_id"], row["event_ts"]) for row in lake.rows()}) == len(lake.rows()) == 100
    assert lake.commits == 1


def test_an_event_delivered_twice_is_one_row(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    """The warehouse may hold one (order_id, event_ts) many times: equal rows count as duplicates, the newest wins."""
    for _ in range(3):
        shop.add_order(order_id="same")
    for number in range(8):
        corrected = f"corrected-{number}"
        shop.add_order(order_id=corrected, amount=Decimal("5.00"), updated_at="2026-03-01 15:00:00")
        shop.add_order(order_id=corrected, amount=Decimal("6.00"), updated_at="2026-03-01 14:00:00")
        shop.add_order(order_id=corrected, amount=Decimal("7.00"), updated_at=None)
    shop.add_order(order_id="same", event_ts="2026-03-01 12:00:00.000001", status="PAID")
    assert lake.run(resource_of(shop, lake.home), DAY).success
    kept = sorted((row["order_id"], row["status"], row["amount"]) for row in lake.rows())
    assert kept == [
        *((f"corrected-{number}", "PLACED", Decimal("5.00")) for number in range(8)),
        ("same", "PAID", Decimal("19.90")),
        ("same", "PLACED", Decimal("19.90")),
    ]
    verdict = lake.verdict(DAY)
    assert verdict
    assert verdict.reasons == {"event_ts_repeated": 16}
    counts = (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows, verdict.duplicate_rows)
    assert counts == (28, 10, 16, 2)


def test_a_merge_in_the_warehouse_and_a_correction_replace(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_order()
    snowflake = resource_of(shop, lake.home)
    assert lake.run(snowflake, DAY).success
    merge = """
        MERGE INTO ORDERS AS kept USING (
            SELECT 'o-1' AS ORDER_ID, '2026-03-01 12:00:00'::TIMESTAMP_NTZ AS EVENT_TS, {amount} AS AMOUNT
        ) AS arrived ON kept.ORDER_ID = arrived.ORDER_ID AND kept.EVENT_TS = arrived.EVENT_TS
        WHEN MATCHED THEN UPDATE SET AMOUNT = arrived.AMOUNT
        WHEN NOT MATCHED THEN INSERT (ORDER_ID, EVENT_TS, AMOUNT) VALUES ('x', '2026-03-01 12:00:00', 1)"""
    shop.execute(merge.format(amount="19.90"))
    assert lake.run(snowflake, DAY).success
    assert lake.commits == 1
    shop.execute(merge.format(amount="20.00"))
    assert lake.run(snowflake, DAY).success
    assert [row["amount"] for row in lake.rows()] == [Decimal("20.00")]


def test_dirt_is_set_aside_by_name_and_the_day_goes_on(lake: SnowflakeLake, server: SnowflakeServer) -> None:
    shop = SnowflakeShop(server, {"amount": "NUMBER(38,4)"})
    server.keep_nanoseconds(shop.schema, "ORDERS", "EVENT_TS")
    shop.add_orders({"order_id": f"good-{number}", "event_ts": f"{DAY} 12:00:00"} for number in range(3))
    for number, dirt in enumerate(
        (
            {"order_id": None},
            {"event_ts": None},
            {"event_ts": "2026-03-01 12:00:00.000000001"},
            {"tenant_id": "../etc"},
            {"customer_id": " "},
            {"amount": Decimal("-1.00")},
            {"amount": Decimal("1.005")},
            {"amount": None},
            {"status": "LOST"},
        )
    ):
        shop.add_order(**{"order_id": f"bad-{number}", **dirt})
    assert lake.run(resource_of(shop, lake.home), DAY).success
    verdict = lake.verdict(DAY)
    assert verdict
    assert verdict.reasons == {
        "order_id_missing": 1,
        "event_ts_missing": 1,
        "event_ts_finer_than_microsecond": 1,
        "tenant_id_malformed": 1,
        "customer_id_blank": 1,
        "amount_negative": 1,
        "amount_out_of_range": 1,
        "amount_missing": 1,
        "status_unknown": 1,
    }
    assert (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows) == (12, 3, 9)


def test_a_late_row_heals_its_own_day(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_order()
    snowflake = resource_of(shop, lake.home)
    assert lake.run(snowflake, DAY).success
    shop.add_order(order_id="late", updated_at="2026-03-04 09:00:00")
    [changed] = shop.orders().changed_days(START + timedelta(days=3), START + timedelta(days=4))
    assert (changed.day.isoformat(), changed.rows) == (DAY, 1)
    assert lake.run(snowflake, DAY).success
    assert {row["order_id"] for row in lake.rows()} == {"o-1", "late"}


def test_a_lost_part_publishes_nothing_and_is_tried_again(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_orders({"order_id": f"o-{number}"} for number in range(10_000))
    window = PartitionWindow(START, START + timedelta(days=1), DAY)
    resources = SimpleNamespace(snowflake=resource_of(shop, lake.home))
    produce = raw_snowflake_orders.producer(lake.lake, [window], resources)
    with shop.server.told(lose_part=2), pytest.raises(SourceUnavailableError, match="try again"):
        publish(lake.lake, RAW_SNOWFLAKE_ORDERS, [window], produce, "run")
    assert (lake.rows(), lake.verdict(DAY)) == ([], None)
    publish(lake.lake, RAW_SNOWFLAKE_ORDERS, [window], produce, "run")
    assert len(lake.rows()) == 10_000


def test_a_wrong_setting_is_one_clear_line_and_is_not_retried(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    result = lake.run(resource_of(shop, lake.home, role="OWNER"), DAY)
    assert "correct SNOWFLAKE_ROLE" in failure_of(result)
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert lake.verdict(DAY) is None


def test_switched_off_every_day_is_empty(lake: SnowflakeLake) -> None:
    assert lake.run(OFF, DAY, "2026-03-03").success
    verdict = lake.verdict(DAY)
    assert verdict
    assert verdict.passed
    assert (lake.rows(), lake.commits) == ([], 0)


@pytest.mark.parametrize("step", ["reading", "staged", "before the commit", "after the commit"])
def test_killed_anywhere_and_run_again_gives_each_event_once(
    lake: SnowflakeLake, shop: SnowflakeShop, tmp_path: Path, step: str
) -> None:
    shop.add_orders(
        {"order_id": f"o-{number}", "event_ts": f"2026-03-0{1 + number % 2} 08:00:00"} for number in range(8_000)
    )
    snowflake = resource_of(shop, tmp_path)
    lake.lake.table(RAW_SNOWFLAKE_ORDERS)
    command = [sys.executable, "-c", KILLED, str(tmp_path), step, snowflake.model_dump_json()]
    child = subprocess.run(command, cwd=Path.cwd(), env=dict(os.environ), check=False)
    assert child.returncode == -signal.SIGKILL
    assert lake.run(snowflake, DAY, "2026-03-02").success
    assert len(lake.rows()) == 8_000
    assert {row["order_id"] for row in lake.rows()} == {f"o-{number}" for number in range(8_000)}
    assert lake.commits == 1
