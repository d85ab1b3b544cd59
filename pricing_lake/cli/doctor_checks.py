"""What `doctor` looks at beside the sources, a function per check. Each says what to do; none changes a table."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from pricing_lake.cli.check import Check, Status, passes
from pricing_lake.cli.doctor_sources import broken, outcomes, start
from pricing_lake.cli.output import as_bytes
from pricing_lake.stage import Stage

# The lake writes Iceberg through these builders and shows verdicts through this event log: other versions are untested.
PINS = {"pyiceberg": "0.12.", "pyiceberg-core": "0.10.", "dagster": "1.13.27", "dagster-webserver": "1.13.27"}
PYTHONS = ((3, 11), (3, 14))
LITTLE_SPACE, NO_SPACE = 5_000_000_000, 500_000_000


def installation() -> Iterator[Check]:
    """Python and the packages whose versions matter."""
    running = sys.version_info[:2]
    low, high = (".".join(map(str, edge)) for edge in PYTHONS)
    fits = PYTHONS[0] <= running < PYTHONS[1]
    found = ".".join(map(str, sys.version_info[:3]))
    yield Check("Python", passes(fits), found, "" if fits else f"use Python {low} or later, below {high}")
    for package, wanted in PINS.items():
        try:
            installed = version(package)
        except PackageNotFoundError:
            installed = "missing"
        fits = installed.startswith(wanted)
        yield Check(
            package, passes(fits), installed, "" if fits else "run `make setup`: it installs the locked versions"
        )


def of_stage(stage: Stage) -> Iterator[Check]:
    """Everything that the settings lead to; sources are asked while the lake itself is looked at."""
    started = start(stage)
    yield from _each(stage, {"home": _home, "disk": _disk, "catalog": _catalog})
    yield from outcomes(started, stage)
    yield from _each(stage, {"image root": _image_root, "embedder": _embedder, "engine": _engine, "Dagster": _dagster})


def _each(stage: Stage, checks: Mapping[str, Callable[[Stage], Check]]) -> Iterator[Check]:
    for name, check in checks.items():
        try:
            yield check(stage)
        except Exception as error:  # a broken part must not hide the state of the others
            yield broken(name, error, stage)


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
    return Check("embedder", passes(fits), found, "" if fits else "its vectors cannot be searched; install it anew")


def _engine(stage: Stage) -> Check:
    from pricing_lake.cli.clients import engine_of

    engine = engine_of(stage)
    answer = engine.run("SELECT 1 AS one", {}, {}).read_all().to_pylist()
    fits = answer == [{"one": 1}]
    return Check(
        "engine", passes(fits), f"{engine.dialect} answers", "" if fits else f"it answered {answer}; install it anew"
    )


def _dagster(stage: Stage) -> Check:
    from pricing_lake.cli.instance import dagster_instance

    with dagster_instance(stage) as instance:
        return Check("Dagster", Status.OK, f"{instance.get_runs_count():,} runs recorded in {stage.dagster_home}")
