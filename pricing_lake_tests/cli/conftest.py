"""A lake that the demo built, and the way every test types a command."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pricing_lake.cli import main

SETTINGS = (
    "SMARTGO_URL",
    "PRICING_LAKE_STAGE",
    "PRICING_LAKE_HOME",
    "PRICING_LAKE_START_DATE",
    "PRICING_LAKE_END_DATE",
    "PRICING_LAKE_IMAGE_ROOT",
)
Type = Callable[..., Result]


def type_in(home: Path, *words: str, **environment: str) -> Result:
    """What `pricing-lake WORDS` prints and how it ends, with the lake in `home`. A bug shows as a traceback."""
    variables: dict[str, str | None] = {**dict.fromkeys(SETTINGS), "PRICING_LAKE_HOME": str(home), **environment}
    return CliRunner(env=variables).invoke(main, words, catch_exceptions=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def pricing_lake(home: Path) -> Type:
    """Types a command on a lake of the test's own."""
    return lambda *words, **environment: type_in(home, *words, **environment)


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "lake"


@pytest.fixture(scope="session")
def demo(demo_home: Path) -> Result:
    """The first demo on an empty home: two days on either side of a month's end, one tenant."""
    return type_in(
        demo_home, "demo", "--days", "2", "--sales-per-day", "40", "--tenants", "1", "--last-day", "2026-03-01"
    )


@pytest.fixture
def on_demo(demo: Result, demo_home: Path) -> Type:
    """Types a command on the lake that the demo built; tests leave it as it is."""
    assert demo.exit_code == 0, demo.stderr
    return lambda *words, **environment: type_in(demo_home, *words, **environment)
