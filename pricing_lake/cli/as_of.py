"""`--as-of`: a moment, or a snapshot of a table, as a person types it. Reading at it is `lake.as_of`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.errors import QueryError

if TYPE_CHECKING:
    from pricing_lake.lake.as_of import AsOf

AS_OF = "--as-of"
SAVE_HELP = "Keep the rows in a file instead, by a run of the job read_as_of, which Dagit shows."


class Moment(click.ParamType[datetime]):
    """A moment; without an offset it is UTC, and a day is its first moment."""

    name = "YYYY-MM-DD[THH:MM[:SS]]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC, or a usage error."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time; write it as 2026-01-31T12:00Z, UTC", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


MOMENT = Moment()


def where(words: Sequence[str], table: str = "") -> "AsOf":
    """What the words name, or a usage error; see `lake.as_of.where`."""
    from pricing_lake.lake import as_of

    try:
        return as_of.where(words, table)
    except QueryError as error:
        raise click.BadParameter(str(error), param_hint=AS_OF) from None
