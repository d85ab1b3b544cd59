"""Order messages for tests: sound ones, ones with a change, and JSON text that no library would write by itself."""

import json
from typing import Any

ORDER: dict[str, Any] = {
    "order_id": "o-1",
    "event_ts": "2026-03-01T12:00:00Z",
    "tenant_id": "acme",
    "customer_id": "c-1",
    "product_id": "p-1",
    "category": "shoes",
    "amount": "12.50",
    "currency": "EUR",
    "status": "PAID",
}


def order(**changes: Any) -> bytes:
    """One order as compact JSON. A change to `...` leaves the field out."""
    told = {name: value for name, value in {**ORDER, **changes}.items() if value is not ...}
    return json.dumps(told, separators=(",", ":")).encode()


def written(**raw: str) -> bytes:
    """One order with fields exactly as given: JSON text, numbers with all their digits."""
    told = {name: json.dumps(value) for name, value in ORDER.items()} | raw
    return ("{" + ",".join(f'"{name}":{text}' for name, text in told.items()) + "}").encode()
