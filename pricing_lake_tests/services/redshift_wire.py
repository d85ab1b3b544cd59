"""A PostgreSQL dressed as Redshift: its catalogue view and clock, and a proxy that makes the rest look as old as it is.

The proxy notes what a client says, and lets it see Redshift's version and a `pg_type` without the columns that
PostgreSQL 8.0 did not have. The SQL is still PostgreSQL's: that Redshift takes it is not shown by this.
"""

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

from pricing_lake_tests.services.postgres_shop import execute
from pricing_lake_tests.sources.redshift_warehouse import EVENT, VERSION

TYPES = "event_id varchar(64), event_ts {kind}, tenant_id varchar(64), customer_id varchar, session_id varchar, " + (
    "event_type varchar, product_id varchar, channel varchar, loaded_at {kind}"
)
DRESS = (
    "CREATE VIEW svv_columns AS SELECT table_schema::text AS table_schema, table_name::text AS table_name,"
    " column_name::text AS column_name, ordinal_position::int AS ordinal_position, data_type::text AS data_type"
    " FROM information_schema.columns",
    "CREATE FUNCTION getdate() RETURNS timestamp LANGUAGE sql AS"
    " 'SELECT (clock_timestamp() AT TIME ZONE ''UTC'')::timestamp(0)'",
    "CREATE SCHEMA old",
    "CREATE VIEW old.pg_type AS SELECT oid, typname, typreceive, typsend, typtype, typbasetype, typrelid"
    " FROM pg_catalog.pg_type",
)
SSL_REQUEST, GSS_REQUEST, PROTOCOL = 80877103, 80877104, 196608


@dataclass(frozen=True)
class DressedPostgres:
    """One database with an empty table of events."""

    url: str

    def add(self, *changes: dict[str, str | None]) -> None:
        """Insert an ordinary event with each of these changes."""
        marks = ", ".join(
            f"${i}::timestamptz" if name.endswith(("_ts", "_at")) else f"${i}" for i, name in enumerate(EVENT, 1)
        )
        for change in changes:
            values = tuple((EVENT | change).values())
            execute(self.url, f"INSERT INTO behavior_events VALUES ({marks})", parameters=values)

    def execute(self, *statements: str) -> None:
        """Run statements as the superuser."""
        execute(self.url, *statements)


@contextmanager
def dressed_postgres(server_url: str, kind: str = "timestamptz") -> Iterator[DressedPostgres]:
    """Make a database, drop it at the end; the times of its events are of type `kind`."""
    name = f"redshift_{uuid4().hex[:12]}"
    execute(server_url, f"CREATE DATABASE {name}")
    database = DressedPostgres(f"{server_url.rpartition('/')[0]}/{name}")
    try:
        database.execute(*DRESS, f"CREATE TABLE behavior_events ({TYPES.format(kind=kind)})")
        yield database
    finally:
        execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class Proxy:
    """What clients said: the options they started sessions with, and their statements."""

    url: str = ""
    sessions: list[dict[str, str]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    is_old: bool = False

    def shown(self, statement: str) -> str:
        """Return the statement as PostgreSQL gets it."""
        self.statements.append(statement)
        if not self.is_old:
            return statement
        told = re.sub(r"version\(\)", f"'{VERSION}'", statement, flags=re.IGNORECASE)
        return told.replace("pg_catalog.pg_type", "old.pg_type")


@contextmanager
def watched(url: str, *, is_old: bool) -> Iterator[Proxy]:
    """Stand between clients and the server of a URL; with `is_old` they meet a Redshift."""
    parts = urlsplit(url)
    proxy = Proxy(is_old=is_old)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = parts.netloc.rpartition("@")[2]
        here = f"127.0.0.1:{listener.getsockname()[1]}"
        proxy.url = f"{url.replace(host, here)}?sslmode=disable"
        server = (parts.hostname or "", parts.port or 0)
        threading.Thread(target=_accept, args=(listener, server, proxy), daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, server: tuple[str, int], proxy: Proxy) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            behind = socket.create_connection(server)
            threading.Thread(target=_requests, args=(client, behind, proxy), daemon=True).start()
            threading.Thread(target=_answers, args=(behind, client), daemon=True).start()


def _answers(behind: socket.socket, client: socket.socket) -> None:
    with suppress(OSError):
        while piece := behind.recv(65_536):
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)


def _requests(client: socket.socket, behind: socket.socket, proxy: Proxy) -> None:
    with suppress(OSError, EOFError), client.makefile("rb") as stream:
        while True:
            body = _exactly(stream, struct.unpack("!I", _exactly(stream, 4))[0] - 4)
            (code,) = struct.unpack("!I", body[:4])
            if code in (SSL_REQUEST, GSS_REQUEST):
                client.sendall(b"N")
                continue
            behind.sendall(struct.pack("!I", len(body) + 4) + body)
            if code == PROTOCOL:
                words = body[4:].rstrip(b"\0").split(b"\0")
                proxy.sessions.append({k.decode(): v.decode() for k, v in zip(words[::2], words[1::2], strict=False)})
                break
        while True:
            kind = _exactly(stream, 1)
            body = _exactly(stream, struct.unpack("!I", _exactly(stream, 4))[0] - 4)
            if kind == b"Q":
                body = proxy.shown(body[:-1].decode()).encode() + b"\0"
            elif kind == b"P":
                name, text, rest = body.split(b"\0", 2)
                body = b"\0".join((name, proxy.shown(text.decode()).encode(), rest))
            behind.sendall(kind + struct.pack("!I", len(body) + 4) + body)
    behind.close()


def _exactly(stream: object, count: int) -> bytes:
    piece: bytes = stream.read(count)  # type: ignore[attr-defined]
    if len(piece) < count:
        raise EOFError
    return piece
