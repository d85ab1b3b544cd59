"""Every variant of every benchmark runs on a few rows, and the table says what was measured and what was not.

Nothing here looks at a time: benchmarks are judged by hand, on a quiet machine, at full size.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import (
    fact_join,
    history_of_orders,
    load_code_location,
    merge_late_rows,
    scd2_merge,
    split_rows,
    write_day,
)
from benchmarks.benchmark import Benchmark
from benchmarks.comparison import print_comparison
from benchmarks.variants import PROJECT, Taken, measure
from pricing_lake_tests.benchmarks import three_variants

BENCHMARKS = (
    write_day.BENCHMARK,
    merge_late_rows.BENCHMARK,
    scd2_merge.BENCHMARK,
    fact_join.BENCHMARK,
    history_of_orders.BENCHMARK,
    split_rows.BENCHMARK,
)
VARIANTS = [(benchmark, name) for benchmark in BENCHMARKS for name in benchmark.variants]
ROWS = 300
ONE_RUN = (Taken(1.0, 1.0, 1.0, 1.0),)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder with input for each benchmark."""
    folders = {benchmark.module: tmp_path_factory.mktemp("input") for benchmark in BENCHMARKS}
    for benchmark in BENCHMARKS:
        benchmark.make_input(folders[benchmark.module], ROWS)
    return folders


@pytest.mark.parametrize(("benchmark", "name"), VARIANTS, ids=[f"{b.module}-{name}" for b, name in VARIANTS])
def test_each_variant_does_its_work(benchmark: Benchmark, name: str, inputs: dict[str, Path]) -> None:
    result = measure(benchmark.variants[name], inputs[benchmark.module])
    if "not_installed" in result:
        pytest.skip(f"{result['not_installed']} is not installed; make setup-bench installs the peers")
    assert Taken(**result).seconds > 0


def test_goals_name_variants_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    for benchmark in BENCHMARKS:
        took = dict.fromkeys(benchmark.variants, ONE_RUN)
        print_comparison(benchmark.module, took, benchmark.goals(ROWS))
    took = dict.fromkeys(load_code_location.PROGRAMS, ONE_RUN)
    print_comparison("load", took, load_code_location.GOALS)
    assert "not measured" not in capsys.readouterr().out


def test_variants_run_in_processes_and_a_missing_package_is_a_line() -> None:
    command = [sys.executable, "-m", "pricing_lake_tests.benchmarks.three_variants"]
    answer = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    lines = {row[0]: row[1:] for row in map(cells, answer.stdout.splitlines()) if len(row) > 1}
    assert lines["absent"][0] == "not installed"
    assert (lines["short"][0], lines["short"][-1]) == ("2", "3")
    assert (lines["long"][0], lines["long"][-1]) == ("2", "-")
    verdicts = [row[-1] for claim, row in lines.items() if " / " in claim]
    assert verdicts == ["PASS", "MISS", "not measured"]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux only")
def test_memory_is_the_peak_above_the_start_even_when_it_was_given_back(tmp_path: Path) -> None:
    assert 60 <= Taken(**measure(three_variants.BENCHMARK.variants["long"], tmp_path)).growth_mb <= 100


def test_only_the_variants_asked_for_are_run() -> None:
    command = [sys.executable, "-m", "pricing_lake_tests.benchmarks.three_variants", "--only", "short", "--passes", "1"]
    answer = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert [row[0] for row in map(cells, answer.stdout.splitlines()) if row[1:2] == ["1"]] == ["short"]


@pytest.mark.parametrize("name", ["python alone", load_code_location.OURS])
def test_a_program_is_measured_in_an_interpreter_of_its_own(name: str, tmp_path: Path) -> None:
    assert load_code_location.run(load_code_location.PROGRAMS[name], tmp_path).cpu_seconds > 0
    with pytest.raises(subprocess.CalledProcessError):
        load_code_location.run("raise SystemExit(3)", tmp_path)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]
