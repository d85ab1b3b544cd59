"""What `@feed_asset` makes of a feed: days that catch up and settle, and a job that collects between them."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR, RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.errors import ContractError
from pricing_lake.lake.feed import Feed, NoFeed
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar
from pricing_lake.table_asset.feed import feed_asset
from pricing_lake_tests.lake.change_feed import CustomerChanges, at
from pricing_lake_tests.table_asset.tiny_table import lake_resource

CALENDAR = Calendar(date(2026, 3, 1), date(2026, 3, 10))
KEY = dg.AssetKey(["bronze", "raw_snowflake_customers"])


@feed_asset(RAW_SNOWFLAKE_CUSTOMERS, pool="warehouse")
def raw_snowflake_customers(calendar: PartitionWindow, changes: CustomerChanges) -> Feed:
    """Changes of customers."""
    assert calendar.first_day == CALENDAR.start
    return changes.feed()


ASSET = raw_snowflake_customers.definition(CALENDAR, "lake", 7)
JOB = raw_snowflake_customers.collect_job(CALENDAR)


@pytest.fixture
def changes(tmp_path: Path) -> CustomerChanges:
    return CustomerChanges(tmp_path / "changes.db")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def materialize(
    home: Path, changes: CustomerChanges, instance: dg.DagsterInstance, first: str, last: str
) -> dg.ExecuteInProcessResult:
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    resources = {"lake": lake_resource(home), "changes": dg.ResourceDefinition.hardcoded_resource(changes)}
    return dg.materialize([ASSET], instance=instance, resources=resources, tags=tags, raise_on_error=False)


def collect(home: Path, changes: CustomerChanges, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    resources = {"lake": lake_resource(home), "changes": dg.ResourceDefinition.hardcoded_resource(changes)}
    return JOB.execute_in_process(instance=instance, resources=resources, raise_on_error=False)


def rows(home: Path) -> list[str]:
    table = lake_resource(home).open().table(RAW_SNOWFLAKE_CUSTOMERS)
    return sorted(table.scan(selected_fields=("customer_id",)).to_arrow().column("customer_id").to_pylist())


def counted(instance: dg.DagsterInstance) -> dict[str | None, int]:
    """Rows of each partition as its latest materialization tells them."""
    records = instance.fetch_materializations(KEY, limit=100, ascending=True).records
    found: dict[str | None, int] = {}
    for record in records:
        metadata = record.asset_materialization.metadata if record.asset_materialization else {}
        if "dagster/partition_row_count" in metadata:
            found[record.partition_key] = int(str(metadata["dagster/partition_row_count"].value))
    return found


def test_a_range_of_days_catches_up_and_every_day_has_its_verdict(
    tmp_path: Path, changes: CustomerChanges, instance: dg.DagsterInstance
) -> None:
    for day in (2, 3, 3):
        changes.change(f"c{day}-{changes.now}", at(day))
        changes.now += timedelta(seconds=1)
    changes.now = at(6)
    assert materialize(tmp_path, changes, instance, "2026-03-02", "2026-03-04").success
    assert counted(instance) == {"2026-03-02": 1, "2026-03-03": 2, "2026-03-04": 0}
    statuses = instance.event_log_storage.get_materialized_partitions(KEY)
    assert statuses == {"2026-03-02", "2026-03-03", "2026-03-04"}


def test_materializing_a_settled_day_again_finds_what_came_later(
    tmp_path: Path, changes: CustomerChanges, instance: dg.DagsterInstance
) -> None:
    changes.change("c1", at(2))
    changes.now = at(6)
    materialize(tmp_path, changes, instance, "2026-03-02", "2026-03-02")
    changes.change("very-late", at(2, 9))
    assert materialize(tmp_path, changes, instance, "2026-03-02", "2026-03-02").success
    assert rows(tmp_path) == ["c1", "very-late"]
    assert counted(instance) == {"2026-03-02": 2}


def test_collecting_between_the_days_records_the_settled_day_that_changed(
    tmp_path: Path, changes: CustomerChanges, instance: dg.DagsterInstance
) -> None:
    changes.change("c1", at(2, 23, 50))
    changes.now = at(3, 0, 10)
    materialize(tmp_path, changes, instance, "2026-03-02", "2026-03-02")
    changes.change("late", at(2, 23, 45))
    changes.change("today", at(3, 0, 12))
    changes.now = at(3, 0, 30)
    assert collect(tmp_path, changes, instance).success
    latest = instance.fetch_materializations(KEY, limit=1).records[0]
    assert latest.partition_key == "2026-03-02"
    assert rows(tmp_path) == ["c1", "late", "today"]


def test_a_refused_increment_fails_the_run_and_is_not_tried_again(
    tmp_path: Path, changes: CustomerChanges, instance: dg.DagsterInstance
) -> None:
    for number in range(30):
        changes.change(f"c{number}", at(2), tenant_id="NO TENANT")
    changes.now = at(3)
    for result in (
        collect(tmp_path, changes, instance),
        materialize(tmp_path, changes, instance, "2026-03-02", "2026-03-02"),
    ):
        assert not result.success
        assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert rows(tmp_path) == []


def test_a_contract_that_is_not_incremental_has_no_feed() -> None:
    with pytest.raises(ContractError, match="a feed's contract is incremental"):

        @feed_asset(RAW_REDSHIFT_BEHAVIOR, pool="x")
        def raw_redshift_behavior() -> Feed:
            return NoFeed()
