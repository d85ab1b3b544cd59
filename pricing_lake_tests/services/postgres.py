"""A real PostgreSQL server for tests and benchmarks: loopback only, random password, gone when the block ends.

Nothing here knows SmartGo; whoever starts a server fills it.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

Command = list[str | Path]
PACKAGE = "postgresql"
SERVER_USER = "postgres"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "30",
    "lock_timeout": "20s",
}


class PostgresMissingError(RuntimeError):
    """The server programs are not installed; the text names the package that brings them."""


def server_programs(directories: Iterable[Path]) -> Path:
    """Return the first directory that holds `initdb`, `pg_ctl` and `postgres`.

    Raises PostgresMissingError naming Debian's package when there is none.
    """
    for directory in directories:
        if all((directory / program).exists() for program in PROGRAMS):
            return directory
    raise PostgresMissingError(
        f"PostgreSQL's server programs ({', '.join(PROGRAMS)}) are not installed: "
        f"install Debian's package {PACKAGE} (apt-get install {PACKAGE})"
    )


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start an empty server and yield its URL (superuser, database `postgres`); stop and delete it at the end."""
    programs = server_programs(_installed())
    home = Path(tempfile.mkdtemp(prefix="pricing-lake-postgres-"))
    password = secrets.token_hex(12)
    port = _free_port()
    try:
        _hand_over(home)
        data = _create_cluster(programs, home, password)
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-t", "60"]
        _run([*control, "-l", home / "log", "-o", f"-p {port} {options}", "start"])
        try:
            yield f"postgresql://{SERVER_USER}:{password}@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(home)


def _installed() -> Iterator[Path]:
    """Give the directories where PostgreSQL may lie, the newest of Debian's versions first."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    pg_config = shutil.which("pg_config")
    if pg_config:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True)
        yield Path(answer.stdout.strip())


def _create_cluster(programs: Path, home: Path, password: str) -> Path:
    data = home / "data"
    secret = home / "password"
    secret.write_text(password)
    _hand_over(secret)
    access: Command = ["-U", SERVER_USER, "-A", "scram-sha-256", "--pwfile", secret]
    _run([programs / "initdb", "-D", data, *access, "-E", "UTF8", "--no-locale", "--no-sync"])
    return data


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _server_account() -> pwd.struct_passwd | None:
    """Return the account the server must run as: PostgreSQL refuses root; anybody else runs it as themselves."""
    return pwd.getpwnam(SERVER_USER) if os.geteuid() == 0 else None


def _hand_over(path: Path) -> None:
    account = _server_account()
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def _run(command: Command) -> None:
    account = _server_account()
    user, group = (account.pw_uid, account.pw_gid) if account else (None, None)
    done = subprocess.run(
        command,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        user=user,
        group=group,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")
