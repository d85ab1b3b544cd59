"""A benchmark of three trivial variants, one of which wants a package that nobody has."""

import time
from pathlib import Path

from benchmarks.benchmark import Benchmark
from benchmarks.comparison import ratio
from benchmarks.variants import Work


def make_input(folder: Path, rows: int) -> None:
    (folder / "rows").write_text(str(rows))


def short(folder: Path, out: Path) -> Work:
    assert (folder / "rows").read_text() == "300"
    return lambda: (out / "file").write_bytes(bytes(3 << 20))


def long(folder: Path, out: Path) -> Work:
    assert not list(out.iterdir())

    def work() -> None:
        held = bytearray(64 << 20)
        held[::4_096] = b"x" * len(held[::4_096])
        time.sleep(0.2)

    return work


def absent(folder: Path, out: Path) -> Work:
    import a_package_nobody_has

    return lambda: a_package_nobody_has


BENCHMARK = Benchmark(
    module="pricing_lake_tests.benchmarks.three_variants",
    rows=300,
    passes=2,
    make_input=make_input,
    variants={"short": short, "long": long, "absent": absent},
    goals=lambda rows: (
        ratio("short", "long", "seconds", 0.9),
        ratio("long", "short", "seconds", 0.9),
        ratio("short", "absent", "seconds", 1.0),
    ),
)

if __name__ == "__main__":
    BENCHMARK.main()
