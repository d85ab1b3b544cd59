"""bronze/raw_smartgo_sales when a table in a real PostgreSQL or MariaDB is altered: each change has one outcome."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pricing_lake_tests.schema_changes import CHANGES, SALES, Change, hold_against
from pricing_lake_tests.services.mariadb_shop import mariadb_shop
from pricing_lake_tests.services.postgres_shop import postgres_shop
from pricing_lake_tests.watched_lake import WatchedLake

pytestmark = pytest.mark.services


@dataclass(frozen=True)
class Served:
    """A lake on a shop in a server, and what runs statements there."""

    database: str
    lake: WatchedLake
    alter: Callable[[str], None]


@pytest.fixture(params=["postgres", "mariadb"])
def served(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("SMARTGO_URL", "PRICING_LAKE_HOME", "PRICING_LAKE_START_DATE", "PRICING_LAKE_END_DATE"):
        monkeypatch.delenv(name, raising=False)
    url = request.getfixturevalue(f"{request.param}_url")
    opened = postgres_shop if request.param == "postgres" else mariadb_shop
    with opened(url, brand="varchar(20)") as shop:
        table = f"{shop.schema}.sales" if request.param == "postgres" else "sales"
        for day, sale_id in SALES:
            moments = {"sold_at": f"{day}T12:00:00Z", "updated_at": f"{day}T12:00:05Z"}
            shop.add(sale_id=sale_id, image_url=None, **moments)
        mapping = f'[smartgo_mapping]\ntable = "{table}"\nignored = ["till"]'
        lake = WatchedLake(tmp_path / "lake", shop.url, mapping)
        yield Served(request.param, lake, lambda statement: shop.execute(statement.replace("sales", table)))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_column_changes_on_a_server(served: Served, change: Change) -> None:
    hold_against(served.lake, served.database, change, served.alter)
