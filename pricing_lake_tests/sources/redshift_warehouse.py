"""A Redshift as its clients see it: the Data API over HTTP with its states and tokens, and UNLOAD into a real S3 API.

Statements run on DuckDB, so that what the lake sends is really parsed and run; the bucket is moto's, behind the same
address. Written after AWS's documentation. What it does not have: Redshift's own SQL, rights, and slices of a cluster.
"""

import io
import json
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from uuid import uuid4

import boto3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from pricing_lake.sources import redshift_unload
from pricing_lake.sources.redshift import RedshiftBehavior, RedshiftSettings
from pricing_lake.sources.window import Window

REGION = "eu-west-1"
BUCKET = "unloads"
URI = f"s3://{BUCKET}/behaviour"
VERSION = "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC, Redshift 1.0.77467"
ROLE = "arn:aws:iam::123456789012:role/unload"

_UNLOAD = re.compile(
    r"UNLOAD \('(?P<select>.*)'\) TO 's3://(?P<bucket>[^/']+)/(?P<prefix>[^']*)' IAM_ROLE (?P<role>default|'[^']+')"
    r" FORMAT AS PARQUET MANIFEST VERBOSE MAXFILESIZE (?P<size>\d+) MB",
    re.DOTALL,
)
_TABLE = """
CREATE TABLE behavior_events (
    event_id VARCHAR, event_ts TIMESTAMPTZ, tenant_id VARCHAR, customer_id VARCHAR, session_id VARCHAR,
    event_type VARCHAR, product_id VARCHAR, channel VARCHAR, loaded_at TIMESTAMPTZ
);
CREATE SCHEMA IF NOT EXISTS public;
CREATE TABLE public.behavior_events AS FROM behavior_events;
DROP TABLE main.behavior_events;
CREATE VIEW svv_columns AS SELECT table_schema, table_name, column_name, ordinal_position, lower(data_type) AS data_type
    FROM information_schema.columns WHERE table_schema <> 'main';
CREATE MACRO getdate() AS date_trunc('second', now() AT TIME ZONE 'UTC');
"""

_RUNNING = ("SUBMITTED", "PICKED", "STARTED")

EVENT: dict[str, str | None] = {
    "event_id": "e-1",
    "event_ts": "2026-03-01T12:00:00Z",
    "tenant_id": "acme",
    "customer_id": "c-1",
    "session_id": "v-1",
    "event_type": "view",
    "product_id": "p-1",
    "channel": "web",
    "loaded_at": "2026-03-01T12:01:00Z",
}


