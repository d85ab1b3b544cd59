"""What Lake Formation is told of a table, derived from its contract: tags, and the rows and columns of one tenant.

Asks nobody; `pricing_lake.aws.ensure_lake_formation` brings it to AWS.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pricing_lake.contracts.columns import TENANT_ID, TENANT_ID_PATTERN, stored_columns
from pricing_lake.contracts.model import Layer, Pii, Table
from pricing_lake.errors import ConfigurationError

LAYER, PII, TENANT = "layer", "pii", "tenant"
BY_ROW, NO_TENANT = "by_row", "none"
TAGS: Mapping[str, tuple[str, ...]] = {
    LAYER: tuple(layer.value for layer in Layer),
    PII: tuple(level.value for level in Pii),
    TENANT: (BY_ROW, NO_TENANT),
}
"""Every tag with its values. `tenant=by_row`: whose a row is, its `tenant_id` says."""

_NEARNESS = (Pii.NONE, Pii.PSEUDONYM, Pii.FREE_TEXT, Pii.DIRECT)
"""How near a column is to a person, the nearest last."""

READERS_LAYERS = (Layer.SILVER, Layer.GOLD, Layer.MARTS)
"""Layers that a tenant's readers see; bronze and quality hold rows as they were received."""

_HIDDEN = (Pii.DIRECT, Pii.FREE_TEXT)


@dataclass(frozen=True)
class TableTags:
    """Tags of one table, and the `pii` tag of columns that are further from a person than the table's nearest."""

    table: Mapping[str, str]
    columns: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class CellsFilter:
    """The cells of one table that one tenant's readers may see."""

    name: str
    expression: str
    columns: tuple[str, ...]


def table_tags(contract: Table) -> TableTags:
    """The table carries the strictest level of its columns, so that a column nobody tagged is never the open one."""
    columns = stored_columns(contract)
    nearest = max((column.pii for column in columns), key=_NEARNESS.index)
    by_level = {
        level.value: tuple(c.name for c in columns if c.pii is level) for level in _NEARNESS if level != nearest
    }
    return TableTags(
        {
            LAYER: contract.layer.value,
            PII: nearest.value,
            TENANT: BY_ROW if TENANT_ID.name in contract.names else NO_TENANT,
        },
        {level: names for level, names in by_level.items() if names},
    )


def cells_filter(contract: Table, tenant: str) -> CellsFilter | None:
    """Rows of `tenant` alone, without columns that name a person; None where its readers see nothing.

    Raises ConfigurationError for a tenant whose name could not be one: it becomes part of an expression.
    """
    require_tenant(tenant)
    if contract.layer not in READERS_LAYERS or TENANT_ID.name not in contract.names:
        return None
    visible = tuple(column.name for column in stored_columns(contract) if column.pii not in _HIDDEN)
    return CellsFilter(f"tenant_{tenant}", f"{TENANT_ID.name} = '{tenant}'", visible)


def require_tenant(tenant: str) -> None:
    """Raises ConfigurationError unless `tenant` is spelt as every tenant is."""
    if not re.match(TENANT_ID_PATTERN.replace(r"\z", r"\Z"), tenant):
        raise ConfigurationError(f"{tenant!r} is no tenant: 2 to 63 characters, a-z first, then a-z, 0-9 or a dash")
