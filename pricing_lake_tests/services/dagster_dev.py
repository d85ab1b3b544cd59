"""A real `dagster dev` of this project on a home of its own: started, awaited, and stopped with every child it has."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import urllib3

from pricing_lake.stage import write_settings
from pricing_lake_tests.services.graphql import Dagster, wait_for

PROJECT = Path(__file__).resolve().parents[2]
SECONDS_TO_LOAD = 120
SECONDS_TO_STOP = 20
OUR_SETTINGS = ("PRICING_LAKE_", "SMARTGO_", "DAGSTER_")


@contextmanager
def running_dagster_dev(home: Path, settings: Mapping[str, str]) -> Iterator[Dagster]:
    """Start the webserver, the daemon and the code location on the lake in `home`, and yield the Dagster to ask.

    Raises RuntimeError with the end of the log when it ends early or the project's code cannot be loaded.
    """
    write_settings(home, settings)
    log = home / "dagster-dev.log"
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)],
            cwd=PROJECT,
            env=_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A background job of a shell ignores SIGINT, its children inherit that, and Dagster stops on nothing else.
            preexec_fn=_listen_to_interrupts,
        )
    try:
        dagster = Dagster(f"http://127.0.0.1:{port}")
        wait_for(lambda: _is_up(process, dagster, log), SECONDS_TO_LOAD, f"dagster dev to load {PROJECT.name}")
        yield dagster
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], patience: float = SECONDS_TO_STOP) -> None:
    """Interrupt the leader, then kill whatever is left of its session: no child outlives the block."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    while session_is_alive(process.pid):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.poll()
        time.sleep(0.1)
    process.wait()


def session_is_alive(leader: int) -> bool:
    """Whether any process of the leader's group is left."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


def _is_up(process: subprocess.Popen[bytes], dagster: Dagster, log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"dagster dev ended with {process.returncode}: {log.read_text()[-2000:]}")
    try:
        return dagster.is_loaded()
    except urllib3.exceptions.HTTPError:
        return False


def _environment(home: Path) -> dict[str, str]:
    dagster_home = home / "dagster"
    dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / "dagster.yaml", dagster_home)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OUR_SETTINGS)}
    return inherited | {"PRICING_LAKE_HOME": str(home), "DAGSTER_HOME": str(dagster_home)}


def _listen_to_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
