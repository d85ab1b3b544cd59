"""Two weeks of a real shop's orders and the bank's real rates, from bronze to gold/fact_orders: to the cent."""

from datetime import date
from decimal import Decimal

import pytest

from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.lake.verdicts import Verdict
from pricing_lake_tests.services.range_runs import calendar_days
from pricing_lake_tests.services.retail_orders import RetailOrders, missing_data
from pricing_lake_tests.services.retail_orders_file import bad_lines_of_file, days_of_file, days_of_lake

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(missing_data() is not None, reason=missing_data() or ""),
]

BELOW_A_CENT, BAD_DEBT = date(2011, 7, 26), date(2011, 8, 12)
WEEKS = ((date(2010, 12, 19), date(2010, 12, 25)), (date(2011, 8, 7), date(2011, 8, 13)))
DAYS = sorted([BELOW_A_CENT, *(day for week in WEEKS for day in calendar_days(*week))])

Filled = tuple[RetailOrders, dict[str, list[Verdict]]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    retail = RetailOrders(tmp_path_factory.mktemp("orders"), DAYS)
    return retail, retail.fill()


def test_no_day_of_any_table_is_refused(filled: Filled) -> None:
    _, verdicts = filled
    assert [v.explain() for told in verdicts.values() for v in told if not v.passed] == []


def test_every_day_and_status_is_the_files_to_the_cent(filled: Filled) -> None:
    retail, _ = filled
    expected = days_of_file(DAYS)
    assert days_of_lake(retail.lake) == expected
    assert {status for _, status in expected} == {"PAID", "CANCELLED"}
    assert sum(day.amount_usd for day in expected.values()) > Decimal(500_000)
    assert sum(day.unknown for day in expected.values()) > 1_000


def test_rates_are_carried_over_the_weekend(filled: Filled) -> None:
    """Sunday the 7th of August 2011 has Friday's fixing."""
    retail, _ = filled
    rows = retail.lake.table(FACT_ORDERS).scan(row_filter="order_date = '2011-08-07'").to_arrow()
    assert set(rows.column("rate_date").to_pylist()) == {date(2011, 8, 5)}


def test_what_is_negative_or_below_a_cent_is_set_aside_and_nothing_else(filled: Filled) -> None:
    _, verdicts = filled
    reasons: dict[str, int] = {}
    for verdict in verdicts[RAW_SNOWFLAKE_ORDERS.id]:
        for reason, rows in verdict.reasons.items():
            reasons[reason] = reasons.get(reason, 0) + rows
    assert sum(reasons.values()) == bad_lines_of_file(DAYS) > 0
    assert set(reasons) <= {"amount_negative", "amount_out_of_range"}


def test_unknown_customers_are_counted_by_the_verdicts(filled: Filled) -> None:
    _, verdicts = filled
    counted = {
        verdict.partition: result.failed_rows
        for verdict in verdicts[FACT_ORDERS.id]
        for result in verdict.results
        if result.rule == "customer_sk_unknown" and result.failed_rows
    }
    unknown: dict[str, int] = {}
    for (day, _), figures in days_of_file(DAYS).items():
        unknown[day.isoformat()] = unknown.get(day.isoformat(), 0) + figures.unknown
    assert counted == {day: rows for day, rows in unknown.items() if rows}


def test_again_nothing_changes(filled: Filled) -> None:
    retail, _ = filled
    before = {contract.id: retail.lake.table(contract).current_snapshot() for contract in (ORDERS, FACT_ORDERS)}
    retail.fill()
    assert {c.id: retail.lake.table(c).current_snapshot() for c in (ORDERS, FACT_ORDERS)} == before
