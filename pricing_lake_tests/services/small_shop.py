"""Two weeks of a small generated shop with one planted bad day, and how that day is mended. Knows no Dagster."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pricing_lake.sample.bad_day import make_day_bad
from pricing_lake.sample.shop import SampleShape, make_sample

FIRST_DAY = date(2026, 3, 2)
DAYS = tuple((FIRST_DAY + timedelta(days=number)).isoformat() for number in range(14))
BAD_DAY = DAYS[10]
"""In the middle of the second week: it has good days on both sides in its own run."""
GOOD_DAYS = tuple(day for day in DAYS if day != BAD_DAY)
HELD_UP_DAYS = tuple(day for day in DAYS[7:] if day != BAD_DAY)
"""Good days that share a run with the bad one."""
SHAPE = SampleShape(
    last_day=date.fromisoformat(DAYS[-1]),
    days=len(DAYS),
    sales_per_day=20,
    tenants=("atelier-nord", "second-spin"),
    products_per_tenant=10,
)


@dataclass(frozen=True)
class SmallShop:
    """The shop's database, the true price of each row, and how many rows of the bad day were spoiled."""

    database: Path
    true_prices: dict[int, object]
    spoiled: int

    def mend(self) -> None:
        """Give every row its true price, as the shop's owner would."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            prices = [(price, row) for row, price in self.true_prices.items()]
            connection.executemany("update sales set sold_price = ? where rowid = ?", prices)


def open_small_shop(home: Path) -> SmallShop:
    """Make the sample below `home`, where the lake looks by default, and make every price of the bad day unreadable."""
    database = home / "sample" / "smartgo.db"
    make_sample(database, home / "sample" / "pictures", SHAPE)
    with closing(sqlite3.connect(database)) as connection:
        # Every row, for which of them the day holds is the sample's business.
        true_prices = dict(connection.execute("select rowid, sold_price from sales"))
    spoiled = make_day_bad(database, date.fromisoformat(BAD_DAY))
    return SmallShop(database, true_prices, spoiled)
