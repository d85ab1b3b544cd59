"""The rows of the small star that every analytical query's expected figures are worked out from, by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

# customer_sk, tenant, customer, country, segment, valid from, valid to, account, lead
_CUSTOMERS = """
101 acme c1 FI new 2026-01-01 2026-02-15 A1 -
102 acme c1 SE vip 2026-02-15 -          A1 -
201 acme c2 FI new 2026-01-01 2026-02-28 -  L2
301 acme c3 SE vip 2026-01-01 -          -  -
401 bolt b1 FI new 2026-01-01 -          -  -
501 acme c5 NO new 2026-01-01 -          A4 -
"""

# product_sk, tenant, product
_PRODUCTS = """
1 acme p1
2 acme p2
3 acme p3
4 bolt p1
"""

# order, tenant, customer, customer_sk, category, product, product_sk, amount, currency, rate in dollars, then each
# status with its moment. Order o13 has a product key that dim_product lacks; c4 is nobody the lake knows.
_ORDERS = """
o1  acme c1 101 shoes p1 1   100.00 EUR 1.10 PLACED 2026-01-05T10:00 PAID 2026-01-05T12:00 SHIPPED 2026-01-07T12:00
o2  acme c2 201 shoes p2 2    50.00 GBP 1.50 PLACED 2026-01-10T10:00 PAID 2026-01-10T11:00
o3  acme c1 101 bags  p3 3    40.00 EUR 1.10 PLACED 2026-01-20T09:00 CANCELLED 2026-01-20T10:00
o4  bolt b1 401 shoes p1 4    20.00 USD 1    PLACED 2026-01-12T10:00 PAID 2026-01-12T10:30
o5  acme c1 101 bags  p3 3   200.00 EUR 1.20 PLACED 2026-02-03T10:00 PAID 2026-02-04T10:00
o6  acme c3 301 shoes p1 1    80.00 USD 1    PLACED 2026-02-10T08:00 PAID 2026-02-10T09:00
o7  acme c2 201 bags  p3 3    60.00 GBP 1.50 PLACED 2026-02-20T10:00 PAID 2026-02-20T12:00 CANCELLED 2026-02-22T12:00
o8  acme c4 -1  shoes p1 1    30.00 XTS -    PLACED 2026-02-25T10:00 PAID 2026-02-25T10:10
o9  acme c1 102 shoes p1 1   100.00 EUR 1.25 PLACED 2026-03-02T10:00 PAID 2026-03-03T10:00
o10 acme c1 102 shoes p1 1   100.00 EUR 1.25 PLACED 2026-03-02T10:05
o11 acme c3 301 shoes p2 2    40.00 GBP 1.60 PLACED 2026-03-05T10:00 PAID 2026-03-05T11:00
o12 bolt b1 401 shoes p1 4    20.00 USD 1    SHIPPED 2026-03-08T10:00
o13 acme c3 301 shoes p1 999  50.00 EUR 1.25 PLACED 2026-03-20T10:00 PAID 2026-03-20T10:30
"""

# sale, tenant, customer_sk, product_sk, moment
_SALES = """
s1 acme 101 1  2026-03-01T10:00
s2 acme -1  2  2026-03-02T10:00
s3 bolt -1  88 2026-03-02T11:00
s4 acme 101 1  2026-04-01T00:00
"""

# event, tenant, customer, customer_sk, product_sk, what, channel, moment
_BEHAVIOR = """
e1 acme c1 102 1  view        web 2026-03-01T10:00
e2 acme c1 102 1  add_to_cart web 2026-03-01T10:05
e3 acme c1 102 1  checkout    web 2026-03-02T09:59
e4 acme c2 -1  1  view        web 2026-03-01T11:00
e5 acme c3 301 2  view        app 2026-03-04T10:00
e6 acme c5 501 1  add_to_cart web 2026-03-20T10:00
e7 acme -  -1  -1 view        web 2026-03-20T11:00
e8 bolt b1 401 4  view        web 2026-03-08T09:00
"""

# day, currency, rate day, rate in dollars
_RATES = """
2026-01-01 EUR 2025-12-31 1.05
2026-01-15 EUR 2026-01-15 1.15
2026-01-15 GBP 2026-01-15 1.50
2026-02-02 EUR 2026-02-02 1.20
2026-02-02 GBP 2026-02-02 1.45
2026-02-20 GBP 2026-02-20 1.55
2026-03-04 EUR 2026-03-01 1.25
2026-03-05 EUR 2026-03-01 1.25
2026-03-06 EUR 2026-03-01 1.25
2026-03-05 GBP 2026-03-05 1.60
"""

# lead, source, day of the state, account it became, made at, deleted
_LEADS = """
L1 web  2026-01-02 -  2026-01-02T00:00 no
L1 web  2026-01-04 A1 2026-01-02T00:00 no
L2 web  2026-01-03 -  2026-01-03T11:00 no
L3 web  2026-02-01 -  2026-02-01T09:00 no
L4 fair 2026-02-02 A4 2026-02-01T09:00 no
L5 fair 2026-02-02 -  2026-02-01T10:00 yes
L6 web  2025-12-31 A1 2025-12-31T10:00 no
"""


def orders() -> list[Row]:
    """Order events as rows of silver/orders."""
    return [event for line in _lines(_ORDERS) for event in _events(*line)]


def fact_orders() -> list[Row]:
    """The same as rows of gold/fact_orders."""
    return [_fact(number, event) for number, event in enumerate(orders(), start=1)]


def customers() -> list[Row]:
    """Versions as rows of gold/dim_customer."""
    return [_customer(*line) for line in _lines(_CUSTOMERS)]


def products() -> list[Row]:
    """Rows of gold/dim_product."""
    first = {"first_sold_on": date(2026, 1, 1), "last_sold_on": date(2026, 3, 1), "category": "shoes"}
    return [{"product_sk": int(key), "tenant_id": t, "product_id": p, **first} for key, t, p in _lines(_PRODUCTS)]


def dates() -> list[Row]:
    """The days of January to March 2026 as rows of gold/dim_date; the 1st of April is missing."""
    days = [date(2026, 1, 1) + timedelta(days=place) for place in range(90)]
    numbers = ("year", "quarter", "month", "iso_year", "iso_week", "iso_weekday", "fiscal_year", "fiscal_quarter")
    return [
        {"date": day, "date_sk": _number(day), "is_weekend": day.isoweekday() > 5, **dict.fromkeys(numbers, 1)}
        for day in days
    ]


def rates() -> list[Row]:
    """Rows of gold/dim_fx."""
    return [_rate(*line) for line in _lines(_RATES)]


def sales() -> list[Row]:
    """Rows of gold/fact_sales."""
    return [_sale(number, *line) for number, line in enumerate(_lines(_SALES), start=1)]


def behavior() -> list[Row]:
    """Rows of gold/fact_behavior."""
    return [_visit(number, *line) for number, line in enumerate(_lines(_BEHAVIOR), start=1)]


def leads() -> list[Row]:
    """Rows of silver/salesforce_leads."""
    return [_lead(*line) for line in _lines(_LEADS)]


def instant(text: str) -> datetime:
    """A moment, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def _given(word: str) -> str | None:
    return None if word == "-" else word


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _events(
    order: str, tenant: str, customer: str, customer_sk: str, category: str, product: str, product_sk: str,
    amount: str, currency: str, rate: str, *steps: str,
) -> list[Row]:  # fmt: skip
    events: list[Row] = []
    for status, moment in zip(steps[::2], steps[1::2], strict=True):
        before = events[-1] if events else {"status": None, "event_ts": None, "paid_at": None}
        events.append(
            {
                "order_id": order,
                "tenant_id": tenant,
                "customer_id": customer,
                "customer_sk": int(customer_sk),
                "category": category,
                "product_id": product,
                "product_sk": int(product_sk),
                "amount": Decimal(amount),
                "currency": currency,
                "rate_to_usd": _given(rate) and Decimal(rate),
                "status": status,
                "event_ts": instant(moment),
                "source": "kafka",
                "previous_status": before["status"],
                "previous_event_ts": before["event_ts"],
                "paid_at": before["paid_at"] or (instant(moment) if status == "PAID" else None),
            }
        )  # fmt: skip
    return events


