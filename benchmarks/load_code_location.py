"""Claim: loading the code location costs at most twice the CPU time of `import dagster` alone.

Run from the project folder: `python -m benchmarks.load_code_location`. Each variant is one program in a fresh
interpreter, start and exit included; the graph is resolved as Dagster's code server does it. What Dagster itself
takes to resolve nothing at all stands beside it.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.comparison import print_comparison, ratio
from benchmarks.variants import PROJECT, Taken, shuffled

DAGSTER, EMPTY, OURS = "import dagster", "an empty code location", "our code location"
RESOLVE = """
from dagster._core.definitions.reconstruct import repository_def_from_target_def
repository_def_from_target_def(defs).load_all_definitions()
"""
PROGRAMS = {
    "python alone": "pass",
    DAGSTER: "import dagster",
    EMPTY: f"import dagster\ndefs = dagster.Definitions()\n{RESOLVE}",
    OURS: f"from pricing_lake.definitions import defs\n{RESOLVE}",
}
GOALS = (ratio(OURS, DAGSTER, "cpu_seconds", 2.0), ratio(OURS, EMPTY, "cpu_seconds", 1.5))


def run(program: str, home: Path) -> Taken:
    """Run `program` in an interpreter of its own and take what the system says it used."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PRICING_LAKE_", "SMART"))}
    environment |= {"PRICING_LAKE_HOME": str(home), "DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    seconds = time.perf_counter() - started
    return Taken(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, 0.0)


def compare(passes: int) -> dict[str, Sequence[Taken]]:
    """Every program `passes` times in a new order each pass, after a run that compiles and is not counted."""
    took: dict[str, list[Taken]] = {name: [] for name in PROGRAMS}
    with TemporaryDirectory(prefix="benchmark-") as home:
        for program in PROGRAMS.values():
            run(program, Path(home))
        for name in shuffled(PROGRAMS, passes):
            took[name].append(run(PROGRAMS[name], Path(home)))
    return dict(took)


def main() -> None:
    """Measure and print; memory is the whole process's, not its growth."""
    parser = argparse.ArgumentParser(prog="benchmarks.load_code_location")
    parser.add_argument("--passes", type=int, default=11)
    print_comparison("benchmarks.load_code_location", compare(parser.parse_args().passes), GOALS)


if __name__ == "__main__":
    main()
