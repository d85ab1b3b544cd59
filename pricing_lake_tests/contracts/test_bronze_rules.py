"""What bronze warns of: ids, addresses and times that look wrong. Rows stay; only the counts tell."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from pricing_lake.contracts.all import BRONZE, table_called
from pricing_lake.contracts.model import Severity

NOON, LATER = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 3, 12, 0, 1, tzinfo=UTC)
ACCOUNT = "001D000000IRFmaIAH"


def early_and_late(told: str, event: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A row that tells of an event at its own moment, and one that tells of it more than a day before it."""
    return {told: NOON, event: NOON}, {told: NOON, event: LATER}


CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("raw_smartgo_sales", "image_url_malformed", {"image_url": "HTTPS://shop/a.jpg"}, {"image_url": "s3://shop/a"}),
    ("raw_smartgo_sales", "image_url_malformed", {"image_url": "http://shop/a.jpg"}, {"image_url": "a.jpg"}),
    ("raw_smartgo_sales", "image_url_malformed", {"image_url": "file:///a.jpg"}, {"image_url": "https://shop/a b"}),
    ("raw_carousel_sales", "customer_id_blank", {"customer_id": "c1"}, {"customer_id": "  "}),
    ("raw_smartgo_sales", "customer_id_too_long", {"customer_id": "c" * 200}, {"customer_id": "c" * 201}),
    ("raw_orders_stream", "event_ts_in_future", *early_and_late("message_ts", "event_ts")),
    ("raw_snowflake_orders", "event_ts_in_future", *early_and_late("updated_at", "event_ts")),
    ("raw_snowflake_customers", "updated_at_before_created", *early_and_late("updated_at", "created_at")),
    ("raw_redshift_behavior", "event_id_too_long", {"event_id": "e" * 200}, {"event_id": "e" * 201}),
    ("raw_redshift_behavior", "session_id_blank", {"session_id": "s"}, {"session_id": ""}),
    ("raw_redshift_behavior", "product_id_blank", {"product_id": "p"}, {"product_id": "\t"}),
    ("raw_salesforce_accounts", "system_modstamp_before_created", *early_and_late("system_modstamp", "created_date")),
    ("raw_salesforce_leads", "system_modstamp_before_created", *early_and_late("system_modstamp", "created_date")),
    (
        "raw_salesforce_leads",
        "converted_account_id_malformed",
        {"converted_account_id": ACCOUNT},
        {"converted_account_id": "acme"},
    ),
]


def holds(table: str, rule_name: str, row: dict[str, Any]) -> bool:
    rule = next(rule for rule in table_called(f"bronze/{table}").all_rules if rule.name == rule_name)
    assert rule.severity is Severity.WARN
    return bool(pl.DataFrame([row]).select(rule.expression.fill_null(value=True)).item())


@pytest.mark.parametrize(
    ("table", "rule", "good", "bad"), CASES, ids=lambda case: case if isinstance(case, str) else ""
)
def test_the_rule_tells_good_from_odd(table: str, rule: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert holds(table, rule, good)
    assert not holds(table, rule, bad)
    absent = {name: pl.Series([None], dtype=pl.DataFrame([good]).schema[name]) for name in good}
    expression = next(r for r in table_called(f"bronze/{table}").all_rules if r.name == rule).expression
    assert pl.DataFrame(absent).select(expression.fill_null(value=True)).item(), "what is not told is not odd"


def test_a_picture_is_kept_under_its_own_digest() -> None:
    table = table_called("bronze/raw_product_images")
    rule = next(rule for rule in table.all_rules if rule.name == "image_s3_key_of_other_bytes")
    digests = ["ab" * 32, "cd" * 32]
    frame = pl.DataFrame({"image_sha256": digests, "image_s3_key": [f"images/ab/{digests[0]}.jpg"] * 2})
    assert frame.select(rule.expression).to_series().to_list() == [True, False]


@pytest.mark.parametrize("table", BRONZE, ids=lambda table: table.name)
def test_every_key_of_a_bronze_table_has_a_rule_or_a_type_that_is_one(table: Any) -> None:
    """A key of text is never blank or of any shape: it has a critical rule. Days, instants and numbers have a type."""
    free = [
        name
        for name in table.key
        if table.column(name).type.name == "text"
        and not any(rule.severity is Severity.CRITICAL for rule in table.column(name).rules)
    ]
    assert free == []
