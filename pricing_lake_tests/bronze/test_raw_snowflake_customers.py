"""bronze/raw_snowflake_customers: who changed on a day, judged by the contract, read over Snowflake's protocol."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pricing_lake.bronze.raw_snowflake_customers import changed_within, raw_snowflake_customers
from pricing_lake.sources.window import Window
from pricing_lake_tests.bronze.snowflake_lake import OFF, SnowflakeLake, resource_of
from pricing_lake_tests.services.snowflake_server import SnowflakeServer, running_snowflake
from pricing_lake_tests.services.snowflake_shop import SnowflakeShop

DAY, NEXT = "2026-03-01", "2026-03-02"


@pytest.fixture(scope="module")
def server() -> Iterator[SnowflakeServer]:
    with running_snowflake() as server:
        yield server


@pytest.fixture
def shop(server: SnowflakeServer) -> SnowflakeShop:
    return SnowflakeShop(server)


@pytest.fixture
def lake(tmp_path: Path) -> SnowflakeLake:
    return SnowflakeLake(tmp_path, raw_snowflake_customers)


def test_a_day_arrives_exactly_deletions_included(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_customer(full_name="Ada Łovelace", country=None)
    shop.add_customer(customer_id="gone", email=None, full_name=None, created_at=None, is_deleted=True)
    assert lake.run(resource_of(shop, lake.home), DAY).success
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows = {row["customer_id"]: row for row in lake.rows()}
    assert rows["c-1"] == {
        "customer_id": "c-1",
        "updated_at": moment,
        "tenant_id": "shop",
        "email": "ada@example.com",
        "full_name": "Ada Łovelace",
        "country": None,
        "segment": "regular",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "is_deleted": False,
    }
    assert rows["gone"]["is_deleted"]


def test_a_history_keeps_each_state_on_its_day(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_customer()
    shop.add_customer(updated_at="2026-03-02 09:00:00", segment="gold")
    snowflake = resource_of(shop, lake.home)
    for _ in range(2):
        assert lake.run(snowflake, DAY, NEXT).success
    states = sorted((str(row["updated_at"].date()), row["segment"]) for row in lake.rows())
    assert states == [(DAY, "regular"), (NEXT, "gold")]
    assert lake.commits == 1


def test_where_only_the_present_state_is_kept_a_new_change_moves_it(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_customer()
    snowflake = resource_of(shop, lake.home)
    assert lake.run(snowflake, DAY).success
    shop.execute("UPDATE CUSTOMERS SET SEGMENT = 'gold', UPDATED_AT = '2026-03-02 09:00:00'")
    assert lake.run(snowflake, NEXT).success
    assert sorted(str(row["segment"]) for row in lake.rows()) == ["gold", "regular"]
    assert lake.run(snowflake, DAY).success
    assert [row["segment"] for row in lake.rows()] == ["gold"]


def test_dirt_is_set_aside_by_name_and_the_day_goes_on(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_customer()
    shop.add_customer(customer_id="no-time", updated_at=None, created_at="2026-03-01 08:00:00")
    shop.add_customer(customer_id="", email="nobody")
    shop.add_customer(customer_id="unsure", is_deleted=None)
    shop.add_customer(customer_id="twice", segment="one")
    shop.add_customer(customer_id="twice", segment="two")
    assert lake.run(resource_of(shop, lake.home), DAY).success
    verdict = lake.verdict(DAY)
    assert verdict
    assert verdict.reasons == {
        "updated_at_missing": 1,
        "customer_id_blank": 1,
        "email_malformed": 1,
        "is_deleted_missing": 1,
        "updated_at_repeated": 1,
    }
    assert sorted(row["customer_id"] for row in lake.rows()) == ["c-1", "twice"]


def test_other_names_are_mapped_and_no_deletions_are_none(lake: SnowflakeLake, shop: SnowflakeShop) -> None:
    shop.add_customer()
    shop.execute(
        "ALTER TABLE CUSTOMERS RENAME COLUMN FULL_NAME TO NAME",
        "ALTER TABLE CUSTOMERS DROP COLUMN IS_DELETED",
        "ALTER TABLE CUSTOMERS ADD COLUMN NOTE VARCHAR",
        "ALTER TABLE CUSTOMERS RENAME TO PEOPLE",
    )
    mapping = {"full_name": "NAME", "is_deleted": "", "ignored": ["NOTE"]}
    snowflake = resource_of(shop, lake.home, customers_table="PEOPLE", customers_mapping=mapping)
    assert lake.run(snowflake, DAY).success
    [row] = lake.rows()
    assert (row["full_name"], row["is_deleted"]) == ("Ada", False)


def test_any_window_can_be_read(shop: SnowflakeShop, tmp_path: Path) -> None:
    for hour in range(24):
        shop.add_customer(customer_id=f"c-{hour}", updated_at=f"2026-03-01 {hour:02}:00:00")
    window = Window(datetime(2026, 3, 1, 6, 30, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC))
    candidate = changed_within(window, resource_of(shop, tmp_path))
    assert sorted(candidate.rows.column("customer_id").to_pylist()) == ["c-7", "c-8"]
    assert candidate.expected_rows == 2


def test_switched_off_every_day_is_empty(lake: SnowflakeLake) -> None:
    assert lake.run(OFF, DAY).success
    verdict = lake.verdict(DAY)
    assert verdict
    assert (verdict.passed, verdict.source_rows, lake.rows()) == (True, 0, [])
