"""A look at Carousel for `pricing-lake doctor`: the table and its index, or the folder of exports. Reads no sale."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError
from pyarrow import fs

from pricing_lake.sources.carousel_export_manifest import find_exports
from pricing_lake.sources.dynamodb import translated

_TABLE_KEYS = ("PK", "SK")
_DENIED = "AccessDeniedException"
_MISSING = "ResourceNotFoundException"


@dataclass(frozen=True)
class TableFacts:
    """What a look at the table found. A positive skew means that AWS's clock is ahead of ours, in whole seconds.

    `wrong_keys` says, a line each, what of keys and index is not as it is read. Without the right to describe the
    table (`is_described` is false) it can still be read: then neither keys nor the estimate are known.
    """

    table: str
    index: str
    is_described: bool
    missing_objects: tuple[str, ...]
    wrong_keys: tuple[str, ...]
    rows_estimate: int | None
    latency_seconds: float
    clock_skew_seconds: float | None


@dataclass(frozen=True)
class ExportFacts:
    """What a look at the folder of exports found. Every write before `until` is known to the newest of them."""

    exports: int
    full_exports: int
    until: datetime
    latency_seconds: float


def look_at_table(client: Any, table: str, index: str, partition: str) -> TableFacts:
    """Describe the table and query one partition of its index for nothing but a count.

    A missing table or index is reported. Raises what `translated` does when the table is out of reach or may not be
    queried.
    """
    with translated(table):
        described = _described(client, table)
    if described is None:
        return TableFacts(table, index, True, (f"table {table}",), (), None, 0.0, None)
    indexes = {one["IndexName"]: one for one in described.get("GlobalSecondaryIndexes", ())}
    if described and index not in indexes:
        return TableFacts(table, index, True, (f"index {index}",), (), described.get("ItemCount"), 0.0, None)
    wrong = tuple(_wrong(described, indexes[index], index)) if described else ()
    latency, skew = (0.0, None) if wrong else _queried(client, table, index, partition)
    return TableFacts(table, index, bool(described), (), wrong, described.get("ItemCount"), latency, skew)


def look_at_exports(files: fs.FileSystem, root: str) -> ExportFacts:
    """List the exports and verify their manifests; raises as `find_exports` does."""
    begun = time.monotonic()
    found = find_exports(files, root)
    until = max(export.until for export in found)
    full = sum(export.since is None for export in found)
    return ExportFacts(len(found), full, until, time.monotonic() - begun)


def _described(client: Any, table: str) -> Mapping[str, Any] | None:
    """The table's description: none when there is no such table, an empty one when it may not be described."""
    try:
        found: Mapping[str, Any] = client.describe_table(TableName=table)["Table"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == _MISSING:
            return None
        if code == _DENIED:
            return {}
        raise
    return found


def _wrong(described: Mapping[str, Any], index: Mapping[str, Any], name: str) -> Iterator[str]:
    yield from _other_keys("the table", described["KeySchema"], _TABLE_KEYS)
    yield from _other_keys(f"index {name}", index["KeySchema"], (f"{name}PK", f"{name}SK"))
    projection = index.get("Projection", {}).get("ProjectionType", "ALL")
    if projection != "ALL":
        yield f"index {name} projects {projection}, not ALL attributes"
    status = index.get("IndexStatus", "ACTIVE")
    if status != "ACTIVE":
        yield f"index {name} is {status}"


def _other_keys(what: str, schema: Iterable[Mapping[str, str]], wanted: tuple[str, str]) -> Iterator[str]:
    found = tuple(part["AttributeName"] for part in sorted(schema, key=lambda part: part["KeyType"]))
    if found != wanted:
        yield f"{what} has the keys {', '.join(found)}, not {', '.join(wanted)}"


def _queried(client: Any, table: str, index: str, partition: str) -> tuple[float, float | None]:
    """Seconds that one query took, and how far AWS's clock is ahead by its Date header."""
    sent = time.time()
    with translated(table):
        answer = client.query(
            TableName=table,
            IndexName=index,
            Select="COUNT",
            Limit=1,
            KeyConditionExpression="#partition = :partition",
            ExpressionAttributeNames={"#partition": f"{index}PK"},
            ExpressionAttributeValues={":partition": {"S": partition}},
        )
    answered = time.time()
    told = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    skew = parsedate_to_datetime(told).timestamp() - int((sent + answered) / 2) if told else None
    return answered - sent, skew
