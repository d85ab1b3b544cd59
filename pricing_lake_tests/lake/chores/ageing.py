"""Makes what lies in a lake look older: files by their times, snapshots by the clock that housekeeping is given."""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from pyiceberg.table import Table as IcebergTable

from pricing_lake.lake.verdicts import now_utc


def age(files: Iterable[Path], days: float) -> None:
    """Let these files be last changed so many days ago."""
    moment = (now_utc() - timedelta(days=days)).timestamp()
    for path in files:
        if path.is_file():
            os.utime(path, (moment, moment))


def everything_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def in_days(days: float) -> datetime:
    """A time as which everything is that much older."""
    return now_utc() + timedelta(days=days)


def live_files(table: IcebergTable) -> set[Path]:
    return {Path(task.file.file_path.removeprefix("file://")) for task in table.scan().plan_files()}
