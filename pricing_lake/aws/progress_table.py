"""The shape of the table that keeps the progress of exports: keys, index and time to live. Reads and writes no item."""

from typing import Any

KEEP_DAYS = 90
TIME_TO_LIVE = "expires_at"
BY_DAY = "by_day"
KIND_OF_ITEM = "EXPORT"


def keys_of(tenant: str, source: str, day: str) -> dict[str, str]:
    """The key of one export: a tenant's sales of one day from one source."""
    return {"pk": f"{KIND_OF_ITEM}#{tenant}#{source}", "sk": f"DATE#{day}"}


def day_key(tenant: str, source: str, day: str) -> str:
    """Its place in the index, which lists every export by day."""
    return f"{day}#{source}#{tenant}"


def table_definition(name: str) -> dict[str, Any]:
    """The request that creates the table; it is paid by request, since nights are idle."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in ("pk", "sk", "kind", "day_key")
        ],
        "KeySchema": _schema("pk", "sk"),
        "GlobalSecondaryIndexes": [index_definition()],
    }


def index_definition() -> dict[str, Any]:
    """All exports in the order of their days: some hundred items a day, so one partition key carries them."""
    return {"IndexName": BY_DAY, "KeySchema": _schema("kind", "day_key"), "Projection": {"ProjectionType": "ALL"}}


def _schema(partition: str, order: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": order, "KeyType": "RANGE"}]