class Refused(Exception):  # noqa: N818 - an answer, not a fault of this server
    """An error that the Data API answers with."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass
class Part:
    """One SQL statement of a request and what came of it."""

    sql: str
    rows: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass
class Execution:
    """One request: its parts, its state, and in how many looks at it that state changes."""

    id: str
    token: str
    parts: list[Part]
    is_batch: bool
    status: str = "SUBMITTED"
    error: str = ""
    looks: int = 0


@dataclass
class RedshiftWarehouse:
    """The server.

    Knobs: `looks` at a statement before it ends, `held` while no batch ends, `refusals` of coming requests,
    `failures` of coming batches as (status, text), `files` per unload, `hours` that have gone by for tokens,
    `page_rows` of a result, `storage_down` while S3 answers nothing but 503.
    """

    url: str = ""
    looks: int = 0
    files: int = 2
    held: bool = False
    storage_down: bool = False
    hours: float = 0
    page_rows: int = 3
    refusals: list[Refused] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    batch_asked: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._database = duckdb.connect()
        self._database.execute("SET TimeZone = 'UTC'")
        self._database.execute(_TABLE)
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = threading.RLock()

    @property
    def s3(self) -> Any:
        """A client of the bucket."""
        return boto3.client("s3", region_name=REGION, endpoint_url=self.url)

    @property
    def batches(self) -> list[Execution]:
        """Transactions that were really begun, a repeated token not counted."""
        return [found for found in self.executions if found.is_batch]

    def add(self, *changes: dict[str, str | None]) -> None:
        """Insert an ordinary event with each of these changes."""
        rows = [list((EVENT | change).values()) for change in changes]
        if rows:
            marks = ", ".join("?" for _ in EVENT)
            self.sql(f"INSERT INTO public.behavior_events VALUES ({marks})", rows)

    def sql(self, statement: str, rows: list[list[Any]] | None = None) -> None:
        """Change the warehouse."""
        with self._lock:
            if rows:
                self._database.executemany(statement, rows)
            else:
                self._database.execute(statement)

    def stored(self) -> list[str]:
        """Everything in the bucket."""
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer one request of the Data API; raises Refused."""
        self.requests.append({"operation": operation, **asked})
        with self._lock:
            if self.refusals:
                raise self.refusals.pop(0)
            match operation:
                case "ExecuteStatement":
                    return self._submit([asked["Sql"]], asked, is_batch=False)
                case "BatchExecuteStatement":
                    return self._submit(asked["Sqls"], asked, is_batch=True)
                case "DescribeStatement":
                    return self._describe(self._found(asked["Id"]))
                case "GetStatementResult":
                    return self._result(asked)
        raise Refused("UnknownOperationException")

    def _submit(self, sqls: list[str], asked: dict[str, Any], *, is_batch: bool) -> dict[str, Any]:
        if not (asked.get("WorkgroupName") or asked.get("ClusterIdentifier")) or not asked.get("Database"):
            raise Refused("ValidationException")
        token = asked["ClientToken"]
        known = self._tokens.get(token)
        if known and self.hours - known[0] < 8:
            return {"Id": known[1]}
        execution = Execution(str(uuid4()), token, [Part(_bound(sql, asked)) for sql in sqls], is_batch)
        self.executions.append(execution)
        self._tokens[token] = (self.hours, execution.id)
        if is_batch:
            self.batch_asked.set()
        return {"Id": execution.id}

    def _found(self, name: str) -> Execution:
        for execution in self.executions:
            if execution.id == name.partition(":")[0]:
                return execution
        raise Refused("ResourceNotFoundException")

    def _describe(self, execution: Execution) -> dict[str, Any]:
        execution.looks += 1
        if execution.status in _RUNNING:
            if execution.looks > self.looks and not (self.held and execution.is_batch):
                self._run(execution)
            else:
                execution.status = _RUNNING[min(execution.looks, len(_RUNNING)) - 1]
        told: dict[str, Any] = {"Id": execution.id, "Status": execution.status}
        if execution.error:
            told["Error"] = execution.error
        if execution.is_batch:
            parts = [
                {"Id": f"{execution.id}:{number}", "QueryString": part.sql, "Status": execution.status}
                for number, part in enumerate(execution.parts, 1)
            ]
            told["SubStatements"] = parts[::-1]
        return told

    def _run(self, execution: Execution) -> None:
        if execution.is_batch and self.failures:
            execution.status, execution.error = self.failures.pop(0)
            return
        cursor = self._database.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.execute("BEGIN")
        try:
            for part in execution.parts:
                unload = _UNLOAD.fullmatch(part.sql)
                if unload:
                    self._unload(cursor, unload)
                else:
                    part.rows = cursor.execute(part.sql.replace("VERSION()", f"'{VERSION}'")).fetchall()
            execution.status = "FINISHED"
        except duckdb.Error as error:
            execution.status, execution.error = "FAILED", f"ERROR: {error}"
        except ClientError as error:
            code = error.response["Error"]["Code"]
            execution.status, execution.error = "FAILED", f"ERROR: S3ServiceException:no,Status 404,Error {code},Rid 0A"
        except FileExistsError as error:
            execution.status, execution.error = "FAILED", f"ERROR: {error}"
        finally:
            cursor.execute("ROLLBACK")

    def _unload(self, cursor: duckdb.DuckDBPyConnection, unload: re.Match[str]) -> None:
        """Write what UNLOAD documents: Parquet files of near equal size, then the verbose manifest."""
        bucket, prefix = unload["bucket"], unload["prefix"]
        if self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents"):
            raise FileExistsError("Specified unload destination on S3 is not empty. Consider using ALLOWOVERWRITE")
        table = cursor.sql(unload["select"].replace("''", "'")).to_arrow_table()
        entries = []
        for number, part in enumerate(_shares(table, self.files)):
            key = f"{prefix}{number:04}_part_00.parquet"
            body = parquet(part)
            self.s3.put_object(Bucket=bucket, Key=key, Body=body)
            entries.append(entry(f"s3://{bucket}/{key}", body, part.num_rows))
        self.s3.put_object(Bucket=bucket, Key=f"{prefix}manifest", Body=manifest(entries, table.column_names))

    def _result(self, asked: dict[str, Any]) -> dict[str, Any]:
        execution = self._found(asked["Id"])
        number = int(asked["Id"].partition(":")[2] or 1)
        if execution.status != "FINISHED":
            raise Refused("ResourceNotFoundException")
        start = int(asked.get("NextToken") or 0)
        rows = execution.parts[number - 1].rows
        shown = {"Records": [[_field(value) for value in row] for row in rows[start : start + self.page_rows]]}
        end = start + self.page_rows
        return {**shown, "TotalNumRows": len(rows), **({"NextToken": str(end)} if end < len(rows) else {})}


