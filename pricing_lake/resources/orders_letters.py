"""Dead letters of the order topic, decoded again for a replay: today's format and registry, no broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pricing_lake.lake.lane_letters import Letter, Reread, with_reasons
from pricing_lake.sources.orders_stream import NAME
from pricing_lake.sources.orders_stream_formats import ValueFormat, decoder
from pricing_lake.sources.orders_stream_letters import decode_letters
from pricing_lake.sources.orders_stream_messages import broken_contract
from pricing_lake.sources.orders_stream_registry import Registry, RegistrySettings

_PLACE = ("topic", "partition", "offset", "message_key")


@dataclass
class OrdersLetters:
    """Reads letters in one format; see `lake.lane_letters.ReadLetters`.

    Raises ConfigurationError for a format that needs a registry when none is set or it refuses us, and
    SourceUnavailableError when it does not answer.
    """

    value_format: ValueFormat
    registry: RegistrySettings | None = None
    source_system: str = NAME

    def __call__(self, letters: Sequence[Letter]) -> Reread:
        """Decode all of them, or none."""
        registry = Registry(self.registry) if self.registry else None
        try:
            found = decode_letters(letters, decoder(self.value_format, registry))
        finally:
            if registry:
                registry.close()
        refused = {one.position: one for one in found.refused}
        rows = with_reasons(
            found.rows,
            found.numbers,
            {number: one.reason for number, one in refused.items()},
            [_place(letter) for letter in letters],
        )

        def explain(number: int, reasons: Sequence[str]) -> Mapping[str, str]:
            error = refused[number].error if number in refused else broken_contract(reasons)
            return {"reason": reasons[0], "error": error}

        return Reread(rows, explain)


def _place(letter: Letter) -> dict[str, Any]:
    told = letter["message_ts"]
    return {name: letter[name] for name in _PLACE} | {"message_ts": datetime.fromisoformat(told) if told else None}
