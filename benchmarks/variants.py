"""Runs variants of one piece of work, each in a fresh process and in turns, and takes time and memory.

Knows no benchmark. Memory is measured on Linux only; elsewhere it is not a number.
"""

import json
import math
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
OURS = ("pricing_lake", "benchmarks")
MEBIBYTE = 1 << 20

Work = Callable[[], object]
Prepare = Callable[[Path, Path], Work]
"""Makes the timed work from the input folder and an empty output folder; what it does itself is not timed."""


@dataclass(frozen=True)
class Taken:
    """What one run took. `growth_mb` is the peak of resident memory above what was held when the clock started."""

    seconds: float
    cpu_seconds: float
    growth_mb: float
    written_mb: float


def measure(prepare: Prepare, folder: Path) -> dict[str, float | str]:
    """Run one variant in this process; returns the fields of its `Taken`, or the name of the missing package."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    try:
        work = prepare(folder, out)
    except ModuleNotFoundError as error:
        if str(error.name).startswith(OURS):
            raise
        return {"not_installed": str(error.name)}
    held = _start_of_peak()
    seconds, cpu_seconds = time.perf_counter(), time.process_time()
    work()
    seconds, cpu_seconds = time.perf_counter() - seconds, time.process_time() - cpu_seconds
    written = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    growth = _resident_mb("VmHWM") - held
    shutil.rmtree(out)
    return asdict(Taken(seconds, cpu_seconds, growth, written / MEBIBYTE))


def in_turns(commands: Mapping[str, Sequence[str]], passes: int) -> dict[str, list[Taken]]:
    """Run every command `passes` times, in a new order each pass; a variant with a missing package has no runs."""
    took: dict[str, list[Taken]] = {name: [] for name in commands}
    missing = set()
    for name in shuffled(commands, passes):
        if name in missing:
            continue
        answer = subprocess.run(commands[name], cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
        result = json.loads(answer.stdout.splitlines()[-1])
        if "not_installed" in result:
            missing.add(name)
        else:
            took[name].append(Taken(**result))
    return took


def shuffled(names: Iterable[str], passes: int) -> Iterator[str]:
    """All of `names` once per pass, in an order of its own that is the same in every run of the benchmark."""
    waiting = list(names)
    for number in range(passes):
        random.Random(number).shuffle(waiting)
        yield from waiting


def _start_of_peak() -> float:
    """Forget the peak of memory so far; returns what is resident now, in MiB; no number where that cannot be done."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return math.nan
    return _resident_mb("VmRSS")


def _resident_mb(field: str) -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return math.nan
    return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith(field))
