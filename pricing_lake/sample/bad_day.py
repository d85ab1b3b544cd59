"""A day of the synthetic shop that cannot be used at all, so that a refusal can be seen. Single bad rows are `dirt`."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from pricing_lake.errors import ConfigurationError
from pricing_lake.sample.database import refuse_foreign

UNREADABLE = "price on request"


def make_day_bad(database: Path, day: date) -> int:
    """Make every price of `day` unreadable, as after a botched change in the shop; returns how many rows that are.

    A row belongs to the day it was changed on, which in a sample is the day it was sold on. One transaction: readers
    see the good day or the bad one. Raises ConfigurationError when `database` is no sample, or has no sale that day.
    """
    refuse_foreign(database)
    if not database.is_file():
        raise ConfigurationError(f"{database} does not exist: make the sample first")
    with closing(sqlite3.connect(database)) as connection, connection:
        # A range instead of a function of the column, so that the index is used.
        spoiled = connection.execute(
            "update sales set sold_price = ? where updated_at >= ? and updated_at < ?",
            (UNREADABLE, day.isoformat(), (day + timedelta(days=1)).isoformat()),
        ).rowcount
        if not spoiled:
            raise ConfigurationError(f"the sample has no sale on {day}: choose one of its days")
    return spoiled
