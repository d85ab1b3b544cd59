"""Claim: nine real months of orders, 320,705 invoice lines, are in gold/fact_orders in dollars, to the cent.

Run from the project folder: `python -m benchmarks.nine_months_orders [--days N]`. Every line goes through bronze,
silver and the dimensions with the bank's real rates; the facts are then held against a computation that knows nothing
of ours but two rules of rounding. Needs the real sales and rates.
"""

import argparse
import resource
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_FX, DIM_PRODUCT
from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake_tests.services import online_retail as shop
from pricing_lake_tests.services.range_runs import calendar_days
from pricing_lake_tests.services.retail_orders import RetailOrders, missing_data
from pricing_lake_tests.services.retail_orders_file import Days, bad_lines_of_file, days_of_file, days_of_lake

ALL_DAYS = (shop.LAST_DAY - shop.FIRST_DAY).days + 1


def differences(expected: Days, found: Days) -> list[str]:
    """Days whose figures differ, one line each."""
    return [
        f"{day} {status}: the file says {expected.get((day, status))}, the lake {found.get((day, status))}"
        for day, status in sorted(expected.keys() | found.keys())
        if expected.get((day, status)) != found.get((day, status))
    ]


def total(days: Days, status: str, name: str) -> Decimal:
    """One figure of one status, added up."""
    return sum((Decimal(getattr(day, name)) for (_, of), day in days.items() if of == status), Decimal(0))


def main() -> None:
    """Fill a lake, print what came of it, and fail if a figure differs from the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=ALL_DAYS, help="only the first so many days")
    given = parser.parse_args()
    if missing := missing_data():
        parser.exit(1, f"{missing}\n")
    days = calendar_days(shop.FIRST_DAY, shop.FIRST_DAY + timedelta(days=given.days - 1))
    with TemporaryDirectory(prefix="pricing-lake-") as home:
        retail = RetailOrders(Path(home), days)
        start = time.perf_counter()
        verdicts = retail.fill()
        seconds = time.perf_counter() - start
        found = days_of_lake(retail.lake)
    expected = days_of_file(days)
    told = verdicts[RAW_SNOWFLAKE_ORDERS.id]
    wrong = [verdict.explain() for group in verdicts.values() for verdict in group if not verdict.passed]
    wrong += differences(expected, found)
    print(f"{days[0]} to {days[-1]}: {sum(v.source_rows for v in told):,} lines in {seconds:.0f} s, ")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(
        f"{sum(v.good_rows for v in told):,} order events, {sum(v.duplicate_rows for v in told):,} duplicates, "
        f"{sum(v.quarantined_rows for v in told)} quarantined (the file has {bad_lines_of_file(days)} such lines)"
    )
    for status in ("PAID", "CANCELLED"):
        figures = {name: total(found, status, name) for name in ("rows", "amount", "amount_usd", "unknown")}
        print(
            f"{status}: {figures['rows']:,} rows, {figures['amount']:,} GBP, {figures['amount_usd']:,} USD, "
            f"{figures['unknown']:,} of unknown customers"
        )
    sizes = {contract.id: verdicts[contract.id][0].good_rows for contract in (DIM_CUSTOMER, DIM_PRODUCT, DIM_FX)}
    print(", ".join(f"{name} {rows:,} rows" for name, rows in sizes.items()))
    print(f"{len(expected)} days and statuses of {FACT_ORDERS.id} compared, {len(wrong)} differ")
    sys.exit("\n".join(wrong[:20]) if wrong else 0)


if __name__ == "__main__":
    main()
