"""Carousel's table as a test fills it: in a DynamoDB behind HTTP, and as the exports that AWS would make of it.

moto serves the table faithfully (keys, index, pages, errors). Its exports are not: an incremental one holds the whole
table and has no manifest. So the export files here are written by hand after AWS's documentation.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

REGION = "eu-west-1"
Typed = dict[str, Any]


@cache
def endpoint() -> str:
    """A DynamoDB that lives as long as the test process; tests keep apart by the names of their tables."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def item(sale_id: str, sold_at: str = "2026-03-01T12:00:00Z", shard: int = 0, **change: Typed | None) -> Typed:
    """One sound sale as DynamoDB writes it; a changed attribute is given typed, and left out when None."""
    attributes: dict[str, Typed | None] = {
        "PK": {"S": "TENANT#acme#PRODUCT#p1"},
        "SK": {"S": f"SALE#{sold_at[:10]}#{sale_id}"},
        "GSI1PK": {"S": f"TENANT#acme#SHARD#{shard}"},
        "GSI1SK": {"S": f"{sold_at}#{sale_id}"},
        "category": {"S": "shoes"},
        "condition": {"S": "good"},
        "sold_price": {"N": "12.5"},
        "currency": {"S": "EUR"},
        "sold_at": {"S": sold_at},
        "quantity": {"N": "1"},
        "updated_at": {"S": sold_at},
    }
    return {name: value for name, value in (attributes | change).items() if value is not None}


@dataclass
class Carousel:
    """A table of the documented shape, empty at first."""

    client: Any
    name: str = field(default_factory=lambda: f"sales-{uuid4().hex[:8]}")

    def create(self, index: str = "GSI1") -> "Carousel":
        names = ("PK", "SK", f"{index}PK", f"{index}SK")
        self.client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            KeySchema=_keys("PK", "SK"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index,
                    "KeySchema": _keys(f"{index}PK", f"{index}SK"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        return self

    def put(self, *items: Typed) -> None:
        for start in range(0, len(items), 25):
            requests = [{"PutRequest": {"Item": each}} for each in items[start : start + 25]]
            self.client.batch_write_item(RequestItems={self.name: requests})


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def change(written: str, new: Typed | None, old: Typed | None = None, keys: Typed | None = None) -> Typed:
    """One line of an incremental export; without a new image it is a deletion."""
    keyed = keys or {name: (new or old or {})[name] for name in ("PK", "SK")}
    micros = int(datetime.fromisoformat(written).timestamp()) * 1_000_000
    line: Typed = {"Metadata": {"WriteTimestampMicros": {"N": str(micros)}}, "Keys": keyed}
    return line | ({"OldImage": old} if old else {}) | ({"NewImage": new} if new else {})


@dataclass
class ExportFolder:
    """A bucket's folder into which exports are written as AWS lays them out."""

    bucket: Path
    prefix: str = "carousel"
    table_arn: str = "arn:aws:dynamodb:eu-west-1:123456789012:table/sales"

    @property
    def root(self) -> str:
        return str(self.bucket / self.prefix)

    def full(self, at: str, *files: Sequence[Typed], **change: object) -> Path:
        """A full export of these items, one list per file."""
        lines = [[{"Item": each} for each in items] for items in files]
        return self._write(lines, {"exportTime": at}, change)

    def changes(self, since: str, until: str, *files: Sequence[Typed], **change: object) -> Path:
        """An incremental export of these lines, one list per file."""
        window = {
            "exportFromTime": since,
            "exportToTime": until,
            "exportType": "INCREMENTAL_EXPORT",
            "outputView": "NEW_AND_OLD_IMAGES",
        }
        return self._write(files, window, change)

    def _write(
        self, files: Iterable[Sequence[Typed]], told: Mapping[str, object], change: Mapping[str, object]
    ) -> Path:
        name = f"0{uuid4().int % 10**12}-{uuid4().hex[:8]}"
        folder = self.bucket / self.prefix / "AWSDynamoDB" / name
        data = folder / "data" if "exportTime" in told else folder.parent / "data"
        data.mkdir(parents=True, exist_ok=True)
        (folder).mkdir(exist_ok=True)
        (folder / "_started").touch()
        entries = [self._data_file(data, lines) for lines in files]
        manifest = folder / "manifest-files.json"
        _with_checksum(manifest, "\n".join(map(json.dumps, entries)))
        summary = {
            "version": "2023-08-01",
            "exportArn": f"{self.table_arn}/export/{name}",
            "tableArn": self.table_arn,
            **told,
            "s3Bucket": "bucket",
            "s3Prefix": self.prefix,
            "manifestFilesS3Key": str(manifest.relative_to(self.bucket)),
            "itemCount": sum(entry["itemCount"] for entry in entries),
            "outputFormat": "DYNAMODB_JSON",
        }
        _with_checksum(folder / "manifest-summary.json", json.dumps(summary | change))
        return folder

    def _data_file(self, folder: Path, lines: Sequence[Typed]) -> dict[str, Any]:
        path = folder / f"{uuid4().hex[:26]}.json.gz"
        body = gzip.compress("".join(json.dumps(line, default=_binary) + "\n" for line in lines).encode())
        path.write_bytes(body)
        key = str(path.relative_to(self.bucket))
        return {"itemCount": len(lines), "md5Checksum": md5(body), "etag": "0-1", "dataFileS3Key": key}


def _with_checksum(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.with_suffix(".md5").write_text(md5(text.encode()), encoding="utf-8")


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _binary(value: bytes) -> str:
    return base64.b64encode(value).decode()
