"""Makes the DynamoDB table of export progress; its shape is in `progress_table`."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.explain import explained
from pricing_lake.aws.findings import Step, fail, ok, to_make, to_mend
from pricing_lake.aws.names import AwsNames
from pricing_lake.aws.progress_table import BY_DAY, KEEP_DAYS, TIME_TO_LIVE, index_definition, table_definition

KIND = "progress table"


def ensure_progress_table(account: Account, names: AwsNames) -> Iterator[Step]:
    """The table, its index, its time to live and its backups. Another key schema is told: keys cannot be changed."""
    name = names.progress_table
    stored = table_of(account, name)
    if stored is None:
        yield to_make(KIND, name, "paid by request", partial(_make, account, name))
    elif stored["KeySchema"] != table_definition(name)["KeySchema"]:
        yield fail(KIND, name, "it has other keys than the lake's", "give PRICING_LAKE_PROGRESS_TABLE another name")
        return
    else:
        yield ok(KIND, name, "keyed as the lake needs it")
        yield _index(account, name, stored)
    yield _time_to_live(account, name, exists=stored is not None)
    yield _backups(account, name, exists=stored is not None)


def table_of(account: Account, name: str) -> dict[str, Any] | None:
    """The table as DynamoDB has it, or None."""
    dynamodb = account.client("dynamodb")
    with explained("dynamodb", account.region):
        try:
            found: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return None
    return found


def time_to_live_of(account: Account, name: str) -> str:
    """The attribute by which items expire, or nothing."""
    with explained("dynamodb", account.region):
        answer = account.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return str(answer.get("AttributeName", "")) if answer["TimeToLiveStatus"] in ("ENABLED", "ENABLING") else ""


def _make(account: Account, name: str) -> None:
    dynamodb = account.client("dynamodb")
    with explained("dynamodb", account.region):
        dynamodb.create_table(**table_definition(name))
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 60})


def _index(account: Account, name: str, stored: dict[str, Any]) -> Step:
    label, wanted = f"{name} {BY_DAY}", index_definition()
    found = {index["IndexName"]: index["KeySchema"] for index in stored.get("GlobalSecondaryIndexes", [])}
    if found.get(BY_DAY) == wanted["KeySchema"]:
        return ok(KIND, label, "exports can be listed by day")
    if BY_DAY in found:
        return fail(KIND, label, "it has other keys than the lake's", f"delete index {BY_DAY}, then run ensure again")

    def make() -> None:
        attributes = [item for item in table_definition(name)["AttributeDefinitions"] if item["AttributeName"] != "sk"]
        with explained("dynamodb", account.region):
            account.client("dynamodb").update_table(
                TableName=name,
                AttributeDefinitions=[*attributes, {"AttributeName": "sk", "AttributeType": "S"}],
                GlobalSecondaryIndexUpdates=[{"Create": wanted}],
            )

    return to_mend(KIND, label, "exports can be listed by day", make)


def _time_to_live(account: Account, name: str, *, exists: bool) -> Step:
    label, wanted = f"{name} expiry", f"entries go after {KEEP_DAYS} days"
    found = time_to_live_of(account, name) if exists else ""
    if found == TIME_TO_LIVE:
        return ok(KIND, label, wanted)
    if found:
        return fail(
            KIND, label, f"entries go by {found}, not {TIME_TO_LIVE}", "turn its TTL off, then run ensure again"
        )

    def put() -> None:
        specification = {"Enabled": True, "AttributeName": TIME_TO_LIVE}
        with explained("dynamodb", account.region):
            account.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=specification)

    return (to_mend if exists else to_make)(KIND, label, wanted, put)


def _backups(account: Account, name: str, *, exists: bool) -> Step:
    label, wanted = f"{name} backups", "any second of the last weeks can be had back"
    dynamodb = account.client("dynamodb")
    if exists:
        with explained("dynamodb", account.region):
            answer = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        if answer.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED":
            return ok(KIND, label, wanted)

    def put() -> None:
        with explained("dynamodb", account.region):
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )

    return (to_mend if exists else to_make)(KIND, label, wanted, put)
