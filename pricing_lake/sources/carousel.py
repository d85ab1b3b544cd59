"""Carousel, the second shop, read by queries: a window of sales through the sharded index of its DynamoDB table.

The table's items are taken apart in `carousel_items`; whole tables come through `carousel_export`.
"""

import re
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pyarrow as pa

from pricing_lake.contracts.columns import TENANT_ID_PATTERN
from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.carousel_items import NAME, SCHEMA, ItemColumns, ItemsRead
from pricing_lake.sources.carousel_probe import TableFacts, look_at_table
from pricing_lake.sources.dynamodb import translated
from pricing_lake.sources.window import Control, Window

_KEY_CONDITION = "#partition = :partition AND #sort BETWEEN :lo AND :hi"
_TENANT = re.compile(TENANT_ID_PATTERN.removesuffix(r"\z"))
_ROUNDS = 3
"""How often a window is read again when its count changes meanwhile."""


@dataclass(frozen=True)
class CarouselTable:
    """Where the sales lie and how they are spread.

    The index has the partition key `{index}PK` = `TENANT#{tenant}#SHARD#{number}`, numbers from 0 to `shards` - 1,
    and the sort key `{index}SK` = time of sale in UTC as ISO 8601, `#`, sale id; it projects all attributes.
    """

    table: str
    tenants: tuple[str, ...]
    shards: int = 8
    index: str = "GSI1"
    columns: ItemColumns = field(default_factory=ItemColumns)
    threads: int = 8
    page_items: int = 1_000

    def __post_init__(self) -> None:
        if not self.tenants:
            raise ConfigurationError("CAROUSEL_TENANTS is empty; name the tenants whose sales are to be read")
        malformed = [tenant for tenant in self.tenants if not _TENANT.fullmatch(tenant)]
        if malformed:
            raise ConfigurationError(
                f"CAROUSEL_TENANTS has {', '.join(map(repr, malformed))}, which is no tenant; separate them by spaces"
            )
        if min(self.shards, self.threads, self.page_items) < 1:
            raise ConfigurationError("CAROUSEL_SHARDS, threads and page size must be at least 1")

    @property
    def partitions(self) -> tuple[str, ...]:
        """Every partition of the index that holds sales."""
        return tuple(f"TENANT#{tenant}#SHARD#{shard}" for tenant in self.tenants for shard in range(self.shards))

    @property
    def next_partitions(self) -> tuple[str, ...]:
        """The partition after each tenant's last one: it must be empty."""
        return tuple(f"TENANT#{tenant}#SHARD#{self.shards}" for tenant in self.tenants)


class CarouselQueries:
    """Sales by time of sale, through queries alone: no call ever scans the table.

    An index is eventually consistent and a query is no snapshot. So the count that the rows are held against is
    taken by queries of its own before the rows, and a window whose count and rows differ is read again, up to three
    times; what then still differs is handed on, for the gate to refuse. An item without the index's keys is not in
    the index and is not seen here.
    """

    name = NAME

    def __init__(self, client: Any, table: CarouselTable) -> None:
        """`client` is a boto3 DynamoDB client, used by `table.threads` threads at once."""
        self._client = client
        self._table = table

    @contextmanager
    def read(self, window: Window) -> Iterator[ItemsRead]:
        """Open the sales of a window of whole seconds, in no particular order.

        Raises ConfigurationError (rights, credentials, more shards than configured), SourceSchemaError (no such table
        or index), SourceUnavailableError (throttled or out of reach, after retries).
        """
        bounds = _sort_key_bounds(window)
        with translated(self._table.table), ThreadPoolExecutor(self._table.threads) as pool:
            self._require_no_further_shard(pool, bounds)
            for _ in range(_ROUNDS):
                control = Control(self._count(pool, bounds), None)
                batches = self._rows(pool, bounds)
                if sum(batch.num_rows for batch in batches) == control.rows:
                    break
        yield ItemsRead(SCHEMA, control, iter(batches))

    def probe(self) -> TableFacts:
        """Look at the table and its index; see `look_at_table`."""
        return look_at_table(self._client, self._table.table, self._table.index, self._table.partitions[0])

    def _require_no_further_shard(self, pool: Executor, bounds: dict[str, str]) -> None:
        """A shard count that is too low would lose sales without a word."""
        for partition, count in zip(
            self._table.next_partitions,
            pool.map(lambda partition: self._count_of(partition, bounds), self._table.next_partitions),
            strict=True,
        ):
            if count:
                raise ConfigurationError(f"{partition} has sales; raise CAROUSEL_SHARDS above {self._table.shards}")

    def _count(self, pool: Executor, bounds: dict[str, str]) -> int:
        return sum(pool.map(lambda partition: self._count_of(partition, bounds), self._table.partitions))

    def _rows(self, pool: Executor, bounds: dict[str, str]) -> list[pa.RecordBatch]:
        found = pool.map(lambda partition: self._rows_of(partition, bounds), self._table.partitions)
        return list(chain.from_iterable(found))

    def _count_of(self, partition: str, bounds: dict[str, str]) -> int:
        return sum(page["Count"] for page in self._pages(partition, bounds, Select="COUNT"))

    def _rows_of(self, partition: str, bounds: dict[str, str]) -> list[pa.RecordBatch]:
        return [
            self._table.columns.batch(page["Items"]) for page in self._pages(partition, bounds) if page.get("Items")
        ]

    def _pages(self, partition: str, bounds: dict[str, str], **options: str) -> Iterator[dict[str, Any]]:
        paginator = self._client.get_paginator("query")
        yield from paginator.paginate(
            TableName=self._table.table,
            IndexName=self._table.index,
            KeyConditionExpression=_KEY_CONDITION,
            ExpressionAttributeNames={"#partition": f"{self._table.index}PK", "#sort": f"{self._table.index}SK"},
            ExpressionAttributeValues={
                ":partition": {"S": partition},
                **{f":{name}": {"S": text} for name, text in bounds.items()},
            },
            PaginationConfig={"PageSize": self._table.page_items},
            **options,
        )


def _sort_key_bounds(window: Window) -> dict[str, str]:
    """Return texts between which exactly the sort keys of the window lie.

    A key goes on after its seconds (`Z`, a fraction, `#`), so it is greater than the bare text of the same second:
    BETWEEN, which includes both ends, takes the first second and leaves the one at the end.
    """
    if window.lo.microsecond or window.hi.microsecond:
        raise ConfigurationError("a window of Carousel must begin and end at whole seconds")
    return {name: bound.replace(tzinfo=None).isoformat() for name, bound in (("lo", window.lo), ("hi", window.hi))}
