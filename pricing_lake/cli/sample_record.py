"""Which sample lies in a home: its shape and its bad day, kept beside the database. Makes nothing."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pricing_lake.errors import ConfigurationError
from pricing_lake.sample.shop import SampleShape


@dataclass(frozen=True)
class SampleRecord:
    """A sample that was asked for. Two equal records in one home mean the same rows and pictures, byte for byte.

    `planted` counts the dirt by reason once the sample is made; empty before.
    """

    shape: SampleShape
    bad_day: date | None = None
    planted: Mapping[str, int] = field(default_factory=dict, compare=False)


def folder_of(home: Path) -> Path:
    """Where the sample of a home lies."""
    return home / "sample"


def database_of(home: Path) -> Path:
    """The sample's SQLite file."""
    return folder_of(home) / "smartgo.db"


def rates_of(home: Path) -> Path:
    """The folder of the sample's exchange rates."""
    return folder_of(home) / "rates"


def read_record(home: Path) -> SampleRecord | None:
    """The record of the sample in `home`, or None when there is no complete sample.

    Raises ConfigurationError for a file that cannot be understood.
    """
    path = _path(home)
    if not path.exists() or not database_of(home).exists():
        return None
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["home"] != str(home):
            return None  # a home that was moved: its pictures' addresses lead elsewhere
        shape = body["shape"]
        bad_day = body["bad_day"]
        typed = {"last_day": date.fromisoformat(shape["last_day"]), "tenants": tuple(shape["tenants"])}
        day = date.fromisoformat(bad_day) if bad_day else None
        return SampleRecord(SampleShape(**{**shape, **typed}), day, dict(body["planted"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}); delete it and make the sample again") from error


def write_record(home: Path, record: SampleRecord) -> None:
    """Keep `record`; written last, so that it never describes half a sample."""
    body = {
        "home": str(home),
        "shape": dataclasses.asdict(record.shape),
        "bad_day": record.bad_day,
        "planted": dict(record.planted),
    }
    _path(home).write_text(json.dumps(body, indent=1, default=str), encoding="utf-8")


def forget_record(home: Path) -> None:
    """Drop the record before the sample is changed."""
    _path(home).unlink(missing_ok=True)


def _path(home: Path) -> Path:
    return folder_of(home) / "sample.json"
