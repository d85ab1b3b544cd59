"""An Athena over a socket: its states, pages and errors as on AWS, its SQL run by DuckDB over the tables Glue names.

Tables are found as Athena finds them: Glue's row says table_type=ICEBERG and where the metadata lies. What it cannot
show is Athena itself: its planner, its types at the edges, its limits and prices.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pyarrow as pa
from pyiceberg.table import StaticTable, Table

from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.errors import PricingLakeError
from pricing_lake_tests.aws.athena_values import RefusedRequestError, columns_of, rows_of, with_values

Tables = Callable[[str], Mapping[str, Table]]
STATES = ("QUEUED", "RUNNING")


@dataclass
class Execution:
    """One query: what was asked, and what came of it."""

    request: Mapping[str, Any]
    polls: int = 0
    state: str = "QUEUED"
    reason: str = ""
    rows: pa.Table | None = None
    scanned: int = 0


@dataclass
class AthenaServer:
    """Its state, for tests to look at; `requests` are all that came, by operation."""

    tables: Tables
    url: str = ""
    workgroups: dict[str, dict[str, Any]] = field(default_factory=dict)
    named: dict[str, dict[str, Any]] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    page: int = 1_000
    refuse: tuple[str, str] | None = None
    """Code and text of an error that every request gets."""

    def answer(self, operation: str, body: dict[str, Any]) -> Mapping[str, Any]:
        """What Athena says to one request."""
        self.requests.append((operation, body))
        answers: dict[str, Callable[[dict[str, Any]], Mapping[str, Any]]] = {
            "CreateWorkGroup": self._create_work_group,
            "GetWorkGroup": lambda asked: {"WorkGroup": self._work_group(asked["WorkGroup"])},
            "UpdateWorkGroup": self._update_work_group,
            "CreateNamedQuery": self._create_named_query,
            "ListNamedQueries": self._list_named_queries,
            "GetNamedQuery": lambda asked: {"NamedQuery": self.named[asked["NamedQueryId"]]},
            "UpdateNamedQuery": self._update_named_query,
            "StartQueryExecution": self._start,
            "GetQueryExecution": self._state,
            "GetQueryResults": self._results,
            "StopQueryExecution": self._stop,
        }
        return answers[operation](body)

    def _create_work_group(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        if asked["Name"] in self.workgroups:
            raise RefusedRequestError("WorkGroup is already created")
        self.workgroups[asked["Name"]] = {"State": "ENABLED", **asked}
        return {}

    def _work_group(self, name: str) -> dict[str, Any]:
        if name not in self.workgroups:
            raise RefusedRequestError(f"WorkGroup {name} is not found.")
        return self.workgroups[name]

    def _update_work_group(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        updates = dict(asked["ConfigurationUpdates"])
        stored = self._work_group(asked["WorkGroup"])["Configuration"]
        stored["ResultConfiguration"].update(updates.pop("ResultConfigurationUpdates", {}))
        stored.update(updates)
        return {}

    def _create_named_query(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        self._work_group(asked["WorkGroup"])
        identity = str(uuid4())
        kept = {name: value for name, value in asked.items() if name != "ClientRequestToken"}
        self.named[identity] = {**kept, "NamedQueryId": identity}
        return {"NamedQueryId": identity}

    def _list_named_queries(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        self._work_group(asked["WorkGroup"])
        ids = [each["NamedQueryId"] for each in self.named.values() if each["WorkGroup"] == asked["WorkGroup"]]
        start = int(asked.get("NextToken", "0"))
        following = {"NextToken": str(start + 5)} if start + 5 < len(ids) else {}
        return {"NamedQueryIds": ids[start : start + 5], **following}

    def _update_named_query(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        self.named[asked["NamedQueryId"]].update(asked)
        return {}

    def _start(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        self._work_group(asked["WorkGroup"])
        with_values(asked["QueryString"], asked.get("ExecutionParameters", []))  # refused at once when they do not fit
        identity = str(uuid4())
        self.executions[identity] = Execution(asked)
        return {"QueryExecutionId": identity}

    def _state(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        """Each look moves a query on by one state; the last step runs it."""
        execution = self.executions[asked["QueryExecutionId"]]
        if execution.polls < len(STATES):
            execution.state = STATES[execution.polls]
            execution.polls += 1
        elif execution.state in STATES:
            self._run(execution)
        request = execution.request
        status = {"State": execution.state, **({"StateChangeReason": execution.reason} if execution.reason else {})}
        return {
            "QueryExecution": {
                "QueryExecutionId": asked["QueryExecutionId"],
                "Query": request["QueryString"],
                "StatementType": "DML",
                "SubstatementType": "SELECT",
                "ResultConfiguration": self.workgroups[request["WorkGroup"]]["Configuration"]["ResultConfiguration"],
                "QueryExecutionContext": request["QueryExecutionContext"],
                "Status": status,
                "Statistics": {
                    "DataScannedInBytes": execution.scanned,
                    "EngineExecutionTimeInMillis": 7,
                    "TotalExecutionTimeInMillis": 9,
                },
                "WorkGroup": request["WorkGroup"],
            }
        }

    def _run(self, execution: Execution) -> None:
        sql = with_values(execution.request["QueryString"], execution.request.get("ExecutionParameters", []))
        limit = self.workgroups[execution.request["WorkGroup"]]["Configuration"].get("BytesScannedCutoffPerQuery")
        try:
            tables = self.tables(execution.request["QueryExecutionContext"]["Database"])
            engine = DuckDbEngine()
            scan = engine.explain(sql, tables, {})
            execution.scanned = sum(each.bytes_scanned for each in scan.inputs)
            if limit and execution.scanned > limit:
                execution.state, execution.reason = "CANCELLED", "Bytes scanned limit was exceeded"
                return
            execution.rows = engine.run(sql, tables, {}).read_all()
            execution.state = "SUCCEEDED"
        except PricingLakeError as error:
            execution.state, execution.reason = "FAILED", f"SYNTAX_ERROR: {error}"

    def _results(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        execution = self.executions[asked["QueryExecutionId"]]
        if execution.rows is None:
            raise RefusedRequestError(f"Query did not finish successfully. Final query state: {execution.state}")
        lines = rows_of(execution.rows)
        start, size = int(asked.get("NextToken", "0")), min(asked.get("MaxResults", self.page), self.page)
        following = {"NextToken": str(start + size)} if start + size < len(lines) else {}
        metadata = {"ColumnInfo": columns_of(execution.rows.schema)}
        return {"ResultSet": {"Rows": lines[start : start + size], "ResultSetMetadata": metadata}, **following}

    def _stop(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        self.executions[asked["QueryExecutionId"]].state = "CANCELLED"
        return {}


def tables_of_glue(glue: Any, properties: Mapping[str, str]) -> Tables:
    """The Iceberg tables of a Glue database, found by their rows alone."""

    def tables(database: str) -> Mapping[str, Table]:
        rows = glue.get_tables(DatabaseName=database)["TableList"]
        return {
            row["Name"]: StaticTable.from_metadata(row["Parameters"]["metadata_location"], dict(properties))
            for row in rows
            if row["Parameters"].get("table_type") == "ICEBERG"
        }

    return tables


@contextmanager
def running_athena(tables: Tables) -> Iterator[AthenaServer]:
    """The server, on a port of its own."""
    state = AthenaServer(tables)

    class Handler(BaseHTTPRequestHandler):
        """AWS's JSON protocol 1.1."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            try:
                if state.refuse:
                    self._send(400, {"__type": state.refuse[0], "message": state.refuse[1]})
                    return
                self._send(200, state.answer(operation, body))
            except RefusedRequestError as error:
                self._send(400, {"__type": "InvalidRequestException", "Message": str(error)})

        def _send(self, status: int, body: Mapping[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Nothing: tests read `requests`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
