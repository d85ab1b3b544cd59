"""What `doctor` looks at, one function per check. Each says what it found and what to do; none changes a table."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version

from pricing_lake.cli.output import as_bytes
from pricing_lake.cli.settings import hide_password
from pricing_lake.errors import PricingLakeError
from pricing_lake.stage import Stage

# The lake writes Iceberg through these builders and shows verdicts through this event log: other versions are untested.
PINS = {"pyiceberg": "0.12.", "pyiceberg-core": "0.10.", "dagster": "1.13.27", "dagster-webserver": "1.13.27"}
PYTHONS = ((3, 11), (3, 14))
LITTLE_SPACE, NO_SPACE = 5_000_000_000, 500_000_000
SLOW_SECONDS, SKEW_SECONDS = 1.0, 60.0


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Check:
    """The outcome of one check; `advice` is what to do about it, empty when all is well."""

    name: str
    status: Status
    found: str
    advice: str = ""


def installation() -> Iterator[Check]:
    """Python and the packages whose versions matter."""
    running = sys.version_info[:2]
    low, high = (".".join(map(str, edge)) for edge in PYTHONS)
    fits = PYTHONS[0] <= running < PYTHONS[1]
    found = ".".join(map(str, sys.version_info[:3]))
    yield Check("Python", _ok(fits), found, "" if fits else f"use Python {low} or later, below {high}")
    for package, wanted in PINS.items():
        try:
            installed = version(package)
        except PackageNotFoundError:
            installed = "missing"
        fits = installed.startswith(wanted)
        yield Check(package, _ok(fits), installed, "" if fits else "run `make setup`: it installs the locked versions")


def of_stage(stage: Stage) -> Iterator[Check]:
    """Everything that the settings lead to."""
    checks: tuple[tuple[str, Callable[[Stage], Check]], ...] = (
        ("home", _home),
        ("disk", _disk),
        ("catalog", _catalog),
        ("SmartGo", _smartgo),
        ("image root", _image_root),
        ("embedder", _embedder),
        ("engine", _engine),
        ("Dagster", _dagster),
    )
    for name, check in checks:
        try:
            yield check(stage)
        except PricingLakeError as error:
            yield Check(name, Status.FAIL, hide_password(str(error), stage.smartgo_url), "do what it says")
        except Exception as error:  # a broken part must not hide the state of the others
            text = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            yield Check(name, Status.FAIL, hide_password(text, stage.smartgo_url), "mend it, then run doctor again")


def _ok(fits: bool) -> Status:
    return Status.OK if fits else Status.FAIL


def _home(stage: Stage) -> Check:
    try:
        stage.home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=stage.home):
            return Check("home", Status.OK, f"{stage.home} is writable")
    except OSError as error:
        return Check("home", Status.FAIL, f"{stage.home}: {error.strerror}", "give the right, or set PRICING_LAKE_HOME")


def _disk(stage: Stage) -> Check:
    free = shutil.disk_usage(stage.home).free
    status = Status.FAIL if free < NO_SPACE else Status.WARN if free < LITTLE_SPACE else Status.OK
    advice = "" if status is Status.OK else "make room; a million sales with embeddings take about 7 GB"
    return Check("disk", status, f"{as_bytes(free)} free", advice)


def _catalog(stage: Stage) -> Check:
    from pricing_lake.cli.clients import lake_of
    from pricing_lake.contracts.all import TABLES

    lake = lake_of(stage)
    there = sum(lake.exists(table) for table in TABLES)
    return Check("catalog", Status.OK, f"{there} of {len(TABLES)} tables of {stage.namespace} exist")


def _smartgo(stage: Stage) -> Check:
    from pricing_lake.cli.clients import smartgo_of

    facts = smartgo_of(stage).probe()
    rows = "unknown" if facts.table_rows_estimate is None else f"about {facts.table_rows_estimate:,}"
    found = (
        f"{facts.dialect} {facts.server_version.partition(' ')[0]}, {rows} rows, "
        f"{facts.latency_seconds * 1_000:.0f} ms, clock {facts.clock_skew_seconds:+.1f} s"
    )
    if facts.missing_columns:
        missing = ", ".join(facts.missing_columns)
        return Check(
            "SmartGo", Status.FAIL, f"no column {missing}; {found}", "map it in settings.toml, [smartgo_mapping]"
        )
    if abs(facts.clock_skew_seconds) > SKEW_SECONDS:
        return Check("SmartGo", Status.WARN, found, "set one of the two clocks: late rows would be taken for new ones")
    if facts.latency_seconds > SLOW_SECONDS:
        return Check("SmartGo", Status.WARN, found, "run nearer to the database, or expect long days")
    return Check("SmartGo", Status.OK, found)


def _image_root(stage: Stage) -> Check:
    if stage.image_root.is_dir():
        return Check("image root", Status.OK, str(stage.image_root))
    advice = "needed for file:// pictures only: set PRICING_LAKE_IMAGE_ROOT, or make the folder"
    return Check("image root", Status.WARN, f"{stage.image_root} is no folder", advice)


def _embedder(stage: Stage) -> Check:
    import io

    import numpy as np
    from PIL import Image

    from pricing_lake.cli.clients import embedder_of

    square = np.zeros((64, 64, 3), dtype=np.uint8)
    square[16:48, 16:48] = (30, 90, 200)
    picture = io.BytesIO()
    Image.fromarray(square).save(picture, "PNG")
    embedder = embedder_of(stage)
    vector = embedder.embed_one(picture.getvalue())
    length = float(np.linalg.norm(vector.astype(np.float64)))
    fits = vector.shape == (embedder.dimensions,) and abs(length - 1) < 1e-5
    found = f"{embedder.model_id}: {vector.shape[0]} numbers of length {length:.6f}"
    return Check("embedder", _ok(fits), found, "" if fits else "its vectors cannot be searched; install it anew")


def _engine(stage: Stage) -> Check:
    from pricing_lake.cli.clients import engine_of

    engine = engine_of(stage)
    answer = engine.run("SELECT 1 AS one", {}, {}).read_all().to_pylist()
    fits = answer == [{"one": 1}]
    return Check(
        "engine", _ok(fits), f"{engine.dialect} answers", "" if fits else f"it answered {answer}; install it anew"
    )


def _dagster(stage: Stage) -> Check:
    from pricing_lake.cli.instance import dagster_instance

    with dagster_instance(stage) as instance:
        return Check("Dagster", Status.OK, f"{instance.get_runs_count():,} runs recorded in {stage.dagster_home}")
