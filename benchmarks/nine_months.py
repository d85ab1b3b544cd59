"""Claim: a real shop's nine months go through every table in range runs, in flat memory, and add up to the cent.

Run from the project folder: `python -m benchmarks.nine_months [--source sqlite|postgresql] [--days N] [--home DIR]
[--reconcile]`. Without `--days` it fills 30, 90 and all 274 days, each an empty lake and a process of its own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
from rich.console import Console
from rich.table import Table

from benchmarks.stopwatch import PUBLISH, READ, TRANSFORM, Stopwatch
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.definitions import table_assets
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.partitions import Calendar
from pricing_lake.resources import resources_for
from pricing_lake.stage import Stage, load_stage
from pricing_lake_tests.services import online_retail as shop
from pricing_lake_tests.services.postgres import running_postgres
from pricing_lake_tests.services.range_runs import (
    TABLES,
    Operator,
    calendar_days,
    lake_of,
    settled_stage,
    sqlite_instance,
    stretches,
    trading_days,
)
from pricing_lake_tests.services.reconcile import reconcile

ALL_DAYS = (shop.LAST_DAY - shop.FIRST_DAY).days + 1
SIZES = (30, 90, ALL_DAYS)
MILLISECONDS_GOAL = 60.0
MEMORY_GOAL = 1.1
PARTS = (TRANSFORM, READ, PUBLISH)
OUR_SETTINGS = ("PRICING_LAKE_", "SMARTGO_", "DAGSTER_")

Measured = dict[str, Any]


def fill(home: Path, days: int) -> Measured:
    """Fill the empty lake in `home` and say what it took. This process does nothing else, so its peak is the fill's."""
    stage = load_stage({"PRICING_LAKE_HOME": str(home)})
    last = shop.FIRST_DAY + timedelta(days=days - 1)
    watch = Stopwatch()
    with sqlite_instance(stage) as instance, watch.timing_publish():
        operator = Operator(stage, _definitions(stage, watch), instance)
        open_days = trading_days(stage.smartgo_url, shop.FIRST_DAY, last)
        start, cpu = time.perf_counter(), time.process_time()
        refused = _run(operator, open_days)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        parts = [[table_id, part, took] for (table_id, part), took in watch.seconds.items()]
        partitions, runs = dict(watch.partitions), instance.get_runs_count()
        closed = sorted(set(calendar_days(shop.FIRST_DAY, last)) - set(open_days))
        assert operator.refuse(closed) == closed
    return {
        "days": days,
        "trading_days": len(open_days),
        "refused": [day.isoformat() for day in refused],
        "closed": len(closed),
        "runs": runs,
        "seconds": seconds,
        "cpu": cpu,
        "peak_mb": peak,
        "parts": parts,
        "partitions": partitions,
        "rows": sum(verdict.source_rows for verdict in _sales_verdicts(stage, open_days)),
    }


def _sales_verdicts(stage: Stage, days: Sequence[date]) -> Collection[Verdict]:
    keys = [day.isoformat() for day in days]
    return VerdictStore(lake_of(stage).proofs).latest(RAW_SMARTGO_SALES.id, keys).values()


def _definitions(stage: Stage, watch: Stopwatch) -> dg.Definitions:
    calendar = Calendar(stage.start_date, stage.end_date)
    assets = [watch.timed(asset) for asset in table_assets()]
    return dg.Definitions(
        assets=[asset.definition(calendar, stage.namespace, stage.backfill_days) for asset in assets],
        resources=resources_for(stage),
        executor=dg.in_process_executor,
    )


def _run(operator: Operator, days: list[date]) -> list[date]:
    """Range by range, each month's marts as soon as its last trading day is in; returns the refused days."""
    refused: list[date] = []
    ends = {
        max(day for day in days if day.replace(day=1) == month): month for month in {d.replace(day=1) for d in days}
    }
    for stretch in stretches(days):
        refused += operator.fill(stretch)
        for end in sorted(ends.keys() & set(stretch)):
            operator.fill_month(ends[end])
        print(f"{stretch[-1]} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", file=sys.stderr)
    return refused


def fill_in_a_process(home: Path, days: int) -> Measured:
    """Fill in a fresh process; its progress goes to the terminal."""
    command = [sys.executable, "-m", "benchmarks.nine_months", "--fill", "--home", str(home), "--days", str(days)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OUR_SETTINGS)}
    answer = subprocess.run(command, stdout=subprocess.PIPE, env=environment, text=True, check=True)
    measured: Measured = json.loads(answer.stdout.splitlines()[-1])
    return measured


@contextmanager
def shop_url(source: str, home: Path) -> Iterator[str]:
    """The shop's database, filled, with its photos below the home's image root."""
    photos = home / "sample" / "photos"
    shop.write_photos(photos)
    sales = shop.smartgo_sales(photos)
    if source == "sqlite":
        yield shop.fill_sqlite(home / "sample" / "smartgo.db", sales)
    else:
        with running_postgres() as server, shop.filled_postgresql(server, sales) as url:
            yield url


