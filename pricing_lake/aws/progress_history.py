"""Reading the progress of exports: one day, the last ones, or sums over days. What has expired is not there.

DynamoDB removes expired items when it finds the time, up to days later, so every reading leaves them out itself.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.explain import explained
from pricing_lake.aws.progress import Counters, Status
from pricing_lake.aws.progress_table import BY_DAY, KIND_OF_ITEM, TIME_TO_LIVE
from pricing_lake.errors import ConfigurationError

COUNTERS = tuple(vars(Counters()))


@dataclass(frozen=True)
class Entry:
    """One export as it stands. `errors` are the last ones, oldest first."""

    day: str
    source: str
    tenant: str
    status: str
    run_id: str
    attempts: int
    started_at: str
    finished_at: str
    counters: Mapping[str, int]
    errors: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Summary:
    """Exports of some days together; `missing` are days without any entry."""

    first: date
    last: date
    by_status: Mapping[str, int]
    counters: Mapping[str, int]
    missing: tuple[date, ...]


@dataclass(frozen=True)
class ProgressHistory:
    """The readings of one table. Unlike writing it, reading raises: somebody waits for the answer."""

    account: Account
    table: str

    def of_day(self, day: date) -> list[Entry]:
        """Every export of one day."""
        return list(self._query("begins_with(day_key, :low)", {":low": {"S": f"{day}#"}}, newest_first=False))

    def last(self, count: int) -> list[Entry]:
        """The exports of the newest days, newest first."""
        found: list[Entry] = []
        for entry in self._query("", {}, newest_first=True):
            found.append(entry)
            if len(found) == count:
                break
        return found

    def summary(self, days: int, until: date) -> Summary:
        """Sums over the `days` days that end with `until`."""
        first = until - timedelta(days=days - 1)
        bounds = {":low": {"S": f"{first}#"}, ":high": {"S": f"{until}#~"}}
        entries = list(self._query("day_key BETWEEN :low AND :high", bounds, newest_first=False))
        seen = {entry.day for entry in entries}
        asked = [first + timedelta(days=number) for number in range(days)]
        return Summary(
            first,
            until,
            {status: sum(entry.status == status for entry in entries) for status in Status},
            {name: sum(entry.counters[name] for entry in entries) for name in COUNTERS},
            tuple(day for day in asked if day.isoformat() not in seen),
        )

    def _query(self, condition: str, values: Mapping[str, Any], *, newest_first: bool) -> Iterator[Entry]:
        request = {
            "TableName": self.table,
            "IndexName": BY_DAY,
            "KeyConditionExpression": " AND ".join(filter(None, ("kind = :kind", condition))),
            "FilterExpression": f"{TIME_TO_LIVE} > :now",
            "ExpressionAttributeValues": {
                ":kind": {"S": KIND_OF_ITEM},
                ":now": {"N": str(int(time.time()))},
                **values,
            },
            "ScanIndexForward": not newest_first,
        }
        dynamodb = self.account.client("dynamodb")
        with explained("dynamodb", self.account.region):
            try:
                for page in dynamodb.get_paginator("query").paginate(**request):
                    yield from (_entry(item) for item in page["Items"])
            except dynamodb.exceptions.ResourceNotFoundException as error:
                raise ConfigurationError(
                    f"there is no table {self.table} in {self.account.region}; pricing-lake ensure makes it"
                ) from error


def _entry(item: Mapping[str, Any]) -> Entry:
    def text(name: str) -> str:
        return str(item.get(name, {}).get("S", ""))

    def number(name: str) -> int:
        return int(item.get(name, {}).get("N", 0))

    return Entry(
        day=text("day"),
        source=text("source"),
        tenant=text("tenant"),
        status=text("status"),
        run_id=text("run_id"),
        attempts=number("attempts"),
        started_at=text("started_at"),
        finished_at=text("finished_at"),
        counters={name: number(name) for name in COUNTERS},
        errors=tuple(
            {name: value["S"] for name, value in each["M"].items()} for each in item.get("errors", {}).get("L", [])
        ),
    )
