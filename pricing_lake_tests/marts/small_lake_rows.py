"""The sales and quality rows of the small lake that every mart's expected figures are worked out from, by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pricing_lake.contracts.types import VECTOR_DIMENSIONS

# Unit vectors in two dimensions: A·B = 0.6, A·C = 0, A·D = 0.8, B·C = 0.8, B·D = 0.96, C·D = 0.6.
_PICTURES = {"A": (1.0, 0.0), "B": (0.6, 0.8), "C": (0.0, 1.0), "D": (0.8, 0.6)}

# id, tenant, source, category, brand, condition, price, currency, sold_date, picture
_SALES = """
a01 acme smartgo  bag  gucci new      100.00 EUR 2024-10-15T12:00:00 -
a02 acme smartgo  bag  gucci good      40.00 EUR 2025-02-10T12:00:00 -
a03 acme smartgo  bag  prada good      60.00 EUR 2025-08-05T12:00:00 B
a04 acme smartgo  bag  gucci good      80.00 EUR 2025-09-20T12:00:00 A
a05 acme smartgo  bag  gucci new      200.00 EUR 2025-10-01T00:00:00 A
a06 acme smartgo  bag  gucci good     100.00 EUR 2025-10-02T09:00:00 B
a07 acme carousel bag  prada good      60.00 EUR 2025-10-02T10:00:00 -
a08 acme carousel bag  -     fair      40.00 EUR 2025-10-02T23:59:59 A
a09 acme smartgo  shoe nike  like_new 100.00 EUR 2025-10-31T23:59:59 C
a10 acme smartgo  bag  gucci new      500.00 USD 2025-10-05T12:00:00 A
a11 acme smartgo  bag  gucci good     150.00 EUR 2025-11-01T00:00:00 B
a12 acme carousel bag  gucci good      50.00 EUR 2025-11-02T12:00:00 C
a13 acme carousel shoe nike  good     300.00 EUR 2025-11-10T12:00:00 C
a14 acme smartgo  shoe gucci new      100.00 EUR 2025-11-12T12:00:00 D
a15 acme smartgo  bag  gucci new      999.00 EUR 2025-12-01T00:00:00 A
b01 bolt carousel bag  prada good      20.00 EUR 2025-08-15T12:00:00 A
b02 bolt carousel bag  prada new       30.00 EUR 2025-10-10T12:00:00 A
b03 bolt carousel bag  prada good      60.00 EUR 2025-11-11T12:00:00 A
"""

# table, tenant, day of the row that was set aside
_QUARANTINED = """
bronze/raw_smartgo_sales  acme     2025-10-15
bronze/raw_smartgo_sales  acme     2025-11-03
bronze/raw_smartgo_sales  acme     2025-11-30
bronze/raw_smartgo_sales  acme     2025-12-01
bronze/raw_smartgo_sales  ACME_!   2025-10-15
bronze/raw_smartgo_sales  -        2025-10-15
bronze/raw_product_images acme     2025-10-15
bronze/raw_carousel_sales bolt     2025-10-31
"""

# day, table, kind, rule, severity, passed, failed rows, value
_RESULTS = """
2025-10-01 bronze/raw_smartgo_sales figure source_rows            -        -   - 10
2025-10-01 bronze/raw_smartgo_sales figure good_rows              -        -   - 6
2025-10-01 bronze/raw_smartgo_sales figure quarantined_rows       -        -   - 2
2025-10-01 bronze/raw_smartgo_sales figure duplicate_rows         -        -   - 1
2025-10-01 bronze/raw_smartgo_sales figure excluded_rows          -        -   - 1
2025-10-01 bronze/raw_smartgo_sales figure freshness_hours        -        -   - 3.5
2025-10-01 bronze/raw_smartgo_sales figure null_share.brand       -        -   - 0.25
2025-10-01 bronze/raw_smartgo_sales figure null_share.description -        -   - 0.5
2025-10-01 bronze/raw_smartgo_sales reason sold_price_unparseable critical no  2 -
2025-10-01 bronze/raw_smartgo_sales reason currency_malformed     critical -   1 -
2025-10-01 bronze/raw_smartgo_sales rule   few_rows               warn     no  - 10
2025-10-01 bronze/raw_smartgo_sales rule   bad_share              critical yes - 0.2
2025-10-01 silver/sales_history     figure source_rows            -        -   - 6
2025-10-01 silver/sales_history     figure good_rows              -        -   - 6
2025-10-01 silver/sales_history     figure quarantined_rows       -        -   - 0
2025-10-01 silver/sales_history     figure duplicate_rows         -        -   - 0
2025-10-01 silver/sales_history     figure excluded_rows          -        -   - 0
2025-10-01 silver/sales_history     figure embedding_coverage     -        -   - 0.75
2025-10-01 silver/sales_history     rule   empty_partition        critical yes - -
2025-10-01 silver/sales_history     rule   revenue_halved         critical no  - 0.4
2025-10-02 silver/sales_history     figure source_rows            -        -   - 4
2025-10-02 silver/sales_history     figure good_rows              -        -   - 4
2025-10-03 silver/sales_history     figure source_rows            -        -   - 7
"""


def sales() -> list[dict[str, Any]]:
    """The sales as rows of silver/sales_history."""
    return [_sale(*line.split()) for line in _SALES.strip().splitlines()]


def quarantined() -> list[dict[str, Any]]:
    """The refused rows as rows of quality/quarantined_rows."""
    return [_refused(number, *line.split()) for number, line in enumerate(_QUARANTINED.strip().splitlines(), start=1)]


def results() -> list[dict[str, Any]]:
    """The verdicts as rows of quality/quality_results."""
    return [_result(*line.split()) for line in _RESULTS.strip().splitlines()]


def sale(
    sale_id: str, tenant: str, source: str, category: str, price: str, currency: str, sold: datetime,
    picture: str | None, vector: tuple[float, ...] | None, brand: str | None = None, condition: str = "good",
) -> dict[str, Any]:  # fmt: skip
    """One sale; its vector is filled with zeros to the length that the contract asks for."""
    return {
        "product_id": f"product-of-{sale_id}",
        "tenant_id": tenant,
        "category": category,
        "brand": brand,
        "condition": condition,
        "sold_price": Decimal(price),
        "sold_date": sold,
        "season": f"Q{(sold.month + 2) // 3}",
        "image_s3_key": picture and f"images/{picture}.jpg",
        "embedding": vector and [*vector, *([0.0] * (VECTOR_DIMENSIONS - len(vector)))],
        "source": source,
        "sale_id": sale_id,
        "currency": currency,
    }


def _sale(
    sale_id: str, tenant: str, source: str, category: str, brand: str, condition: str, price: str, currency: str,
    sold: str, picture: str,
) -> dict[str, Any]:  # fmt: skip
    moment = datetime.fromisoformat(sold)
    return sale(
        sale_id, tenant, source, category, price, currency, moment, _given(picture), _PICTURES.get(picture),
        _given(brand), condition,
    )  # fmt: skip


def _refused(number: int, table_id: str, tenant: str, day: str) -> dict[str, Any]:
    return {
        "day": date.fromisoformat(day),
        "table_id": table_id,
        "row_number": number,
        "tenant_id": _given(tenant),
        "reasons": ["sold_price_unparseable"],
        "batch_id": "batch",
        "run_id": "run",
    }


def _result(
    day: str, table_id: str, kind: str, rule: str, severity: str, passed: str, failed: str, value: str
) -> dict[str, Any]:
    return {
        "day": date.fromisoformat(day),
        "table_id": table_id,
        "rule": rule,
        "kind": kind,
        "severity": _given(severity),
        "passed": {"yes": True, "no": False}.get(passed),
        "failed_rows": int(failed) if _given(failed) else None,
        "value": float(value) if _given(value) else None,
        "batch_id": "batch",
        "run_id": "run",
        "contract_version": 1,
        "evaluated_at": datetime(2025, 10, 2, 3, tzinfo=UTC),
    }


def _given(word: str) -> str | None:
    return None if word == "-" else word
