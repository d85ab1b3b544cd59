"""The bronze, silver and quality rows of the small star, for the queries about the lake itself."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

# source, tenant, when it happened, when the source told of it
_TOLD = """
smartgo   acme 2026-01-05T10:00 2026-01-05T10:00
smartgo   acme 2026-01-05T11:00 2026-01-06T05:00
smartgo   acme 2026-01-05T12:00 2026-01-07T12:00
smartgo   bolt 2026-01-05T23:59 2026-01-06T06:00
carousel  acme 2026-01-05T10:00 2026-01-05T11:00
kafka     acme 2026-01-06T10:00 2026-01-06T10:01
kafka     acme 2026-01-06T10:00 2026-01-07T10:00
kafka     acme 2026-02-01T00:00 2026-03-01T00:00
snowflake acme 2026-01-06T10:00 -
"""

# table, day, hours from its end to its publish, refused
_DAYS = """
bronze/raw_smartgo_sales 2026-03-01 3     no
bronze/raw_smartgo_sales 2026-03-02 40    no
bronze/raw_smartgo_sales 2026-03-03 5     no
bronze/raw_smartgo_sales 2026-03-04 -     yes
silver/sales_history     2026-03-01 3.5   no
silver/sales_history     2026-03-02 41    no
"""


def tables() -> dict[str, list[list[Row]]]:
    """Batches of rows by table; each batch is an append, so a snapshot."""
    told = [line.split() for line in _TOLD.strip().splitlines()]
    return {
        "bronze/raw_smartgo_sales": [[_sale(*line) for line in told if line[0] == "smartgo"]],
        "bronze/raw_carousel_sales": [[_sale(*line) for line in told if line[0] == "carousel"]],
        "bronze/raw_orders_stream": [
            [_order(*line) | {"topic": "orders", "partition": 0, "offset": place}
             for place, line in enumerate(told) if line[0] == "kafka"]
        ],
        "bronze/raw_snowflake_orders": [[_order(*line) for line in told if line[0] == "snowflake"]],
        "silver/sales_history": [[_sold("acme", 1)], [_sold("acme", 1), _sold("bolt", 1)], [_sold("acme", 2)]],
        "silver/embeddings": [],
        "quality/quality_results": [[row for line in _DAYS.strip().splitlines() for row in _judged(*line.split())]],
    }  # fmt: skip


def _moment(text: str) -> datetime | None:
    return None if text == "-" else datetime.fromisoformat(text).replace(tzinfo=UTC)


def _sale(source: str, tenant: str, happened: str, told: str) -> Row:
    return {
        "sale_id": f"{source}-{told}", "tenant_id": tenant, "product_id": "p1", "category": "shoes",
        "condition": "good", "sold_price": Decimal(10), "currency": "EUR", "sold_at": _moment(happened),
        "updated_at": _moment(told),
    }  # fmt: skip


def _order(source: str, tenant: str, happened: str, told: str) -> Row:
    return {
        "order_id": f"{source}-{told}", "tenant_id": tenant, "customer_id": "c1", "amount": Decimal(10),
        "currency": "EUR", "status": "PAID", "event_ts": _moment(happened), "message_ts": _moment(told),
        "updated_at": _moment(told),
    }  # fmt: skip


def _sold(tenant: str, month: int) -> Row:
    return {
        "product_id": "p1", "tenant_id": tenant, "category": "shoes", "condition": "good", "sold_price": Decimal(10),
        "sold_date": datetime(2026, month, 3), "season": "Q1", "source": "smartgo", "sale_id": "s1", "currency": "EUR",
    }  # fmt: skip


def _judged(table_id: str, day: str, hours: str, refused: str) -> list[Row]:
    common: Row = {
        "day": date.fromisoformat(day),
        "table_id": table_id,
        "batch_id": "batch",
        "run_id": "run",
        "contract_version": 1,
        "evaluated_at": datetime(2026, 3, 5, 3, tzinfo=UTC),
    }
    verdict = {"rule": "bad_share", "kind": "rule", "severity": "critical", "passed": refused == "no"}
    figure = [{"rule": "freshness_hours", "kind": "figure", "value": float(hours)}] if hours != "-" else []
    return [common | verdict, *(common | row for row in figure)]
