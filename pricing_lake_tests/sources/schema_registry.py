"""A schema registry over HTTP, as far as Confluent's own client and serializers ask it; it may fail when told to."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import NAMESPACE_URL, uuid5


@dataclass
class SchemaRegistry:
    """What is registered, what was asked for, and, while set, the status and body that every call is answered with."""

    address: str = ""
    schemas: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    failing: tuple[int, bytes] | None = None
    user: str = ""

    def add(self, subject: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Register a schema once; the same schema keeps its number."""
        told = {name: schema[name] for name in ("schema", "schemaType", "references") if schema.get(name)}
        for known in self.schemas:
            if told.items() <= known.items() and known["subject"] == subject:
                return known
        number = len(self.schemas) + 1
        version = 1 + sum(one["subject"] == subject for one in self.schemas)
        guid = str(uuid5(NAMESPACE_URL, json.dumps(told, sort_keys=True)))
        self.schemas.append({"id": number, "version": version, "guid": guid, "subject": subject, **told})
        return self.schemas[-1]

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and JSON of one call."""
        route = f"{method} {path.partition('?')[0]}"
        if match := re.fullmatch(r"GET /schemas/ids/(\d+)", route):
            return self._one(lambda one: one["id"] == int(match[1]), 40403)
        if match := re.fullmatch(r"GET /schemas/guids/([0-9a-f-]+)", route):
            return self._one(lambda one: one["guid"] == match[1], 40403)
        if match := re.fullmatch(r"GET /subjects/([^/]+)/versions/(\d+)", route):
            place = {"subject": match[1], "version": int(match[2])}
            return self._one(lambda one: place.items() <= one.items(), 40402)
        if match := re.fullmatch(r"POST /subjects/([^/]+)(?:/versions)?", route):
            return 200, self.add(match[1], body)
        if route == "GET /schemas/types":
            return 200, ["JSON", "PROTOBUF", "AVRO"]
        return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}

    def _one(self, wanted: Any, missing: int) -> tuple[int, Any]:
        found = next((one for one in self.schemas if wanted(one)), None)
        return (200, found) if found else (404, {"error_code": missing, "message": "not found"})


@contextmanager
def schema_registry() -> Iterator[SchemaRegistry]:
    """Serve an empty registry on a free port of this machine."""
    registry = SchemaRegistry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.asked.append(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            if registry.failing:
                status, answer = registry.failing
            elif registry.user and self.headers.get("Authorization") != registry.user:
                status, answer = 401, b'{"error_code":40101,"message":"Unauthorized"}'
            else:
                status, told = registry.answer(self.command, self.path, body)
                answer = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        registry.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()
            thread.join()
