"""No name and no e-mail reaches silver: neither its rows nor its files, proofs and error lanes."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from pricing_lake.contracts.bronze_customers import (
    RAW_REDSHIFT_BEHAVIOR,
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.contracts.model import Pii, Table
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import PEOPLE
from pricing_lake.silver.customer_activity import customer_activity
from pricing_lake.silver.customers import customers
from pricing_lake.silver.orders import orders
from pricing_lake.silver.salesforce_accounts import salesforce_accounts
from pricing_lake.silver.salesforce_leads import salesforce_leads
from pricing_lake_tests.silver.bronze_days import BronzeDays, at, record_id

ADDRESS, NAME, FIRM, LEAD = "Quillon@Zephyr.example", "Quillon Zephyrine", "Wexford Marchetti", "Odalys Pemberton"
PERSONAL = [text.casefold() for text in (ADDRESS, *NAME.split(), *FIRM.split(), *LEAD.split(), "quillon@")]
SILVER = (ORDERS, *PEOPLE)


def told(days: BronzeDays) -> None:
    """One person in every source, once in a row that silver quarantines."""
    days.tell(RAW_SNOWFLAKE_CUSTOMERS, customer_id="c1", updated_at=at(1), email=ADDRESS, full_name=NAME)
    moment = {"id": record_id(1), "system_modstamp": at(1), "email": ADDRESS.upper()}
    days.tell(RAW_SALESFORCE_ACCOUNTS, **moment, name=FIRM)
    days.tell(RAW_SALESFORCE_LEADS, **moment, name=LEAD)
    for number, tenant in enumerate(("acme", "bolt")):
        who = {"customer_id": "c1", "tenant_id": tenant, "session_id": ADDRESS}
        days.tell(RAW_REDSHIFT_BEHAVIOR, event_id=f"e{number}", event_ts=at(1), event_type="view", **who)
    message = {"offset": 0, "message_ts": at(1), "message_key": ADDRESS}
    days.tell(RAW_ORDERS_STREAM, order_id="o1", event_ts=at(1), status="PLACED", **message)


def test_a_person_is_in_bronze_and_nowhere_in_silver(days: BronzeDays) -> None:
    told(days)
    days.build([orders, salesforce_accounts, salesforce_leads, customers, customer_activity], [1])
    rows = {table.name: days.rows(table) for table in SILVER}
    assert {name: len(found) for name, found in rows.items()} == dict.fromkeys(rows, 1)
    linked = rows["customers"][0]
    assert (linked["salesforce_account_id"], linked["salesforce_lead_id"]) == (record_id(1), record_id(1))
    assert days.verdict(PEOPLE[-1], 1).quarantined_rows == 1
    bronze = "\n".join(written(days, RAW_SNOWFLAKE_CUSTOMERS, RAW_SALESFORCE_ACCOUNTS, RAW_SALESFORCE_LEADS))
    assert [text for text in PERSONAL if text not in bronze] == []
    silver = "\n".join(written(days, *SILVER))
    assert "k1:" in silver
    assert [text for text in PERSONAL if text in silver] == []


def test_every_token_is_marked_a_pseudonym_and_nothing_in_silver_names_a_person() -> None:
    columns = [(table.id, column) for table in (*SILVER, FX_RATES) for column in table.columns]
    assert [(table, column.name) for table, column in columns if column.pii is Pii.DIRECT] == []
    tokens = [column for _, column in columns if column.name.endswith("_token")]
    assert [column.pii for column in tokens] == [Pii.PSEUDONYM] * 6
    assert all(rule.name.endswith("_token_malformed") for column in tokens for rule in column.rules)


def written(days: BronzeDays, *tables: Table) -> Iterator[str]:
    """Everything in the lake's folder whose path names one of the tables, case folded: cells, and files as bytes."""
    names = {table.name for table in tables}
    paths = [path for path in (days.home / "warehouse").rglob("*") if path.is_file() and names & set(path.parts)]
    assert {name for path in paths for name in names & set(path.parts)} == names
    for path in paths:
        yield path.read_bytes().decode("latin-1").casefold()
        if path.suffix == ".parquet":
            yield from cells(pq.read_table(path))


def cells(rows: pa.Table) -> Iterator[str]:
    for column in rows.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            yield from (value.casefold() for value in column.to_pylist() if value is not None)
