"""fakesnow's server with what real clients also meet: logins by key, NULL times, results in parts, errors on demand.

Run as a program it serves on the socket it inherits, until its standard input ends:
`python -m pricing_lake_tests.services.snowflake_wire SOCKET ACCOUNT USER PUBLIC_KEY_PEM`.
"""

import base64
import gzip
import importlib
import json
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import fakesnow.arrow
import pyarrow as pa
import pyarrow.compute as pc
import uvicorn
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

DATABASE = "SHOP"
ROLE = "READER"
LOGIN_FAILURE = "0ce9eb56-821d-4ca9-a774-04ae89a0cf5a"
_CLOCK = "CURRENT_TIMESTAMP()"
PART_ROWS = 3_000
"""Results with more rows come in parts of so many, which the driver fetches by addresses of their own."""


def times_on_the_wire(times: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Snowflake's structure for times: seconds since 1970, then nanoseconds; NULL is NULL (fakesnow sends 1970)."""
    flat = times.combine_chunks() if isinstance(times, pa.ChunkedArray) else times
    per_second = {"us": 1_000_000, "ns": 1_000_000_000}[flat.type.unit]
    whole = flat.cast(pa.int64()).fill_null(0)
    truncated = pc.divide(whole, per_second)
    before = pc.less(pc.multiply(truncated, per_second), whole)
    seconds = pc.if_else(
        pc.or_(before, pc.equal(pc.multiply(truncated, per_second), whole)), truncated, pc.subtract(truncated, 1)
    )
    fraction = pc.multiply(pc.subtract(whole, pc.multiply(seconds, per_second)), 1_000_000_000 // per_second)
    columns = {"epoch": seconds, "fraction": fraction.cast(pa.int32())}
    if flat.type.tz:
        columns["timezone"] = pa.array([1440] * len(flat), pa.int32())
    fields = [pa.field(name, column.type, nullable=False) for name, column in columns.items()]
    return pa.StructArray.from_arrays(list(columns.values()), fields=fields, mask=flat.is_null())


@dataclass
class Wire:
    """One account with one user, and what a test has asked it to do."""

    account: str
    user: str
    public_key: Any
    server: Any
    seen: list[dict[str, Any]] = field(default_factory=list)
    logins: list[dict[str, Any]] = field(default_factory=list)
    parts: dict[str, bytes] = field(default_factory=dict)
    orders: dict[str, Any] = field(default_factory=dict)

    def app(self) -> Starlette:
        own = {"/session/v1/login-request": self.login, "/queries/v1/query-request": self.query}
        routes = [
            Route(route.path, own.get(route.path, route.endpoint), methods=list(route.methods or ()))
            for route in self.server.routes
        ]
        routes.append(Route("/parts/{name}", self.part, methods=["GET"]))
        routes.append(Route("/test/orders", self.obey, methods=["POST"]))
        routes.append(Route("/test/rows/{table}", self.fill, methods=["POST"]))
        routes.append(Route("/test/underneath", self.underneath, methods=["POST"]))
        routes.append(Route("/test/seen", self.show, methods=["GET"]))
        return Starlette(routes=routes)

    async def obey(self, request: Request) -> JSONResponse:
        self.orders = await request.json()
        return JSONResponse({})

    async def show(self, _: Request) -> JSONResponse:
        return JSONResponse({"queries": self.seen, "logins": self.logins, "open": len(self.server.sessions)})

    async def fill(self, request: Request) -> JSONResponse:
        """Append rows to `database.schema.table`, past the protocol: parsing them as SQL takes minutes."""
        rows = pa.ipc.open_stream(await request.body()).read_all()  # noqa: F841 - DuckDB finds it by name
        table = request.path_params["table"]
        self.server.shared_fs.duck_conn.cursor().execute(f"INSERT INTO {table} BY NAME SELECT * FROM rows")
        return JSONResponse({})

    async def underneath(self, request: Request) -> JSONResponse:
        """Run a statement of DuckDB's, for what fakesnow cannot say: nanoseconds."""
        self.server.shared_fs.duck_conn.cursor().execute((await request.body()).decode())
        return JSONResponse({})

    async def login(self, request: Request) -> Response:
        data = json.loads(await _body(request))["data"]
        self.logins.append({"parameters": data["SESSION_PARAMETERS"], "client": data["CLIENT_APP_ID"]})
        if data["ACCOUNT_NAME"].upper() != self.account:
            return Response(status_code=403)
        if not self._knows(data.get("AUTHENTICATOR"), data.get("TOKEN", "")):
            return _refusal("390144", "08004", f"JWT token is invalid. [{LOGIN_FAILURE}]")
        if request.query_params.get("roleName", ROLE).upper() != ROLE:
            return _refusal("390189", "08004", "Role specified in the connect string does not exist or not authorized.")
        if request.query_params.get("databaseName", "").upper() != DATABASE:
            return _refusal("390201", "08004", "The requested database does not exist or not authorized.")
        return await self.server.login_request(request)

    async def query(self, request: Request) -> Response:
        asked = json.loads(await _body(request))
        self.seen.append({"statement": asked["sqlText"], "bindings": asked.get("bindings", {})})
        await run_in_threadpool(time.sleep, self.orders.get("slow_seconds", 0))
        error = self.orders.get("error")
        if error and not asked.get("describeOnly"):
            return _refusal(error["code"], error["state"], error["text"])
        if "clock" in self.orders:
            asked["sqlText"] = asked["sqlText"].replace(_CLOCK, f"'{self.orders['clock']}'::TIMESTAMP_TZ")
        answer = await self.server.query_request(_asking(request, asked))
        return self._in_parts(answer, str(request.base_url))

    async def part(self, request: Request) -> Response:
        name = request.path_params["name"]
        if self.orders.get("lose_part") == int(name.rpartition("-")[2]):
            return Response(status_code=404)
        return Response(gzip.compress(self.parts.pop(name)), headers={"Content-Encoding": "gzip"})

    def _knows(self, authenticator: str | None, token: str) -> bool:
        """Whether the token was made now by the user's own key, as Snowflake's documentation of key pairs has it."""
        if authenticator != "SNOWFLAKE_JWT" or token.count(".") != 2:
            return False
        signed, _, signature = token.rpartition(".")
        try:
            self.public_key.verify(_unpadded(signature), signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        claims = json.loads(_unpadded(signed.partition(".")[2]))
        digest = Hash(SHA256())
        digest.update(self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        subject = f"{self.account}.{self.user}"
        issuer = f"{subject}.SHA256:{base64.b64encode(digest.finalize()).decode()}"
        return bool((claims["iss"], claims["sub"]) == (issuer, subject) and claims["exp"] > time.time())

    def _in_parts(self, answer: JSONResponse, address: str) -> JSONResponse:
        content = json.loads(bytes(answer.body))
        data = content.get("data") or {}
        if data.get("queryResultFormat") != "arrow" or data.get("total", 0) <= PART_ROWS:
            return answer
        rows = pa.ipc.open_stream(base64.b64decode(data["rowsetBase64"])).read_all()
        first, *rest = (rows.slice(start, PART_ROWS) for start in range(0, rows.num_rows, PART_ROWS))
        data["rowsetBase64"] = base64.b64encode(_stream(first)).decode()
        data["chunkHeaders"] = {}
        data["chunks"] = [self._kept(f"{data['queryId']}-{number}", part, address) for number, part in enumerate(rest)]
        return JSONResponse(content)

    def _kept(self, name: str, rows: pa.Table, address: str) -> dict[str, Any]:
        stream = self.parts[name] = _stream(rows)
        size = {"uncompressedSize": len(stream), "compressedSize": len(stream)}
        return {"url": f"{address}parts/{name}", "rowCount": rows.num_rows, **size}


async def _body(request: Request) -> bytes:
    body = await request.body()
    return gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body


def _asking(request: Request, asked: dict[str, Any]) -> Request:
    """The same request, whose body is read anew from `asked`."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(asked).encode(), "more_body": False}

    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-encoding"]
    return Request(request.scope | {"headers": headers}, receive)


def _refusal(code: str, state: str, text: str) -> JSONResponse:
    data = {"errorCode": code, "sqlState": state}
    return JSONResponse({"data": data, "code": code, "message": text, "success": False})


def _stream(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=PART_ROWS)
    return sink.getvalue().to_pybytes()


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main(descriptor: str, account: str, user: str, public_key: str) -> None:
    """Serve until the parent closes standard input, by its own end or by will."""
    fakesnow.arrow.timestamp_to_sf_struct = times_on_the_wire
    wire = Wire(account, user, load_pem_public_key(public_key.encode()), importlib.import_module("fakesnow.server"))
    server = uvicorn.Server(uvicorn.Config(wire.app(), log_level="error"))

    def stop_with_the_parent() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=stop_with_the_parent, daemon=True).start()
    server.run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main(*sys.argv[1:])
