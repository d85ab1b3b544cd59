"""A second process on a SQLite file: its locks hold between processes, not between two copies of SQLite in one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
connection.executescript(sys.argv[2])
print("done", flush=True)
sys.stdin.read()
"""


@contextmanager
def other_process(path: Path, script: str) -> Iterator[None]:
    """Run a script on the file from another process, which stays connected for the length of the block."""
    command = [sys.executable, "-c", PROGRAM, str(path), script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "done\n"
        yield
