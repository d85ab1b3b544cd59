"""Customers as silver tells of them: a first day with all of them, a second one with the few that changed."""

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.lake.window import PartitionWindow

FIRST, SECOND = (PartitionWindow.of_day(dt.date(2026, 11, day)) for day in (1, 2))
CHANGED_SHARE = 0.01
_DAY_MICROSECONDS = 86_400_000_000
_COUNTRIES = ["DE", "FI", "FR", "GB", "SE"]


def first_states(count: int) -> pa.Table:
    """`count` customers, all told of on the first day."""
    return _states(np.arange(count), FIRST, np.random.default_rng(0), "new")


def changed_states(count: int) -> pa.Table:
    """One customer in a hundred of `count`, anywhere among them, with another segment on the second day."""
    random = np.random.default_rng(1)
    numbers = np.sort(random.choice(count, max(1, int(count * CHANGED_SHARE)), replace=False))
    return _states(numbers, SECOND, random, "regular")


def _states(numbers: np.ndarray, window: PartitionWindow, random: np.random.Generator, segment: str) -> pa.Table:
    count = len(numbers)
    midnight = np.datetime64(window.start.replace(tzinfo=None), "us")
    columns: dict[str, Any] = {
        "day": [window.first_day] * count,
        "customer_id": [f"c{number:08}" for number in numbers],
        "tenant_id": [("acme", "bolt", "crow")[number % 3] for number in numbers],
        "email_token": [f"k1:{number * 7_919:032x}" for number in numbers],
        "full_name_token": [f"k1:{number * 104_729:032x}" for number in numbers],
        "country": [_COUNTRIES[number % len(_COUNTRIES)] for number in numbers],
        "segment": [segment] * count,
        "created_at": midnight - 1_000 * numbers,
        "is_deleted": [False] * count,
        "changed_at": midnight + random.integers(0, _DAY_MICROSECONDS, count),
        "salesforce_account_id": [f"001{number:015}" if number % 10 == 0 else None for number in numbers],
        "salesforce_lead_id": pa.nulls(count, pa.string()),
    }
    return pa.table(columns).cast(own_arrow_schema(CUSTOMERS))
