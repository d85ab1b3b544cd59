"""A SmartGo web service of a test's own: the documented wire format over real HTTP, and faults in the order wanted."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pricing_lake_tests.sources.sales import SALE

Fault = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class SalesService:
    """Pages of `sales` for whoever has the token. `faults` are answered first, one per request, None being none."""

    sales: Sequence[Mapping[str, Any]] = ()
    page_rows: int = 2
    token: str = "let-me-in"  # noqa: S105 - a test's own
    faults: list[Fault | None] = field(default_factory=list)
    total: Callable[[int], Any] | None = None
    cursor: Callable[[int], str] = str
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        if path == "/shop/sales":
            return 200, json.dumps(self.page(query)).encode()
        if path == "/shop/sales/changed-days":
            return 200, json.dumps(
                {"days": [{"day": "2026-11-02", "rows": 1}, {"day": "2026-10-31", "rows": 3}]}
            ).encode()
        return 404, b"{}"

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        number = len([request for request in self.asked if "sold_from" in request])
        start = int(query.get("cursor", "0"))
        end = start + self.page_rows
        following = self.cursor(end) if end < len(self.sales) else None
        total = len(self.sales) if self.total is None else self.total(number)
        return {"sales": list(self.sales[start:end]), "next": following, "total": total}


def status(code: int, **headers: str) -> Fault:
    """Answer with a status and these headers (`retry_after` for Retry-After)."""

    def fault(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return fault


def body(text: bytes, length: int | None = None) -> Fault:
    """Answer 200 with this body; a `length` beyond its end makes it one that was cut off."""

    def fault(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length or len(text)))
        handler.end_headers()
        handler.wfile.write(text)
        handler.close_connection = True

    return fault


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """Answer 200 with a body that comes byte by byte, ten a second, each soon enough for itself."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    with suppress(OSError):  # whoever asked has left
        for _ in range(10):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
    handler.close_connection = True


def sale(number: int, **changes: Any) -> dict[str, Any]:
    return SALE | {"sale_id": f"s-{number}"} | changes


@contextmanager
def serving(service: SalesService) -> Iterator[SalesService]:
    """Serve on a free port of this machine; `service.url` is set to the address that has the token."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    service.url = f"http://:{service.token}@127.0.0.1:{server.server_port}/shop"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(service: SalesService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "sales-service/1.0"
        timeout = 10

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            service.asked.append(query)
            fault = service.faults.pop(0) if service.faults else None
            if self.headers["Authorization"] != f"Bearer {service.token}":
                fault = status(401)
            if fault:
                fault(self)
                return
            code, text = service.answer(parts.path, query)
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    return Handler
