"""A server that speaks Snowflake's protocol, for tests: loopback only, in its own process, gone when the block ends.

What it answers is in `snowflake_wire`; nothing here knows orders or customers.
"""

import json
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pricing_lake.sources.snowflake_account import SnowflakeAccount
from pricing_lake.sources.snowflake_session import open_session

ACCOUNT, USER, ROLE, DATABASE = "SHOP-LAKE", "PRICING_LAKE", "READER", "SHOP"
START_SECONDS = 60


@dataclass(frozen=True)
class SnowflakeServer:
    """A running server with one account, one user and one role."""

    port: int
    key: str = field(repr=False)
    passphrase: str = field(repr=False)

    def account(self, schema: str = "PUBLIC", **other: Any) -> SnowflakeAccount:
        """What the lake is given to read a schema; `other` replaces single settings."""
        settings: dict[str, Any] = {
            "account": ACCOUNT,
            "user": USER,
            "private_key": self.key,
            "passphrase": self.passphrase,
            "database": DATABASE,
            "schema": schema,
            "warehouse": "LOADING",
            "role": ROLE,
            "host": "127.0.0.1",
            "port": self.port,
            "protocol": "http",
            "login_timeout_seconds": 5,
        }
        return SnowflakeAccount(**settings | other)

    def execute(self, schema: str, *statements: str) -> None:
        """Run statements with the lake's own client, whose role may write here."""
        with open_session(self.account(schema), "test") as session:
            for statement in statements:
                session.rows(statement)

    def fill(self, schema: str, table: str, rows: pa.Table) -> None:
        """Append rows whose columns have the table's names and types that fit."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        self._call(f"/test/rows/{DATABASE}.{schema}.{table}", sink.getvalue().to_pybytes())

    def keep_nanoseconds(self, schema: str, table: str, column: str) -> None:
        """Make a time column as fine as Snowflake's own; the stand-in's are of microseconds."""
        place = f"{DATABASE}.{schema}.{table}"
        self._call("/test/underneath", f"ALTER TABLE {place} ALTER {column} TYPE TIMESTAMP_NS".encode())

    def new_schema(self) -> str:
        """A schema that no other test uses; it is made at the first login to it."""
        return f"S_{secrets.token_hex(6).upper()}"

    @contextmanager
    def told(self, **orders: Any) -> Iterator[None]:
        """Make the server misbehave, or have another `clock`, within the block, as `snowflake_wire.Wire` does."""
        self._call("/test/orders", json.dumps(orders).encode())
        try:
            yield
        finally:
            self._call("/test/orders", b"{}")

    def seen(self) -> dict[str, Any]:
        """What arrived as `queries` (statement, bindings) and `logins` (parameters), and how many are `open`."""
        found: dict[str, Any] = self._call("/test/seen")
        return found

    def _call(self, path: str, body: bytes | None = None) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", body, timeout=10) as answer:
            return json.load(answer)


def new_key(passphrase: str = "") -> tuple[str, str]:
    """A private key as PKCS #8 PEM, encrypted when there is a passphrase, and its public key."""
    key = rsa.generate_private_key(65537, 2048)
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@contextmanager
def running_snowflake(passphrase: str = "") -> Iterator[SnowflakeServer]:
    """Start a server with an empty database, stop it at the end; with a passphrase its user's key is encrypted."""
    private, public = new_key(passphrase)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", f"{__package__}.snowflake_wire", str(listener.fileno()), ACCOUNT, USER, public]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])
    server = SnowflakeServer(port, private, passphrase)
    try:
        _wait(server, process)
        yield server
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(START_SECONDS)


def _wait(server: SnowflakeServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            server.seen()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the Snowflake stand-in does not answer: see its output above")