def print_parts(measured: Measured) -> None:
    """Print where the time went, by table; the framework's share is what our own code does not account for."""
    partitions: dict[str, int] = measured["partitions"]
    count = sum(partitions.values())
    seconds: dict[tuple[str, str], float] = {(table_id, part): took for table_id, part, took in measured["parts"]}
    table = Table("table", "partitions", "transform s", "read s", "publish s", "ms per partition")
    for name in partitions:
        parts = [seconds.get((name, part), 0.0) for part in (TRANSFORM, READ, PUBLISH)]
        each = 1000 * sum(parts) / partitions[name]
        table.add_row(name, str(partitions[name]), *(f"{part:.1f}" for part in parts), f"{each:.0f}")
    Console(width=120).print(table)
    whole: float = measured["seconds"]
    by_part = {part: sum(took for (_, name), took in seconds.items() if name == part) for part in PARTS}
    framework = whole - sum(by_part.values())
    shares = ", ".join(f"{part} {took:.0f} s ({took / whole:.0%})" for part, took in by_part.items())
    print(f"{shares}, framework {framework:.0f} s ({framework / whole:.0%})")
    milliseconds = 1000 * framework / count
    outside = 1000 * (whole - by_part[TRANSFORM]) / count
    print(
        f"{count} partitions x assets in {measured['runs']} runs: framework {milliseconds:.0f} ms each "
        f"(goal {MILLISECONDS_GOAL:.0f}), everything but transforms {outside:.0f} ms each"
    )


def print_lake(lake: Lake) -> None:
    """Print snapshots, data files and bytes."""
    tables = [lake.table(contract) for contract in TABLES]
    tasks = [task for table in tables for task in table.scan().plan_files()]
    size = sum(task.file.file_size_in_bytes for task in tasks)
    snapshots = sum(len(table.snapshots()) for table in tables)
    print(f"{snapshots} snapshots, {len(tasks)} data files, {size / 1e9:.2f} GB in {len(tables)} tables")


def measure(source: str, home: Path, days: int, check: bool) -> float:
    """Fill one lake, print what came of it, hold it against the file if asked to; return the peak memory in MB."""
    with shop_url(source, home) as url:
        stage = settled_stage(home, url)
        measured = fill_in_a_process(home, days)
    last = shop.FIRST_DAY + timedelta(days=days - 1)
    print(
        f"\n{source}, {shop.FIRST_DAY} to {last}: {measured['rows']:,} rows in {measured['seconds']:.0f} s "
        f"({measured['rows'] / measured['seconds']:.0f} rows/s, {measured['cpu']:.0f} s of CPU), "
        f"peak {measured['peak_mb']:.0f} MB"
    )
    print(
        f"{days} days: {measured['trading_days']} with sales, of which refused: "
        f"{', '.join(measured['refused']) or 'none'}; {measured['closed']} closed, refused as empty"
    )
    print_parts(measured)
    print_lake(lake_of(stage))
    if check:
        result = reconcile(lake_of(stage), calendar_days(shop.FIRST_DAY, last))
        print("\n".join(result.lines()))
        assert not result.differences, f"{len(result.differences)} figures differ from the file"
    return float(measured["peak_mb"])


def main() -> None:
    """Fill, print, and fail if sums differ or memory grows with the days."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--days", type=int, choices=range(1, ALL_DAYS + 1), metavar="N", help="only the first N days")
    parser.add_argument("--home", type=Path, help="keep the lakes here; it must not hold any yet")
    parser.add_argument("--reconcile", action="store_true", help="hold each lake against the raw file, to the cent")
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fill:
        print(json.dumps(fill(given.home, given.days)))
        return
    missing = shop.missing_data()
    if missing:
        parser.exit(1, f"{missing}\n")
    with TemporaryDirectory(prefix="pricing-lake-") as temporary:
        root = given.home.absolute() if given.home else Path(temporary)
        homes = {days: root / f"{days}-days" for days in ([given.days] if given.days else SIZES)}
        used = ", ".join(str(home) for home in homes.values() if home.exists())
        if used:
            parser.error(f"{used} exists already; give --home another folder")
        peaks = {days: measure(given.source, home, days, given.reconcile) for days, home in homes.items()}
    growth = max(peaks.values()) / min(peaks.values())
    print(f"\npeak memory {', '.join(f'{days} days {peak:.0f} MB' for days, peak in peaks.items())}: {growth:.2f}x")
    if growth > MEMORY_GOAL:
        parser.exit(1, f"memory grows {growth:.2f}x with the days; at most {MEMORY_GOAL}x is the goal\n")


if __name__ == "__main__":
    main()
