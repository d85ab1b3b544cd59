"""What a transform's rows are decided by, as a hash: its module's source and the pure modules that it works with."""

import hashlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pricing_lake

_ROOT = Path(pricing_lake.__file__).parent
_DECISIVE = ("governance", "images", "sources", "transforms")
"""Packages whose modules are followed. The lake, resources and engines carry rows and do not make them."""
_CONTRACTS = "contracts"
"""What contracts declare is in their fingerprints; a module of theirs is followed where a function is imported."""
_IMPORT = re.compile(r"^\s*from pricing_lake\.([\w.]+) import (\([^)]*\)|.+)$", re.MULTILINE)
"""Anywhere in the text, in functions too. A syntax tree would say the same and cost more than all the rest here."""
_IMPORTED_NAME = re.compile(r"(\w+)(?: as \w+)?\s*(?:,|\)|#|$)", re.MULTILINE)


def source_hash(transform: Callable[..., object]) -> str:
    """A short hash of all source that decides what `transform` returns, the same on every machine.

    Comments count: whether a change of the text changes rows is not for a program to say.
    """
    written = inspect.unwrap(transform)
    source = Path(written.__code__.co_filename)
    digest = hashlib.sha256(written.__qualname__.encode())
    for module in (source, *sorted(followed(source) - {source})):
        digest.update(b"\0" + _text(module).encode())
    return digest.hexdigest()[:8]


def followed(source: Path) -> set[Path]:
    """The decisive modules that a module leads to, from import to import."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        new = _imported(waiting.pop()) - found
        found |= new
        waiting += new
    return found


@cache
def _imported(source: Path) -> frozenset[Path]:
    """Decisive modules that a module imports."""
    found = (_modules_of(module, names) for module, names in _IMPORT.findall(_text(source)))
    return frozenset(path for paths in found for path in paths if path.is_file())


def _modules_of(module: str, names: str) -> Iterator[Path]:
    """Where the decisive modules lie that one import may mean: a module itself, or names in a package."""
    layer, *_ = folders = module.split(".")
    here, imported = _ROOT.joinpath(*folders), _IMPORTED_NAME.findall(names)
    if layer in _DECISIVE:
        yield here.with_suffix(".py")
        yield from (here / f"{name}.py" for name in imported)
    elif layer == _CONTRACTS and any(name.islower() for name in imported):
        yield here.with_suffix(".py")


@cache
def _text(source: Path) -> str:
    return source.read_text("utf-8")
