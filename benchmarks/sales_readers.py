"""Readers of a shop's sales beside each other: each reading in a process of its own, in turns, the median counts.

What is read, and by whom, is in `read_smartgo` and `read_mariadb`.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from rich.console import Console
from rich.table import Table

from pricing_lake.sources.window import Window

ROWS = 1_000_000
START = datetime(2026, 1, 1, tzinfo=UTC)
SPACING = timedelta(seconds=17.28)
"""5,000 sales a day."""
WINDOWS = {
    "one day (5,000 rows)": Window(START + timedelta(days=4), START + timedelta(days=5)),
    f"everything ({ROWS:,} rows)": Window(START, START + ROWS * SPACING),
}
Reader = Callable[[str, Window], int]


@dataclass(frozen=True)
class SalesReaders:
    """The readers of one kind of server, the peer first; each takes a URL and a window and returns the rows it read.

    `running` starts a server and gives its URL, `fill` makes the table of sales there.
    """

    module: str
    readers: Mapping[str, Reader]
    running: Callable[[], AbstractContextManager[str]]
    fill: Callable[[str], None]
    turns: int

    def main(self) -> None:
        """Compare all readers, or read once where a reader is named on the command line."""
        if len(sys.argv) > 1:
            self._measure(*sys.argv[1:])
        else:
            with self.running() as server:
                self.fill(server)
                Console(width=120).print(self._compare(server))

    def _measure(self, reader: str, url: str, window: str) -> None:
        """Read once in this process and print what it took."""
        started = time.perf_counter()
        rows = self.readers[reader](url, WINDOWS[window])
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rows": rows, "seconds": seconds, "peak_mb": peak}))

    def _in_a_process(self, reader: str, url: str, window: str) -> dict[str, float]:
        command = [sys.executable, "-m", self.module, reader, url, window]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        result: dict[str, float] = json.loads(answer.stdout)
        return result

    def _compare(self, url: str) -> Table:
        table = Table("window", "reader", "rows", "seconds", "peak MB", "speed", "memory")
        peer = next(iter(self.readers))
        for window in WINDOWS:
            turns = [{name: self._in_a_process(name, url, window) for name in self.readers} for _ in range(self.turns)]
            took = {name: median(turn[name]["seconds"] for turn in turns) for name in self.readers}
            held = {name: median(turn[name]["peak_mb"] for turn in turns) for name in self.readers}
            for name in self.readers:
                speed, memory = took[peer] / took[name], held[name] / held[peer]
                rows = f"{turns[0][name]['rows']:,.0f}"
                table.add_row(
                    window, name, rows, f"{took[name]:.3f}", f"{held[name]:.0f}", f"{speed:.2f}x", f"{memory:.2f}x"
                )
        return table
