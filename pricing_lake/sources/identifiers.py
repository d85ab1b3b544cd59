"""Names of tables and columns that come from configuration: checked, then quoted. No value ever passes through here."""

import re
from dataclasses import dataclass

from pricing_lake.errors import ConfigurationError

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quoted(identifier: str) -> str:
    """Return a plain identifier in double quotes; raise ConfigurationError when it is not a plain one."""
    if not IDENTIFIER.fullmatch(identifier):
        raise ConfigurationError(
            f"{identifier!r} is not a plain name: use letters, digits and _ only, not a digit first"
        )
    return f'"{identifier}"'


@dataclass(frozen=True)
class TableName:
    """A table or view, with its schema or with an empty one (then the database's search path decides)."""

    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(filter(None, (self.schema, self.name)))

    @property
    def quoted(self) -> str:
        """Return the name as SQL."""
        return ".".join(quoted(part) for part in (self.schema, self.name) if part)
