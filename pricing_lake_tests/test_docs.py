"""Documentation that is run: every `pricing-lake` command in README and docs/ works, every make target exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pricing_lake.cli import main

PROJECT = Path(__file__).parent.parent
PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md"), PROJECT / "benchmarks" / "README.md"])
SETTINGS = ("PRICING_LAKE_START_DATE", "PRICING_LAKE_END_DATE", "PRICING_LAKE_IMAGE_ROOT", "SMARTGO_URL")


def shell_lines() -> list[str]:
    blocks = [block for page in PAGES for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
    return sorted({line.split("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()})


COMMANDS = [line.removeprefix(".venv/bin/") for line in shell_lines() if line.startswith(".venv/bin/pricing-lake")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small lake over the days that the pages name."""
    place = tmp_path_factory.mktemp("docs") / "lake"
    with pytest.MonkeyPatch.context() as patch:
        for name in SETTINGS:
            patch.delenv(name, raising=False)
        patch.setenv("PRICING_LAKE_HOME", str(place))
        result = CliRunner().invoke(main, shlex.split("demo --days 3 --sales-per-day 60 --last-day 2026-03-05"))
        assert result.exit_code == 0, result.output
        yield place


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_does_what_the_page_says(command: str, home: Path) -> None:
    assert home.is_dir()
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    assert result.exit_code == 0, result.output


def test_there_are_commands_to_run() -> None:
    assert len(COMMANDS) >= 6


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        word for page in PAGES for word in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", page.read_text("utf-8"), re.M)
    }
    assert named <= targets


def test_every_relative_link_leads_somewhere() -> None:
    links = [
        (page, target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    ]
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []
