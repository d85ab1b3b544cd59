"""Closed days that change in a real PostgreSQL or MariaDB shop are run again: late commits, deletions, corrections."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi
import pytest

from pricing_lake_tests.services import mariadb_shop, postgres_shop
from pricing_lake_tests.services.mariadb_shop import MariaDbShop
from pricing_lake_tests.services.postgres_shop import PostgresShop
from pricing_lake_tests.watched_lake import OLD, OTHER, RECENT, WatchedLake, ago

pytestmark = pytest.mark.services

DAYS = (OLD, OTHER, RECENT)


@dataclass(frozen=True)
class Served:
    """A shop in a server, and how the lake is told of it."""

    shop: PostgresShop | MariaDbShop
    url: str
    table: str
    open_transaction: Callable[[], Any]

    def execute(self, statement: str) -> None:
        self.shop.execute(statement.replace("sales", self.table))

    @contextmanager
    def transaction(self) -> Iterator[Callable[[str], None]]:
        """A transaction that ends with the block; what it does is seen by others only then."""
        with self.open_transaction() as connection:
            with connection.cursor() as cursor:
                yield lambda statement: cursor.execute(statement.replace("sales", self.table))
            connection.commit()


@pytest.fixture(params=["postgres", "mariadb"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    url = request.getfixturevalue(f"{request.param}_url")
    if request.param == "postgres":
        with postgres_shop.postgres_shop(url) as shop:
            yield Served(shop, url, f"{shop.schema}.sales", lambda: adbc_driver_postgresql.dbapi.connect(url))
        return
    with mariadb_shop.mariadb_shop(url) as maria:

        def begun() -> Any:
            connection = mariadb_shop.connected(maria.url)
            connection.begin()
            return connection

        yield Served(maria, maria.url, f"{maria.database}.sales", begun)


@pytest.fixture
def lake(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WatchedLake:
    """A lake that has published three days of two sales each and asked once."""
    for name in ("SMARTGO_URL", "PRICING_LAKE_HOME", "PRICING_LAKE_START_DATE", "PRICING_LAKE_END_DATE"):
        monkeypatch.delenv(name, raising=False)
    for day in DAYS:
        for number in (1, 2):
            moments = {"sold_at": f"{day}T12:00:00Z", "updated_at": f"{day}T12:00:05Z"}
            served.shop.add(sale_id=f"{day}-{number}", image_url=None, **moments)
    lake = WatchedLake(tmp_path / "lake", served.url, f'[smartgo_mapping]\ntable = "{served.table}"')
    lake.publish(*DAYS)
    assert all(lake.verdict(day).passed for day in DAYS)
    assert lake.ask() == {}
    return lake


@pytest.mark.parametrize("day", [OLD, RECENT])
def test_a_transaction_that_outlasts_a_question_is_seen_by_the_next(
    lake: WatchedLake, served: Served, day: str
) -> None:
    """Its row is stamped when it begins, before the question, and can be seen only when it ends, after it."""
    with served.transaction() as run:
        run(f"UPDATE sales SET sold_price = 99, updated_at = CURRENT_TIMESTAMP WHERE sale_id = '{day}-1'")
        assert lake.ask() == {}
    assert list(lake.ask()) == [day]
    assert lake.run_daily(day)
    assert str(lake.rows()[f"{day}-1"]["sold_price"]) == "99.00"
    assert lake.ask() == {}


def test_a_soft_delete_runs_its_day(lake: WatchedLake, served: Served) -> None:
    change = f"deleted_at = CURRENT_TIMESTAMP, updated_at = CURRENT_TIMESTAMP WHERE sale_id = '{OLD}-2'"
    served.execute(f"UPDATE sales SET {change}")
    assert list(lake.ask()) == [OLD]
    assert lake.run_daily(OLD)
    assert lake.rows()[f"{OLD}-2"]["deleted_at"] is not None


def test_a_deleted_row_and_a_late_one_run_their_days(lake: WatchedLake, served: Served) -> None:
    served.execute(f"DELETE FROM sales WHERE sale_id IN ('{OLD}-1', '{RECENT}-1')")
    served.shop.add(sale_id="late", sold_at=f"{OTHER}T18:00:00Z", updated_at=ago(minutes=1), image_url=None)
    assert list(lake.ask()) == [OTHER, RECENT]
    assert all(lake.run_daily(day) for day in (OTHER, RECENT))
    assert lake.rows().keys() == {f"{day}-{number}" for day in DAYS for number in (1, 2)} - {f"{RECENT}-1"} | {"late"}


def test_a_change_that_keeps_count_and_prices_is_told_by_its_time(lake: WatchedLake, served: Served) -> None:
    served.execute(f"UPDATE sales SET category = 'boots', updated_at = CURRENT_TIMESTAMP WHERE sale_id = '{RECENT}-1'")
    assert list(lake.ask()) == [RECENT]
