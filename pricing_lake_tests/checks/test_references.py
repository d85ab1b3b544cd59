"""checks/references: customers and accounts that silver never knew are counted as of each day; nothing is held up."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from pricing_lake.checks.references import KNOWN, Known, known_on, reference_checks
from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_LEADS
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.definitions import build_defs
from pricing_lake.partitions import Calendar
from pricing_lake.stage import load_stage
from pricing_lake_tests.gold.silver_days import Row, SilverDays, at

CUSTOMERS_KNOWN, ACCOUNTS_KNOWN = KNOWN
UNKNOWN = "{} of {} rows name what silver/customers did not know by the day's end"


@pytest.fixture
def days(tmp_path: Path) -> SilverDays:
    return SilverDays(tmp_path / "days")


def order(day: int, customer_id: str, number: int = 1, **other: object) -> Row:
    return {"order_id": f"{day}-{number}", "event_ts": at(day), "customer_id": customer_id, **other}


def customer(day: int, customer_id: str, **change: object) -> Row:
    return {"day": date(2026, 3, day), "changed_at": at(day, "23:00:00"), "customer_id": customer_id, **change}


def told(days: SilverDays, *wanted: int, known: Known = CUSTOMERS_KNOWN) -> list[tuple[bool, str]]:
    found = known_on(days.lake, known, [date(2026, 3, day) for day in wanted])
    return [(one.passed, one.description) for one in found.values()]


def test_a_customer_is_known_from_the_day_that_tells_of_them(days: SilverDays) -> None:
    days.tell(ORDERS, *(order(day, who, n) for day in (2, 3) for n, who in enumerate(("c1", "c2"))))
    days.tell(CUSTOMERS, customer(2, "c1"), customer(3, "c2"))
    assert told(days, 2, 3) == [(False, UNKNOWN.format(1, 2)), (True, UNKNOWN.format(0, 2))]


def test_days_are_judged_as_of_their_own_end_whatever_came_later(days: SilverDays) -> None:
    days.tell(ORDERS, order(2, "c1"))
    days.tell(CUSTOMERS, customer(9, "c1"))
    assert told(days, 2) == [(True, "silver/customers holds nothing yet: there is nothing to hold the rows against")]
    days.tell(CUSTOMERS, customer(1, "other"))
    assert told(days, 2) == [(False, UNKNOWN.format(1, 1))]
    days.tell(CUSTOMERS, customer(1, "c1"))
    assert told(days, 2) == [(True, UNKNOWN.format(0, 1))]


def test_a_deleted_customer_is_known_and_one_of_another_shop_is_not(days: SilverDays) -> None:
    days.tell(ORDERS, order(5, "c1"), order(5, "c2", 2))
    days.tell(CUSTOMERS, customer(2, "c1", is_deleted=True), customer(2, "c2", tenant_id="other"))
    assert told(days, 5) == [(False, UNKNOWN.format(1, 2))]


def test_a_day_that_is_not_published_is_not_judged(days: SilverDays) -> None:
    days.tell(CUSTOMERS, customer(2, "c1"))
    assert told(days, 4) == [(True, "nothing is published for the day; its gate says why")]


def test_leads_that_became_no_account_name_none() -> None:
    assert ACCOUNTS_KNOWN.columns == ("converted_account_id",)
    assert not RAW_SALESFORCE_LEADS.column("converted_account_id").required


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning")
def test_a_range_has_an_outcome_per_day_and_fails_no_run(days: SilverDays) -> None:
    days.tell(ORDERS, order(2, "c1"), order(3, "c2"))
    days.tell(CUSTOMERS, customer(1, "c1"))
    calendar = Calendar(date(2026, 3, 1), date(2026, 3, 31))
    [check] = [one for one in reference_checks(calendar) if CUSTOMERS_KNOWN.check in str(one.check_keys)]
    orders = dg.AssetSpec(CUSTOMERS_KNOWN.key, partitions_def=calendar.days)
    lake = dg.ResourceDefinition.hardcoded_resource(SimpleNamespace(open=lambda: days.lake))
    result = (
        dg.Definitions(
            assets=[orders],
            asset_checks=[check],
            resources={"lake": lake},
            jobs=[dg.define_asset_job("job", dg.AssetSelection.checks(*check.check_keys))],
        )
        .resolve_job_def("job")
        .execute_in_process(
            tags={
                "dagster/asset_partition_range_start": "2026-03-02",
                "dagster/asset_partition_range_end": "2026-03-03",
            }
        )
    )
    assert result.success
    found = {one.partition: (one.passed, one.severity) for one in result.get_asset_check_evaluations()}
    assert found == {
        "2026-03-02": (True, dg.AssetCheckSeverity.WARN),
        "2026-03-03": (False, dg.AssetCheckSeverity.WARN),
        None: (False, dg.AssetCheckSeverity.WARN),
    }


def test_in_one_run_the_other_table_comes_first(tmp_path: Path) -> None:
    graph = build_defs(load_stage({"PRICING_LAKE_HOME": str(tmp_path)})).resolve_asset_graph()
    for known in KNOWN:
        other = dg.AssetKey([known.other.layer.value, known.other.name])
        assert other in graph.get(dg.AssetCheckKey(known.key, known.check)).parent_entity_keys
        assert other not in graph.get(known.key).parent_keys, "the table itself waits for nobody"