def parquet(table: pa.Table, group_rows: int = 2) -> bytes:
    """A Parquet file in small row groups, times as microseconds without a zone."""
    target = io.BytesIO()
    pq.write_table(table, target, compression="snappy", row_group_size=group_rows)
    return target.getvalue()


def entry(url: str, body: bytes, rows: int) -> dict[str, Any]:
    """What a verbose manifest says of one file."""
    return {"url": url, "meta": {"content_length": len(body), "record_count": rows}}


def manifest(entries: Iterable[dict[str, Any]], names: Iterable[str], **change: Any) -> bytes:
    """A verbose manifest, as AWS's documentation shows it."""
    listed = list(entries)
    sums = {name: sum(found["meta"][name] for found in listed) for name in ("content_length", "record_count")}
    elements = [{"name": name, "type": {"base": "character varying"}} for name in names]
    told = {"entries": listed, "schema": {"elements": elements}, "meta": sums}
    author = {"name": "Amazon Redshift", "version": "1.0.0"}
    return json.dumps({**told, "author": author, **change}).encode()


def _shares(table: pa.Table, files: int) -> Iterator[pa.Table]:
    share = -(-table.num_rows // files) or 1
    for start in range(0, max(table.num_rows, 1), share):
        yield table.slice(start, share)


def _bound(sql: str, asked: dict[str, Any]) -> str:
    """Put named parameters in place as the Data API does, as text literals."""
    for parameter in asked.get("Parameters", []):
        if not parameter["value"]:
            raise Refused("ValidationException")
        literal = "'" + parameter["value"].replace("'", "''") + "'"
        sql = re.sub(rf":{parameter['name']}\b", lambda _, text=literal: text, sql)
    return sql


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    kinds: tuple[tuple[type, str], ...] = ((bool, "booleanValue"), (int, "longValue"), (float, "doubleValue"))
    return next(({name: value} for kind, name in kinds if isinstance(value, kind)), {"stringValue": str(value)})


def _application(warehouse: RedshiftWarehouse) -> Any:
    rest = DomainDispatcherApplication(create_backend_app)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith("RedshiftData."):
            if warehouse.storage_down:
                return Response(b"", 503)(environ, start_response)
            return rest(environ, start_response)
        body = json.loads(Request(environ).get_data())
        try:
            status, told, headers = 200, warehouse.answer(target.partition(".")[2], body), {}
        except Refused as refused:
            status, headers = refused.status, {"x-amzn-ErrorType": refused.code}
            told = {"__type": refused.code, "message": "User arn:aws:iam::123456789012:user/x may not"}
        response = Response(json.dumps(told), status, headers, mimetype="application/x-amz-json-1.1")
        return response(environ, start_response)

    return answer


def behavior(warehouse: RedshiftWarehouse, **change: Any) -> RedshiftBehavior:
    """The lake's source on this warehouse, with these settings changed."""
    settings: dict[str, Any] = {
        "unload_uri": URI,
        "database": "analytics",
        "workgroup": "shop-wg",
        "region": REGION,
        "endpoint": warehouse.url,
    }
    return RedshiftBehavior(RedshiftSettings(**settings | change))


def stop_clock(patch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Stop the clock that tokens are made of: a test must not sit on the border of its hours."""

    class Stopped:
        @staticmethod
        def now(_: tzinfo) -> datetime:
            return moment

    patch.setattr(redshift_unload, "datetime", Stopped)


def events(source: RedshiftBehavior, window: Window) -> dict[str, dict[str, Any]]:
    """Read a window to its end, against its count."""
    with source.read(window) as read:
        rows = [row for batch in read.batches for row in batch.to_pylist()]
        assert read.control.rows == len(rows)
    return {row["event_id"]: row for row in rows}


@contextmanager
def running_warehouse() -> Iterator[RedshiftWarehouse]:
    """Serve a warehouse with an empty table and an empty bucket; needs AWS credentials in the environment."""
    warehouse = RedshiftWarehouse()
    server = make_server("127.0.0.1", 0, _application(warehouse), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    warehouse.url = f"http://127.0.0.1:{server.server_port}"
    try:
        warehouse.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield warehouse
    finally:
        for key in warehouse.stored():  # moto keeps its buckets as long as the process lives
            warehouse.s3.delete_object(Bucket=BUCKET, Key=key)
        warehouse.s3.delete_bucket(Bucket=BUCKET)
        server.shutdown()
        thread.join()
