"""Tables as a person names them: by `layer/name`, bare name or layer, and what to suggest for an unknown word."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pricing_lake.errors import ConfigurationError

if TYPE_CHECKING:
    from pricing_lake.contracts.model import Table


def select_tables(names: Sequence[str]) -> tuple["Table", ...]:
    """The named tables in flow order; all of them when nothing is named.

    Raises ConfigurationError for a name that is no table and no layer.
    """
    from pricing_lake.contracts.all import TABLES

    if not names:
        return TABLES
    known = {word for table in TABLES for word in _words(table)}
    for name in names:
        if name not in known:
            layers = ", ".join(dict.fromkeys(str(table.layer) for table in TABLES))
            raise ConfigurationError(
                f"no table or layer {name!r}{did_you_mean(name, known)}; layers are {layers}, "
                "and `pricing-lake tables` lists the tables"
            )
    return tuple(table for table in TABLES if _words(table) & set(names))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word in brackets, or nothing when none is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _words(table: "Table") -> set[str]:
    return {table.id, table.name, str(table.layer)}
