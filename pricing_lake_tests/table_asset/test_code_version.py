"""Which changes of source make Dagster say that an asset's code changed, and which do not."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pricing_lake.contracts.all import table_called
from pricing_lake.gold.fact_orders import fact_orders
from pricing_lake.marts.factory import mart_asset
from pricing_lake.silver.customers import customers
from pricing_lake.silver.orders import orders
from pricing_lake.table_asset import TableAsset, code_version
from pricing_lake.table_asset.code_version import followed, source_hash

PROJECT: Mapping[str, str] = {
    "silver/sold.py": '''
"""A table."""
from pricing_lake.contracts import columns as c
from pricing_lake.contracts.keys import KEY_LENGTH, row_keys
from pricing_lake.contracts.tables import SOLD
from pricing_lake.engines.duck import duck
from pricing_lake.governance import masking, vault as v
from pricing_lake.lake.reader import read
from pricing_lake.transforms.money import (
    CENT,  # of anything
    in_euros,
)

def sold(rows):
    from pricing_lake.sources.words import plain

    return _helped(rows)

def _helped(rows):
    return rows
''',
    "transforms/money.py": "from pricing_lake.transforms.rounding import half_even\nin_euros = 1",
    "transforms/rounding.py": "from pricing_lake.transforms.money import CENT\nhalf_even = 2",  # a circle
    "transforms/unused.py": "x = 1",
    "governance/masking.py": "x = 1",
    "governance/vault.py": "x = 1",
    "governance/unused.py": "x = 1",
    "sources/words.py": "plain = 1",
    "contracts/keys.py": "def row_keys(): ...",
    "contracts/tables.py": "SOLD = 1",
    "contracts/columns.py": "x = 1",
    "engines/duck.py": "duck = 1",
    "lake/reader.py": "read = 1",
}
DECISIVE = {
    "silver/sold.py",
    "transforms/money.py",
    "transforms/rounding.py",
    "governance/masking.py",
    "governance/vault.py",
    "sources/words.py",
    "contracts/keys.py",
}
Version = Callable[[str, Mapping[str, str]], str]


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Version:
    """The hash of `sold` in a project of these files, in a folder of its own."""

    def made(folder: str, files: Mapping[str, str]) -> str:
        root = tmp_path / folder / "pricing_lake"
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        monkeypatch.setattr(code_version, "_ROOT", root)
        names: dict[str, object] = {}
        text = files["silver/sold.py"]
        body = text[text.index("def sold") :]
        exec(compile(body, str(root / "silver/sold.py"), "exec"), names)  # noqa: S102
        return source_hash(names["sold"])  # type: ignore[arg-type]

    return made


@pytest.mark.parametrize("name", PROJECT)
def test_a_change_shows_where_it_may_change_rows(name: str, version: Version) -> None:
    changed = PROJECT | {name: PROJECT[name] + "\n# changed\n"}
    assert (version("a", PROJECT) != version("b", changed)) == (name in DECISIVE)


def test_the_same_source_is_the_same_version_wherever_it_lies(version: Version) -> None:
    assert version("here", PROJECT) == version("somewhere/else/z", PROJECT)


def test_another_helper_of_the_module_is_another_version(version: Version) -> None:
    helped = {"silver/sold.py": PROJECT["silver/sold.py"].replace("return rows", "return rows[:1]")}
    assert version("a", PROJECT) != version("b", PROJECT | helped)


@pytest.mark.parametrize(
    ("asset", "modules"),
    [
        (orders, set()),
        (customers, {"masking"}),
        (fact_orders, {"dimension_keys", "dollars", "surrogate_key", "record_hash", "row_bytes"}),
    ],
    ids=lambda value: value.contract.id if isinstance(value, TableAsset) else "",
)
def test_real_tables_are_followed_to_what_makes_their_rows(asset: TableAsset, modules: set[str]) -> None:
    source = importlib.util.find_spec(asset.transform.__module__)
    assert source is not None
    assert source.origin is not None
    assert {path.stem for path in followed(Path(source.origin))} >= modules
    assert bool(followed(Path(source.origin))) == bool(modules)


def test_a_version_is_the_contracts_then_the_sources() -> None:
    assert orders.code_version == f"{orders.contract.fingerprint}-{source_hash(orders.transform)}"
    assert source_hash(orders.transform) != source_hash(customers.transform)


def test_a_mart_changes_with_its_query() -> None:
    mart = mart_asset(table_called("brand_performance"))
    query = replace(mart.saved, sql=mart.saved.sql + " ")
    assert replace(mart, query=query).code_version != mart.code_version == mart_asset(mart.contract).code_version
