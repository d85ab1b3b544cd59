"""Makes the Glue database that holds the lake's tables."""

from collections.abc import Iterator
from typing import Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.explain import explained
from pricing_lake.aws.findings import Step, fail, ok, to_make
from pricing_lake.aws.names import AwsNames

KIND = "database"


def ensure_database(account: Account, names: AwsNames) -> Iterator[Step]:
    """The database; one that puts its tables elsewhere is told, since moving it would not move them."""
    stored = database_of(account, names)
    wanted = {
        "Name": names.database,
        "Description": f"Pricing Lake, stage {names.stage}: tables of pricing_lake/contracts.",
        "LocationUri": names.database_uri,
    }
    if stored is None:

        def make() -> None:
            with explained("glue", account.region):
                account.client("glue").create_database(DatabaseInput=wanted)

        yield to_make(KIND, names.database, f"its tables lie below {names.database_uri}", make)
        return
    location = stored.get("LocationUri", "").rstrip("/")
    if location and location != names.database_uri:
        yield fail(
            KIND,
            names.database,
            f"new tables would lie below {location}, not {names.database_uri}",
            "set PRICING_LAKE_BUCKET and PRICING_LAKE_PREFIX to what it says, or PRICING_LAKE_DATABASE to another name",
        )
    else:
        yield ok(KIND, names.database, f"its tables lie below {names.database_uri}")


def database_of(account: Account, names: AwsNames) -> dict[str, Any] | None:
    """The database as Glue has it, or None."""
    glue = account.client("glue")
    with explained("glue", account.region):
        try:
            found: dict[str, Any] = glue.get_database(Name=names.database)["Database"]
        except glue.exceptions.EntityNotFoundException:
            return None
    return found
