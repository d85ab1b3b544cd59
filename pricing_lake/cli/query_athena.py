"""A saved query asked of Athena, for a stage on AWS: its rows, and in a line what they cost."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pricing_lake.cli.output import as_bytes
from pricing_lake.cli.stage_on_aws import StageOnAws

if TYPE_CHECKING:
    import pyarrow as pa

    from pricing_lake.queries.saved import SavedQuery


def ask_athena(stage_name: str | None, query: "SavedQuery", values: Mapping[str, object]) -> "tuple[pa.Table, str]":
    """Run the query in the stage's workgroup. Raises what `Athena.ask` raises."""
    from pricing_lake.aws.athena import Athena

    place = StageOnAws.named(stage_name)
    answer = Athena(place.account, place.names).ask(query.sql, values)
    price = place.settings.athena_price_per_tb
    told = (
        f"scanned {as_bytes(answer.bytes_scanned)} in {answer.milliseconds / 1_000:.1f} s on Athena, about "
        f"${answer.cost(price):.6f} at ${price} a TB (query {answer.query_id})"
    )
    return answer.rows, told
