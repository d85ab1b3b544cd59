"""Where a customer is: which rows of which tables, by which predicate, and which texts mention them. Erases nothing."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyiceberg.expressions import And, BooleanExpression, EqualTo, In, Or

from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_ACCOUNTS, RAW_SALESFORCE_LEADS
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ
from pricing_lake.contracts.columns import CUSTOMER_ID, TENANT_ID
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.quality import QUARANTINED_ROWS
from pricing_lake.contracts.silver_people import CUSTOMERS, SALESFORCE_ACCOUNTS, SALESFORCE_LEADS
from pricing_lake.lake.catalog import Lake

LINKS: Mapping[str, tuple[Table, Table]] = {
    "salesforce_account_id": (RAW_SALESFORCE_ACCOUNTS, SALESFORCE_ACCOUNTS),
    "salesforce_lead_id": (RAW_SALESFORCE_LEADS, SALESFORCE_LEADS),
}
"""Columns of silver/customers that lead to tables without a customer's id."""

TEXTS: Mapping[str, str] = {RAW_ORDERS_DLQ.id: "message", QUARANTINED_ROWS.id: "raw_row"}
"""Tables whose rows are other rows, as text."""


@dataclass(frozen=True)
class Customer:
    """Whom to erase. Without `tenant` the id is looked for in every shop.

    `records` are ids of Salesforce records that belong to this customer and to no other, by the column of the link.
    """

    customer_id: str
    tenant: str | None = None
    records: Mapping[str, frozenset[str]] | None = None

    def is_in(self, text: str) -> bool:
        """Whether a text mentions the customer: as a value of the JSON it is, else as a word."""
        try:
            body = json.loads(text)
        except ValueError:
            return re.search(rf"(?<![\w-]){re.escape(self.customer_id)}(?![\w-])", text) is not None
        if self.tenant and isinstance(body, dict) and body.get(TENANT_ID.name, self.tenant) != self.tenant:
            return False
        known = {self.customer_id}.union(*(self.records or {}).values())
        return any(value in known for value in _texts(body))


def with_records(lake: Lake, customer: Customer) -> Customer:
    """The customer with the Salesforce records that silver/customers ever linked to them and to nobody else."""
    if not lake.exists(CUSTOMERS):
        return Customer(customer.customer_id, customer.tenant, {name: frozenset() for name in LINKS})
    names = (CUSTOMER_ID.name, TENANT_ID.name, *LINKS)
    rows = lake.table(CUSTOMERS).scan(selected_fields=names).to_arrow().to_pylist()
    records = {}
    for link in LINKS:
        mine = {row[link] for row in rows if _is(customer, row)}
        others = {row[link] for row in rows if not _is(customer, row)}
        records[link] = frozenset(mine - others - {None})
    return Customer(customer.customer_id, customer.tenant, records)


def predicate_of(lake: Lake, contract: Table, customer: Customer) -> BooleanExpression | None:
    """Which rows of a table are the customer's; None for a table that knows no customers, or no such one."""
    if CUSTOMER_ID.name in contract.names:
        theirs: BooleanExpression = EqualTo(CUSTOMER_ID.name, customer.customer_id)  # type: ignore[call-arg, arg-type]
        if customer.tenant and TENANT_ID.name in contract.names:
            theirs = And(theirs, EqualTo(TENANT_ID.name, customer.tenant))  # type: ignore[call-arg, arg-type]
        return theirs
    for link, tables in LINKS.items():
        ids = (customer.records or {}).get(link, frozenset())
        if contract in tables and ids:
            return In("id", sorted(ids))  # type: ignore[call-arg, arg-type]
    return _rows_with_text(lake, contract, customer) if contract.id in TEXTS else None


def _rows_with_text(lake: Lake, contract: Table, customer: Customer) -> BooleanExpression | None:
    column = TEXTS[contract.id]
    encoded = ("message_is_base64",) if contract is RAW_ORDERS_DLQ else ()
    fields = (*contract.key, column, *encoded)
    found: list[BooleanExpression] = []
    for row in lake.table(contract).scan(selected_fields=fields).to_arrow().to_pylist():
        text = row[column] or ""
        if customer.is_in(_decoded(text) if row.get("message_is_base64") else text):
            found.append(_same_key(contract.key, row))
    return reduce(Or, found) if found else None


def _same_key(key: Sequence[str], row: Mapping[str, Any]) -> BooleanExpression:
    parts: list[BooleanExpression] = [
        EqualTo(name, value.isoformat() if hasattr(value, "isoformat") else value)  # type: ignore[call-arg, arg-type]
        for name, value in ((name, row[name]) for name in key)
    ]
    return reduce(And, parts)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except binascii.Error:
        return text


def _is(customer: Customer, row: Mapping[str, Any]) -> bool:
    same = row[CUSTOMER_ID.name] == customer.customer_id
    return bool(same and customer.tenant in (None, row[TENANT_ID.name]))


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON document; a text that is JSON itself is looked into."""
    if isinstance(value, str):
        yield value
        if value[:1] in "{[":
            try:
                yield from _texts(json.loads(value))
            except ValueError:
                return
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
