"""A real MariaDB server for tests and benchmarks: loopback only, random password, gone when the block ends.

Nothing here knows SmartGo; whoever starts a server fills it.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

PACKAGE = "mariadb-server"
SERVER_USER = "mysql"
PROGRAMS = ("mariadbd", "mariadb-install-db")
START_SECONDS = 60
SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--character-set-server=utf8mb4",
    "--max-allowed-packet=64M",
    "--innodb-buffer-pool-size=256M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--performance-schema=off",
    "--default-time-zone=+09:00",
    "--transaction-isolation=READ-COMMITTED",
)
"""Time zone and isolation are others than the lake's, so that a session that does not set its own is found out."""

FIRST_STATEMENTS = """\
ALTER USER root@localhost IDENTIFIED BY '{password}';
CREATE USER tests@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT ALL ON *.* TO tests@'127.0.0.1' WITH GRANT OPTION;
CREATE DATABASE shop;
"""
"""Run before the server accepts anybody: nobody may come in without a password."""


class RunAs(TypedDict, total=False):
    """The account a program runs as; empty for one's own."""

    user: int
    group: int
    extra_groups: list[int]


class MariaDbMissingError(RuntimeError):
    """The server programs are not installed; the text names the package that brings them."""


def server_programs(which: Callable[[str], str | None]) -> dict[str, str]:
    """Return where the server's programs lie, by name.

    Raises MariaDbMissingError naming Debian's package when one is nowhere.
    """
    found = {program: path for program in PROGRAMS if (path := which(program))}
    if len(found) < len(PROGRAMS):
        raise MariaDbMissingError(
            f"MariaDB's server programs ({', '.join(PROGRAMS)}) are not installed: "
            f"install Debian's package {PACKAGE} (apt-get install {PACKAGE})"
        )
    return found


def installed(program: str) -> str | None:
    """Return the path of a program; Debian keeps servers where not everybody's PATH leads."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running_mariadb(files: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start a server with an empty database `shop` and yield its URL (all rights); stop and delete it at the end.

    `files` are options that name a file (certificates), each with the text of that file.
    """
    programs = server_programs(installed)
    home = Path(tempfile.mkdtemp(prefix="pricing-lake-mariadb-"))
    password = secrets.token_hex(12)
    port = _free_port()
    try:
        _hand_over(home)
        data = _create_data(programs["mariadb-install-db"], home)
        command = [programs["mariadbd"], "--no-defaults", *SETTINGS, *_places(home, data, port)]
        named = dict(files or {}) | {"init-file": FIRST_STATEMENTS.format(password=password)}
        command += [f"--{option}={_written(home / option, text)}" for option, text in named.items()]
        with (
            (home / "log").open("wb") as log,
            subprocess.Popen(command, stdout=log, stderr=log, **_as_server()) as server,
        ):
            try:
                _wait_for_greeting(server, port, home / "log")
                yield f"mariadb://tests:{password}@127.0.0.1:{port}/shop"
            finally:
                server.terminate()
    finally:
        shutil.rmtree(home)


def _places(home: Path, data: Path, port: int) -> list[str]:
    # A starting server empties its folder of temporary tables: in a shared one it deletes those of its neighbours.
    places = {"datadir": data, "tmpdir": home, "socket": home / "socket", "pid-file": home / "pid", "port": port}
    return [f"--{name}={place}" for name, place in places.items()]


def _create_data(program: str, home: Path) -> Path:
    data = home / "data"
    command = [program, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
    done = subprocess.run(
        [*command, "--skip-test-db"], cwd=home, capture_output=True, text=True, check=False, **_as_server()
    )
    if done.returncode:
        raise RuntimeError(f"{PROGRAMS[1]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return data


def _written(path: Path, text: str) -> Path:
    """Write a file that the server alone may read."""
    path.touch(0o600)
    path.write_text(text)
    _hand_over(path)
    return path


def _wait_for_greeting(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as client:
            client.settimeout(1)
            if client.connect_ex(("127.0.0.1", port)) == 0 and client.recv(1):
                return
        time.sleep(0.05)
    raise RuntimeError(f"{PROGRAMS[0]} does not answer: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _server_account() -> pwd.struct_passwd | None:
    """Return the account the server must run as: MariaDB refuses root; anybody else runs it as themselves."""
    return pwd.getpwnam(SERVER_USER) if os.geteuid() == 0 else None


def _as_server() -> RunAs:
    account = _server_account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


def _hand_over(path: Path) -> None:
    account = _server_account()
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)
