"""A stand-in for the operations of Lake Formation that the lake uses: real HTTP, AWS's own request and error shapes.

moto lacks data-cell filters, takes tag values that no tag has, and fails on tables of which only columns are tagged.
This one refuses what AWS's documentation says is refused; nothing here filters a row for anybody.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class RefusedError(Exception):
    """A request that is refused: AWS's error type and its status."""

    def __init__(self, kind: str, status: int = 400) -> None:
        super().__init__(kind)
        self.kind, self.status = kind, status


@dataclass
class State:
    """What has been told so far; `requests` in order, `tables` those that Glue has with their columns."""

    tables: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    on_table: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    on_column: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    filters: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    permissions: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    denied: bool = False

    def answer(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """One request. Raises RefusedError."""
        self.requests.append((operation, body))
        if self.denied:
            raise RefusedError("AccessDeniedException")
        known = {
            "CreateLFTag": self._create_tag,
            "GetLFTag": self._get_tag,
            "UpdateLFTag": self._update_tag,
            "AddLFTagsToResource": self._add_tags,
            "GetResourceLFTags": self._get_tags,
            "CreateDataCellsFilter": self._create_filter,
            "GetDataCellsFilter": self._get_filter,
            "UpdateDataCellsFilter": self._update_filter,
            "GrantPermissions": self._grant,
            "ListPermissions": self._list,
        }
        return known[operation](body)

    def _create_tag(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["TagKey"] in self.tags:
            raise RefusedError("InvalidInputException")
        self.tags[body["TagKey"]] = body["TagValues"]
        return {}

    def _get_tag(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["TagKey"] not in self.tags:
            raise RefusedError("EntityNotFoundException")
        return {"TagKey": body["TagKey"], "TagValues": self.tags[body["TagKey"]]}

    def _update_tag(self, body: dict[str, Any]) -> dict[str, Any]:
        self._get_tag(body)
        self.tags[body["TagKey"]] += body.get("TagValuesToAdd", [])
        return {}

    def _table(self, place: dict[str, Any], name: str = "Name") -> tuple[str, str]:
        table = (place["DatabaseName"], place[name])
        if table not in self.tables:
            raise RefusedError("EntityNotFoundException")
        return table

    def _add_tags(self, body: dict[str, Any]) -> dict[str, Any]:
        resource, failures = body["Resource"], []
        place = resource.get("Table") or resource["TableWithColumns"]
        table, columns = self._table(place), place.get("ColumnNames", [])
        if set(columns) - self.tables[table]:
            raise RefusedError("EntityNotFoundException")
        for tag in body["LFTags"]:
            (value,) = tag["TagValues"]
            if value not in self.tags.get(tag["TagKey"], []):
                failures.append({"LFTag": tag, "Error": {"ErrorCode": "EntityNotFoundException"}})
                continue
            places = [self.on_column.setdefault((*table, name), {}) for name in columns]
            for tags in places or [self.on_table.setdefault(table, {})]:
                tags[tag["TagKey"]] = value
        return {"Failures": failures}

    def _get_tags(self, body: dict[str, Any]) -> dict[str, Any]:
        table = self._table(body["Resource"]["Table"])
        columns = {key[2]: tags for key, tags in self.on_column.items() if key[:2] == table}
        return {
            "LFTagsOnTable": _listed(self.on_table.get(table, {})),
            "LFTagsOnColumns": [{"Name": name, "LFTags": _listed(tags)} for name, tags in columns.items()],
        }

    def _filter(self, data: dict[str, Any]) -> tuple[str, str, str]:
        database, table = self._table(data, "TableName")
        return database, table, data["Name"]

    def _valid(self, data: dict[str, Any]) -> dict[str, Any]:
        key = self._filter(data)
        rows = data.get("RowFilter", {})
        if ("FilterExpression" in rows) == ("AllRowsWildcard" in rows):
            raise RefusedError("InvalidInputException")
        if ("ColumnNames" in data) == ("ColumnWildcard" in data):
            raise RefusedError("InvalidInputException")
        if set(data.get("ColumnNames", [])) - self.tables[key[:2]]:
            raise RefusedError("EntityNotFoundException")
        return data

    def _create_filter(self, body: dict[str, Any]) -> dict[str, Any]:
        data = self._valid(body["TableData"])
        if self._filter(data) in self.filters:
            raise RefusedError("AlreadyExistsException")
        self.filters[self._filter(data)] = {**data, "VersionId": "1"}
        return {}

    def _get_filter(self, body: dict[str, Any]) -> dict[str, Any]:
        found = self.filters.get(self._filter(body))
        if found is None:
            raise RefusedError("EntityNotFoundException")
        return {"DataCellsFilter": found}

    def _update_filter(self, body: dict[str, Any]) -> dict[str, Any]:
        data = self._valid(body["TableData"])
        found = self._get_filter(data)["DataCellsFilter"]
        if data.get("VersionId", found["VersionId"]) != found["VersionId"]:
            raise RefusedError("ConcurrentModificationException")
        self.filters[self._filter(data)] = {**data, "VersionId": str(int(found["VersionId"]) + 1)}
        return {}

    def _grant(self, body: dict[str, Any]) -> dict[str, Any]:
        self._get_filter({**body["Resource"]["DataCellsFilter"]})
        if body not in self.permissions:
            self.permissions.append(body)
        return {}

    def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        self._get_filter({**body["Resource"]["DataCellsFilter"]})
        same = [
            each for each in self.permissions if all(each[name] == body[name] for name in ("Principal", "Resource"))
        ]
        return {"PrincipalResourcePermissions": same}


def _listed(tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"TagKey": key, "TagValues": [value]} for key, value in tags.items()]


@contextmanager
def running_lake_formation(state: State) -> Iterator[str]:
    """Its address while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            status, answer, kind = 200, {}, ""
            try:
                answer = state.answer(self.path.lstrip("/"), body)
            except RefusedError as error:
                status, kind, answer = error.status, error.kind, {"Message": f"arn:aws:iam::1:role/x: {error.kind}"}
            sent = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            if kind:
                self.send_header("x-amzn-ErrorType", kind)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
