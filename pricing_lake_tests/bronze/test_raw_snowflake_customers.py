"""bronze/raw_snowflake_customers: every state of a customer that was seen, once, over Snowflake's protocol."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pricing_lake.bronze.raw_snowflake_customers import raw_snowflake_customers
from pricing_lake.errors import SourceUnavailableError
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.snowflake_lake import OFF, SnowflakeLake, resource_of
from pricing_lake_tests.dying import Step, dies
from pricing_lake_tests.services.snowflake_server import SnowflakeServer, running_snowflake
from pricing_lake_tests.services.snowflake_shop import SnowflakeShop

DAY, NEXT, THIRD = "2026-03-01", "2026-03-02", "2026-03-03"


@pytest.fixture(scope="module")
def server() -> Iterator[SnowflakeServer]:
    with running_snowflake() as server:
        yield server


@pytest.fixture
def shop(server: SnowflakeServer) -> SnowflakeShop:
    return SnowflakeShop(server)


@pytest.fixture
def lake(tmp_path: Path, server: SnowflakeServer) -> SnowflakeLake:
    """Every run is at three in the morning of the third, unless a test says otherwise."""
    return SnowflakeLake(tmp_path, raw_snowflake_customers, server, now="2026-03-03 03:00:00")


def states(lake: SnowflakeLake) -> list[tuple[str, str, str]]:
    found = ((row["customer_id"], f"{row['updated_at']:%d %H:%M}", row["segment"]) for row in lake.rows())
    return sorted((str(customer), changed, str(segment)) for customer, changed, segment in found)


def told(lake: SnowflakeLake, day: str) -> tuple[int, dict[str, int]]:
    """Good rows of a day, and the reasons of those that were set aside on it."""
    verdict = lake.verdict(day)
    assert verdict
    assert verdict.passed
    return verdict.good_rows, dict(verdict.reasons)


class TestDays:
    def test_days_arrive_exactly_deletions_included(self, lake: SnowflakeLake, shop: SnowflakeShop) -> None:
        shop.add_customer(full_name="Ada Łovelace", country=None)
        shop.add_customer(customer_id="gone", email=None, full_name=None, created_at=None, is_deleted=True)
        shop.add_customer(customer_id="next", updated_at="2026-03-02 00:00:00.000001")
        assert lake.run(resource_of(shop, lake.home), DAY, NEXT).success
        rows = {row["customer_id"]: row for row in lake.rows()}
        assert rows["c-1"] == {
            "customer_id": "c-1",
            "updated_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
            "tenant_id": "shop",
            "email": "ada@example.com",
            "full_name": "Ada Łovelace",
            "country": None,
            "segment": "regular",
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            "is_deleted": False,
        }
        assert rows["gone"]["is_deleted"]
        assert (told(lake, DAY), told(lake, NEXT)) == ((2, {}), (1, {}))
        assert lake.stamp == "2026-03-03T02:55:00.000000+00:00"

    def test_run_again_unchanged_commits_nothing(self, lake: SnowflakeLake, shop: SnowflakeShop) -> None:
        shop.add_customer()
        snowflake = resource_of(shop, lake.home)
        for now in ("2026-03-03 03:00:00", "2026-03-03 03:00:00", "2026-03-04 03:00:00"):
            lake.now = now
            assert lake.run(snowflake, DAY, NEXT).success
            assert lake.collect(snowflake).success
        assert (lake.commits, len(lake.rows())) == (1, 1)

    def test_other_names_are_mapped_and_no_deletions_are_none(self, lake: SnowflakeLake, shop: SnowflakeShop) -> None:
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

    def test_switched_off_every_day_is_empty(self, lake: SnowflakeLake) -> None:
        assert lake.run(OFF, DAY).success
        assert lake.collect(OFF).success
        assert (told(lake, DAY), lake.rows(), lake.commits, lake.stamp) == ((0, {}), [], 0, None)


class TestChanges:
    def test_a_customer_that_changed_again_keeps_the_state_that_was_seen(
        self, lake: SnowflakeLake, shop: SnowflakeShop
    ) -> None:
        """The table keeps the present state alone: the first one is nowhere but here, and no run may take it away."""
        shop.add_customer()
        snowflake = resource_of(shop, lake.home)
        lake.now = "2026-03-02 03:00:00"
        assert lake.run(snowflake, DAY).success
        shop.execute("UPDATE CUSTOMERS SET SEGMENT = 'gold', UPDATED_AT = '2026-03-02 09:00:00'")
        lake.now = "2026-03-03 03:00:00"
        assert lake.run(snowflake, NEXT).success
        assert lake.run(snowflake, DAY, NEXT).success
        assert states(lake) == [("c-1", "01 12:00", "regular"), ("c-1", "02 09:00", "gold")]
        assert (told(lake, DAY), told(lake, NEXT)) == ((1, {}), (1, {}))

    def test_a_row_that_became_visible_late_is_met_in_the_overlap(
        self, lake: SnowflakeLake, shop: SnowflakeShop
    ) -> None:
        snowflake = resource_of(shop, lake.home)
        shop.add_customer(customer_id="early", updated_at="2026-03-01 23:50:00")
        lake.now = "2026-03-02 00:00:00"
        assert lake.collect(snowflake).success
        shop.add_customer(customer_id="late", updated_at="2026-03-01 23:40:00")
        shop.add_customer(customer_id="near", updated_at="2026-03-02 00:06:00")
        lake.now = "2026-03-02 00:10:00"
        assert lake.collect(snowflake).success
        assert [state[0] for state in states(lake)] == ["early", "late"], "near is nearer to the clock than the lag"

    def test_a_row_later_than_the_overlap_is_found_when_its_day_is_run_again(
        self, lake: SnowflakeLake, shop: SnowflakeShop
    ) -> None:
        snowflake = resource_of(shop, lake.home)
        shop.add_customer()
        assert lake.run(snowflake, DAY).success
        shop.add_customer(customer_id="late", updated_at="2026-03-01 09:00:00")
        assert lake.collect(snowflake).success
        assert told(lake, DAY) == (1, {})
        stamp = lake.stamp
        assert lake.run(snowflake, DAY).success
        assert (told(lake, DAY), lake.stamp) == ((2, {}), stamp)

    def test_a_settled_day_that_changed_between_the_days_is_recorded_again(
        self, lake: SnowflakeLake, shop: SnowflakeShop
    ) -> None:
        snowflake = resource_of(shop, lake.home)
        shop.add_customer(updated_at="2026-03-01 23:50:00")
        lake.now = "2026-03-02 00:10:00"
        assert lake.run(snowflake, DAY).success
        shop.add_customer(customer_id="late", updated_at="2026-03-01 23:51:00")
        lake.now = "2026-03-02 00:20:00"
        result = lake.collect(snowflake)
        recorded = [event.partition for event in result.all_events if event.is_step_materialization]
        assert (recorded, told(lake, DAY)) == ([DAY], (2, {}))

    def test_a_correction_that_keeps_its_time_replaces_the_row(self, lake: SnowflakeLake, shop: SnowflakeShop) -> None:
        for number in range(5):
            shop.add_customer(customer_id=f"c-{number}")
        snowflake = resource_of(shop, lake.home)
        assert lake.run(snowflake, DAY).success
        shop.execute("UPDATE CUSTOMERS SET SEGMENT = 'gold' WHERE CUSTOMER_ID = 'c-3'")
        assert lake.run(snowflake, DAY).success
        assert [state[2] for state in states(lake)] == ["regular", "regular", "regular", "gold", "regular"]

    def test_a_row_deleted_for_good_stays_as_it_was_seen(self, lake: SnowflakeLake, shop: SnowflakeShop) -> None:
        shop.add_customer()
        snowflake = resource_of(shop, lake.home)
        assert lake.run(snowflake, DAY).success
        shop.execute("DELETE FROM CUSTOMERS")
        assert lake.run(snowflake, DAY).success
        assert states(lake) == [("c-1", "01 12:00", "regular")]


DIRT = {
    "updated_at_missing": 1,
    "customer_id_blank": 1,
    "email_malformed": 1,
    "is_deleted_missing": 1,
    "updated_at_repeated": 1,
}


def add_dirt(shop: SnowflakeShop) -> None:
    """Customers of the second at noon: two that are well, five that are not."""
    noon = {"updated_at": "2026-03-02 12:00:00"}
    shop.add_customer(**noon)
    shop.add_customer(customer_id="no-time", updated_at=None, created_at="2026-03-02 12:00:00")
    shop.add_customer(customer_id="", email="nobody", **noon)
    shop.add_customer(customer_id="unsure", is_deleted=None, **noon)
    shop.add_customer(customer_id="twice", segment="one", **noon)
    shop.add_customer(customer_id="twice", segment="two", **noon)


class TestDirt:
    def test_dirt_is_set_aside_by_name_once_on_the_day_it_was_taken(
        self, lake: SnowflakeLake, shop: SnowflakeShop
    ) -> None:
        """Three looks meet it in their overlap, a fourth reads the day again: it is told once."""
        add_dirt(shop)
        snowflake = resource_of(shop, lake.home)
        for now in ("12:10", "12:20", "12:30"):
            lake.now = f"2026-03-02 {now}:00"
            assert lake.collect(snowflake).success
        lake.now = "2026-03-03 03:00:00"
        for _ in range(2):
            assert lake.run(snowflake, NEXT).success
        assert sorted(row["customer_id"] for row in lake.rows()) == ["c-1", "twice"]
        assert told(lake, NEXT) == (2, DIRT)
        lake.now = "2026-03-04 03:00:00"
        assert lake.run(snowflake, THIRD).success
        assert told(lake, THIRD) == (0, {})

    def test_a_stretch_with_too_much_dirt_is_refused_until_it_is_mended(
        self, lake: SnowflakeLake, shop: SnowflakeShop
    ) -> None:
        for number in range(30):
            shop.add_customer(customer_id=f"c-{number}", email="nobody")
        snowflake = resource_of(shop, lake.home)
        for result in (lake.collect(snowflake), lake.run(snowflake, DAY)):
            assert not result.success
            assert "bad_share: 30 of 30 rows are bad (email_malformed 30)" in failure_of(result)
            assert not result.filter_events(lambda event: event.is_step_up_for_retry)
        assert (lake.rows(), lake.stamp, lake.verdict(DAY)) == ([], None, None)
        shop.execute("UPDATE CUSTOMERS SET EMAIL = 'ada@example.com'")
        assert lake.run(snowflake, DAY).success
        assert told(lake, DAY) == (30, {})

    def test_a_lost_part_of_a_result_takes_nothing_and_moves_nothing(
        self, lake: SnowflakeLake, shop: SnowflakeShop
    ) -> None:
        shop.add_customer(customer_id="first")
        shop.execute(
            "INSERT INTO CUSTOMERS SELECT CONCAT('c-', SEQ4()), UPDATED_AT, TENANT_ID, EMAIL, FULL_NAME, COUNTRY, "
            "SEGMENT, CREATED_AT, IS_DELETED FROM CUSTOMERS, TABLE(GENERATOR(ROWCOUNT => 9000))"
        )
        snowflake = resource_of(shop, lake.home)
        assert lake.server
        lost = {"clock": f"{lake.now}+00:00", "lose_part": 1}
        lake.server, server = None, lake.server
        with server.told(**lost), pytest.raises(SourceUnavailableError, match="a part of the result was lost"):
            lake.publish(snowflake, DAY)
        assert (lake.rows(), lake.stamp, lake.commits) == ([], None, 0)
        lake.server = server
        lake.publish(snowflake, DAY)
        assert told(lake, DAY) == (9_001, {})


PROGRAM = """
from pathlib import Path
from pricing_lake.bronze.raw_snowflake_customers import raw_snowflake_customers
from pricing_lake.resources.snowflake import SnowflakeResource
from pricing_lake_tests.bronze.snowflake_lake import SnowflakeLake
home, way, settings = sys.argv[5:]
snowflake = SnowflakeResource.model_validate_json(settings)
lake = SnowflakeLake(Path(home), raw_snowflake_customers)
lake.collect(snowflake) if way == "collect" else lake.run(snowflake, "2026-03-01", "2026-03-02")
"""
BATCH = "pricing_lake.lake.increment_batch"
STEPS = (
    Step("pricing_lake.sources.snowflake:SnowflakeTable", "_rows", "within"),
    Step("pricing_lake.lake.increment", "split_rows"),
    Step("pricing_lake.lake.increment_lanes:IncrementLanes", "propose"),
    Step(BATCH, "stage_files"),
    Step(BATCH, "write_survivors"),
    Step(BATCH, "commit_with_stamp", "before"),
    Step(BATCH, "commit_with_stamp"),
    Step("pricing_lake.lake.increment_lanes:IncrementLanes", "accept", nth=3),
    Step("pricing_lake.lake.verdicts:VerdictStore", "write", "before"),
    Step("pricing_lake.lake.verdicts:VerdictStore", "write"),
)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_killed_anywhere_and_run_again_later_every_state_is_there_once(
    lake: SnowflakeLake, shop: SnowflakeShop, step: Step
) -> None:
    snowflake = resource_of(shop, lake.home)
    shop.add_customer(customer_id="before", updated_at="2026-03-01 09:00:00")
    shop.add_customer(customer_id="corrected", updated_at="2026-03-02 11:50:00")
    lake.now = "2026-03-02 11:55:01"
    assert lake.run(snowflake, DAY).success
    shop.execute("UPDATE CUSTOMERS SET SEGMENT = 'gold' WHERE CUSTOMER_ID = 'corrected'")
    add_dirt(shop)
    way = "run" if step.owner.endswith("VerdictStore") else "collect"
    lake.now = "2026-03-02 13:00:00"
    with lake.clock:
        dies(PROGRAM, step, str(lake.home), way, snowflake.model_dump_json())
    lake.now = "2026-03-03 03:00:00"
    assert lake.run(snowflake, DAY, NEXT).success
    assert states(lake) == [
        ("before", "01 09:00", "regular"),
        ("c-1", "02 12:00", "regular"),
        ("corrected", "02 11:50", "gold"),
        ("twice", "02 12:00", states(lake)[-1][2]),
    ]
    taken_on_the_second, taken_on_the_third = told(lake, NEXT), told_on_the_third(lake, snowflake)
    assert taken_on_the_second[0] == 3
    assert taken_on_the_second[1] | taken_on_the_third == DIRT
    assert sum(taken_on_the_second[1].values()) + sum(taken_on_the_third.values()) == sum(DIRT.values())


def told_on_the_third(lake: SnowflakeLake, snowflake: object) -> dict[str, int]:
    """What was set aside on the third: all of it, when the run that was killed had not committed."""
    lake.now = "2026-03-04 03:00:00"
    assert lake.run(snowflake, THIRD).success  # type: ignore[arg-type]
    return told(lake, THIRD)[1]