def _fact(number: int, event: Row) -> Row:
    """Every amount times its rate here is whole cents."""
    day, rate = event["event_ts"].date(), event["rate_to_usd"]
    worth = None if rate is None else (event["amount"] * rate).quantize(Decimal("0.01"))
    own = {"order_event_sk": number, "order_date": day, "date_sk": _number(day), "rate_date": rate and day}
    return {**event, **own, "amount_usd": worth}


def _customer(
    key: str, tenant: str, customer: str, country: str, segment: str, start: str, end: str, account: str, lead: str
) -> Row:
    return {
        "customer_sk": int(key),
        "customer_id": customer,
        "tenant_id": tenant,
        "country": country,
        "segment": segment,
        "salesforce_account_id": _given(account),
        "salesforce_lead_id": _given(lead),
        "valid_from": instant(start),
        "valid_to": instant(end) if _given(end) else None,
        "is_current": end == "-",
    }


def _rate(day: str, currency: str, fixed: str, rate: str) -> Row:
    used, of = date.fromisoformat(day), date.fromisoformat(fixed)
    return {
        "as_of_date": used,
        "ccy": currency,
        "rate_date": of,
        "staleness_days": (used - of).days,
        "rate_per_eur": Decimal(1),
        "rate_to_usd": Decimal(rate),
    }


def _sale(number: int, sale: str, tenant: str, customer_sk: str, product_sk: str, moment: str) -> Row:
    sold = datetime.fromisoformat(moment)
    return {
        "sale_sk": number, "tenant_id": tenant, "source": "smartgo", "sale_id": sale, "sold_date": sold,
        "date_sk": _number(sold.date()), "product_sk": int(product_sk), "product_id": "p1",
        "customer_sk": int(customer_sk), "customer_id": "c1", "condition": "good", "amount": Decimal(10),
        "currency": "EUR",
    }  # fmt: skip


def _visit(
    number: int, event: str, tenant: str, customer: str, customer_sk: str, product_sk: str, what: str, channel: str,
    moment: str,
) -> Row:  # fmt: skip
    when = instant(moment)
    return {
        "behavior_sk": number, "event_id": event, "event_ts": when, "date_sk": _number(when.date()),
        "tenant_id": tenant, "customer_sk": int(customer_sk), "customer_id": _given(customer),
        "product_sk": int(product_sk),
        "event_type": what, "channel": channel, "session_id": "v1",
    }  # fmt: skip


def _lead(lead: str, source: str, day: str, account: str, made: str, deleted: str) -> Row:
    of = date.fromisoformat(day)
    return {
        "day": of,
        "id": lead,
        "system_modstamp": instant(f"{day}T12:00"),
        "lead_source": source,
        "is_converted": account != "-",
        "converted_account_id": _given(account),
        "created_date": instant(made),
        "is_deleted": deleted == "yes",
    }
