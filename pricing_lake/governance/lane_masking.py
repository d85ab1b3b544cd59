"""Personal data in error lanes: dropped, made a token, masked or kept, column by column, as the contract's level says.

Applied before a lane is written, so that what was refused is never less protected than what was published. Tokens are
those of `masking`: a name in a lane has the token that silver has for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ, RAW_ORDERS_STREAM
from pricing_lake.contracts.columns import TENANT_ID
from pricing_lake.contracts.model import Pii, Table
from pricing_lake.errors import ConfigurationError
from pricing_lake.governance.masking import MaskingKey, Purpose, normalised, token


class Treatment(StrEnum):
    """What becomes of a value."""

    KEEP = "keep"

    TOKEN = "token"  # noqa: S105 - a word of the policy
    """Equal values stay equal, and nobody finds the value without the key."""

    MASK = "mask"
    """Only its length is left, which is what rules on length are about."""

    DROP = "drop"
    """It is null."""


LANE_POLICY: Mapping[Pii, Treatment] = {
    Pii.NONE: Treatment.KEEP,
    # A pseudonym is the row's key: reasons, replays and erasing a customer go by it.
    Pii.PSEUDONYM: Treatment.KEEP,
    # Not masked: lanes tell rows apart by their values, and two texts of one length must stay two.
    Pii.FREE_TEXT: Treatment.TOKEN,
    Pii.DIRECT: Treatment.TOKEN,
}
"""What lanes do by default. A column that the contract does not know counts as free text."""

_DEAD_LETTERS = {(RAW_ORDERS_STREAM.id, name) for name in (*RAW_ORDERS_DLQ.names, "schema_id")}
"""A dead letter stays as received: it is there to be sent or decoded again, and its table is made of the lane. The
schema that its header named lies beside it, in the lane alone."""

_PURPOSES = {"email": Purpose.EMAIL, "name": Purpose.NAME, "full_name": Purpose.NAME}


@dataclass(frozen=True)
class LaneMasking:
    """Treats the rows of every lane of one lake. Raises ConfigurationError when a level has no treatment."""

    key: MaskingKey = field(repr=False)
    policy: Mapping[Pii, Treatment] = field(default_factory=lambda: LANE_POLICY)

    def __post_init__(self) -> None:
        missing = sorted(set(Pii) - set(self.policy))
        if missing:
            raise ConfigurationError(f"the masking of lanes says nothing of {', '.join(missing)}")

    def masked(self, contract: Table, row: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The row as a lane may hold it, and the columns that are no longer as received. Nulls stay null."""
        tenant = str(row.get(TENANT_ID.name) or contract.name)
        treated: dict[str, Any] = {}
        for name, value in row.items():
            treatment = self._treatment(contract, name)
            treated[name] = value if value is None else self._treated(treatment, tenant, name, value)
        return treated, tuple(name for name, value in row.items() if treated[name] != value)

    def _treatment(self, contract: Table, name: str) -> Treatment:
        if (contract.id, name) in _DEAD_LETTERS:
            return Treatment.KEEP
        return self.policy[contract.column(name).pii if name in contract.names else Pii.FREE_TEXT]

    def _treated(self, treatment: Treatment, tenant: str, name: str, value: Any) -> Any:
        if treatment is Treatment.KEEP:
            return value
        if treatment is Treatment.DROP:
            return None
        text = value if isinstance(value, str) else json.dumps(value)
        if treatment is Treatment.MASK:
            return f"*** ({len(text)} characters)"
        purpose = _PURPOSES.get(name, Purpose.TEXT)
        return token(self.key, tenant, purpose, text if purpose is Purpose.TEXT else normalised(text))
