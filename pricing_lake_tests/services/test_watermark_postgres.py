"""The row that commits after the read, on a real PostgreSQL: lost by "later than the latest seen", found by ours."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import adbc_driver_postgresql.dbapi as dbapi
import pyarrow as pa
import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.feed import TimeFeed
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.increment import collect
from pricing_lake.lake.watermark import Watermark
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.conftest import open_lake

pytestmark = pytest.mark.services

READ = """
SELECT customer_id, updated_at, 'acme' AS tenant_id, false AS is_deleted FROM {table}
WHERE updated_at >= $1::timestamptz AND updated_at < $2::timestamptz
"""
LAG = timedelta(0)


class Customers:
    """A table of customers whose `updated_at` is the time at which the writing transaction began, as `now()` is."""

    def __init__(self, url: str) -> None:
        self.url, self.table = url, f"customers_{uuid4().hex[:8]}"
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {self.table} (customer_id text, updated_at timestamptz DEFAULT now())")
            connection.commit()

    def connect(self) -> dbapi.Connection:
        return dbapi.connect(self.url)

    def insert(self, connection: dbapi.Connection, customer: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {self.table} (customer_id) VALUES ($1)", (customer,))

    def clock(self) -> datetime:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            moment = cursor.fetchall()[0][0]
        assert isinstance(moment, datetime)
        return moment.astimezone(UTC)

    def read(self, start: datetime, end: datetime) -> Candidate:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(READ.format(table=self.table), (start.isoformat(), end.isoformat()))
            rows: pa.Table = cursor.fetch_arrow_table()
        return Candidate(rows, source_system="snowflake", expected_rows=rows.num_rows)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(tmp_path)


def customers_in(lake: Lake) -> list[str]:
    rows = lake.table(RAW_SNOWFLAKE_CUSTOMERS).scan(selected_fields=("customer_id",)).to_arrow()
    return sorted(rows.column("customer_id").to_pylist())


@pytest.mark.parametrize(
    ("overlap", "found"),
    [(timedelta(minutes=10), ["before", "late", "later"]), (timedelta(0), ["before", "later"])],
    ids=["with an overlap longer than the transaction", "without an overlap the row is lost"],
)
def test_a_row_that_commits_after_the_read_is_not_lost(
    postgres_url: str, lake: Lake, overlap: timedelta, found: list[str]
) -> None:
    customers = Customers(postgres_url)
    beginning = customers.clock() - timedelta(hours=1)
    calendar = PartitionWindow(beginning, beginning + timedelta(days=2), "calendar")
    feed = TimeFeed(customers.clock, customers.read, Watermark(beginning, LAG, overlap))

    def catch_up() -> None:
        collect(lake, RAW_SNOWFLAKE_CUSTOMERS, feed, calendar, "run", 10)

    with closing(customers.connect()) as slow, closing(customers.connect()) as quick:
        customers.insert(slow, "late")
        customers.insert(quick, "before")
        quick.commit()
        catch_up()
        assert customers_in(lake) == ["before"]
        slow.commit()
    with closing(customers.connect()) as another:
        customers.insert(another, "later")
        another.commit()
    catch_up()
    assert customers_in(lake) == found
    catch_up()
    assert customers_in(lake) == found
