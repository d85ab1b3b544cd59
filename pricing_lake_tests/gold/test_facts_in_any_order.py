"""Facts are the same whichever day came first and however often it ran, from bronze to gold."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from pricing_lake.contracts.bronze_customers import (
    RAW_REDSHIFT_BEHAVIOR,
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM, RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.gold_dimensions import DIMENSIONS, UNKNOWN_MEMBER
from pricing_lake.contracts.gold_facts import FACT_BEHAVIOR, FACT_ORDERS
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.gold.dim_date import dim_date
from pricing_lake.gold.dim_fx import dim_fx
from pricing_lake.gold.dim_product import dim_product
from pricing_lake.gold.fact_behavior import fact_behavior
from pricing_lake.gold.fact_orders import fact_orders
from pricing_lake.lake.publish import Publication, publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.silver.customers import customers
from pricing_lake.silver.fx_rates import fx_rates
from pricing_lake.silver.orders import orders
from pricing_lake.table_asset import TableAsset
from pricing_lake_tests.gold.star_days import CALENDAR
from pricing_lake_tests.silver.bronze_days import DAYS, BronzeDays, Row, at

BRONZE = (
    RAW_ORDERS_STREAM,
    RAW_SNOWFLAKE_ORDERS,
    RAW_SNOWFLAKE_CUSTOMERS,
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_FX_RATES,
    RAW_REDSHIFT_BEHAVIOR,
)
SILVER = (orders, customers, fx_rates)
WHOLE = (dim_customer, dim_product, dim_date, dim_fx)
FACTS = (fact_orders, fact_behavior)
GOLD = (*DIMENSIONS, FACT_ORDERS, FACT_BEHAVIOR)

CLOCKS = ("00:00:00", "06:00:00", "12:00:00", "23:59:59.999999")


def sources(chance: Random) -> dict[str, list[Row]]:
    """What the sources hold, by bronze table. Keys are unique, as the contracts ask; all else may be anything."""
    told: dict[str, list[Row]] = {contract.id: [] for contract in BRONZE}
    moments = [at(day, clock) for day in DAYS for clock in CLOCKS]
    for offset, (order_id, when) in enumerate(chance.sample([(o, m) for o in ("o1", "o2", "o3") for m in moments], 20)):
        event: Row = {
            "order_id": order_id,
            "event_ts": when,
            "customer_id": chance.choice(["c1", "c2", "c3"]),
            "status": chance.choice(["PLACED", "PAID", "SHIPPED", "CANCELLED"]),
            "product_id": chance.choice([None, "p1", "p2"]),
            "currency": chance.choice(["EUR", "GBP", "USD", "XTS"]),
        }
        if offset % 3:
            told[RAW_ORDERS_STREAM.id].append({**event, "offset": offset, "message_ts": when})
        if offset % 3 != 1:
            told[RAW_SNOWFLAKE_ORDERS.id].append(event)
        visit = {name: event[name] for name in ("event_ts", "customer_id", "product_id")}
        visit |= {"event_id": f"e{offset}", "event_type": "view", "session_id": "v1"}
        told[RAW_REDSHIFT_BEHAVIOR.id].append(visit | ({} if offset % 4 else {"customer_id": None}))
    for customer_id, when in chance.sample([(who, moment) for who in ("c1", "c2") for moment in moments], 12):
        state: Row = {"customer_id": customer_id, "updated_at": when, "country": chance.choice(["FI", "SE"])}
        told[RAW_SNOWFLAKE_CUSTOMERS.id].append({**state, "is_deleted": chance.random() < 0.3})
    for day, ccy in chance.sample([(day, ccy) for day in DAYS for ccy in ("USD", "GBP")], 4):
        rate = chance.choice(["0.8", "1.25", "1.1"])
        told[RAW_FX_RATES.id].append({"as_of_date": date(2026, 3, day), "ccy": ccy, "rate": rate})
    return told


def publish_of(days: BronzeDays, asset: TableAsset, windows: Sequence[PartitionWindow]) -> Publication:
    resources = SimpleNamespace(masking=days.masking, calendar=CALENDAR)
    result = publish(days.lake, asset.contract, windows, asset.producer(days.lake, windows, resources), "gold")
    assert [verdict.explain() for verdict in result.refused] == []
    return result


def backfill(days: BronzeDays, silver_days: Sequence[int], fact_days: Sequence[int]) -> list[Publication]:
    """As `pricing-lake materialize` does: silver day by day, the wholes once, then the facts day by day."""
    made = [publish_of(days, asset, [_window(day)]) for day in silver_days for asset in SILVER]
    made += [publish_of(days, asset, [PartitionWindow.whole()]) for asset in WHOLE]
    return made + [publish_of(days, asset, [_window(day)]) for day in fact_days for asset in FACTS]


def gold(days: BronzeDays) -> dict[str, list[Row]]:
    return {contract.id: days.rows(contract) for contract in GOLD}


def _window(day: int) -> PartitionWindow:
    return PartitionWindow.of_day(date(2026, 3, day))


@pytest.mark.parametrize("seed", [1, 2])
def test_days_in_any_order_twice_give_identical_tables(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRICING_LAKE_MASKING_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    chance = Random(seed)
    told = sources(chance)
    order, again, facts = (chance.sample(DAYS, len(DAYS)) for _ in range(3))
    straight, shuffled = BronzeDays(tmp_path / "straight"), BronzeDays(tmp_path / "shuffled")
    straight.sources = told
    shuffled.sources = {table_id: rows[::-1] for table_id, rows in told.items()}
    for contract in BRONZE:
        straight.load(contract, DAYS)
    backfill(straight, DAYS, DAYS)
    for arrived, day in enumerate(order, start=1):
        for contract in BRONZE:
            shuffled.load(contract, [day])
        backfill(shuffled, [day], order[:arrived])
    backfill(shuffled, again, facts)
    assert gold(shuffled) == gold(straight)
    assert [row["customer_sk"] for row in straight.rows(FACT_ORDERS) if row["customer_sk"] != UNKNOWN_MEMBER]
    assert {publication.snapshot_id for publication in backfill(shuffled, order, facts)} == {None}
