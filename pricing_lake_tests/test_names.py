"""The name rule: asset key = contract = module = table = test file = heading in docs/tables.md. And sizes."""

import ast
import re
from pathlib import Path

import pytest

import pricing_lake
from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.as_markdown import tables_markdown
from pricing_lake.contracts.model import Layer, Table
from pricing_lake.definitions import table_assets

PACKAGE = Path(pricing_lake.__file__).parent
PROJECT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def source_of(table: Table) -> Path:
    suffix = "sql" if table.layer is Layer.MARTS else "py"
    return PACKAGE / table.layer.value / f"{table.name}.{suffix}"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_a_table_is_found_at_first_guess(table: Table) -> None:
    assert source_of(table).is_file()
    assert (PROJECT / "pricing_lake_tests" / table.layer.value / f"test_{table.name}.py").is_file()
    assert f"\n## {table.id}\n" in (PROJECT / "docs" / "tables.md").read_text(encoding="utf-8")


def test_every_contract_has_an_asset_and_every_asset_a_contract() -> None:
    assert [asset.contract.id for asset in table_assets()] == [table.id for table in TABLES]


def test_every_file_of_a_layer_is_a_table() -> None:
    tables = {source_of(table) for table in TABLES}
    layers = [PACKAGE / layer.value for layer in (Layer.BRONZE, Layer.SILVER, Layer.GOLD, Layer.QUALITY)]
    found = {path for folder in layers for path in folder.glob("*.py") if path.name != "__init__.py"}
    found |= set((PACKAGE / "marts").glob("*.sql"))
    assert found == tables


def test_the_table_pages_are_as_generated() -> None:
    """`make docs` writes the page again."""
    assert (PROJECT / "docs" / "tables.md").read_text(encoding="utf-8") == tables_markdown(TABLES) + "\n"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_lives_in_it_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "open the module with a sentence on what lives here"
    assert len(text.splitlines()) <= 300
    assert path.stem not in {"utils", "helpers", "common", "misc"}


def test_most_modules_fit_a_screen() -> None:
    sizes = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES)
    assert sizes[len(sizes) // 2] <= 90
    assert sizes[int(len(sizes) * 0.9)] <= 200


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    machine = re.compile(r"(?<![\w/.])/(?:work|root|home/\w+)/|https?://[^\s\"']*(?:pypi|pythonhosted|npmjs|maven)\b")
    top = ("*.md", "*.lock", "*.toml", "*.cfg", "*.yaml", "Makefile")
    files = [path for pattern in top for path in PROJECT.glob(pattern)]
    files += [*MODULES, *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "pricing_lake_tests").rglob("*.py")]
    named = [str(path.relative_to(PROJECT)) for path in files if machine.search(path.read_text(encoding="utf-8"))]
    assert named in ([], ["pricing_lake_tests/test_names.py"])
