"""silver/customers: the customers that changed on a day, with their Salesforce records and without their names."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.bronze_customers import (
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.governance.masking import Purpose, normalised_texts, tokens
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.masking import MaskingResource
from pricing_lake.table_asset import table_asset
from pricing_lake.transforms.last_changes import changed_again, last_changes

# These histories are read whole, unlike those of orders: a record finds its customer by an e-mail that is normalised
# here, so no stored column says beforehand which rows a day needs. People are far fewer than their orders.
_RECORD = ("id", "system_modstamp", "email", "created_date", "is_deleted")


@table_asset(
    CUSTOMERS,
    reads=(RAW_SNOWFLAKE_CUSTOMERS, RAW_SALESFORCE_ACCOUNTS, RAW_SALESFORCE_LEADS),
    columns={RAW_SALESFORCE_ACCOUNTS.name: _RECORD, RAW_SALESFORCE_LEADS.name: _RECORD},
)
def customers(
    raw_snowflake_customers: pa.Table,
    raw_salesforce_accounts: pa.Table,
    raw_salesforce_leads: pa.Table,
    raw_snowflake_customers_history: pa.Table,
    raw_salesforce_accounts_history: pa.Table,
    raw_salesforce_leads_history: pa.Table,
    window: PartitionWindow,
    masking: MaskingResource,
) -> Candidate:
    """Customers that the warehouse changed on the day, and living ones whose Salesforce record came, went or changed.

    A record belongs to a customer when it is not deleted and their e-mails are equal once normalised; of several the
    oldest does. Earlier changes of the same day are excluded and counted. What merely touches a record and leaves it
    with the customer changes no customer.
    """
    changes = _frame(raw_snowflake_customers)
    earlier = _frame(raw_snowflake_customers_history).filter(pl.col("updated_at") < window.start)
    present = last_changes(pl.concat([earlier, changes]), "customer_id", "updated_at")
    linked = present.with_columns(address=normalised_texts(present["email"]))
    linked = _link(linked, "account", raw_salesforce_accounts_history, raw_salesforce_accounts, window)
    linked = _link(linked, "lead", raw_salesforce_leads_history, raw_salesforce_leads, window)
    changed_itself = pl.col("updated_at") >= window.start
    relinked = pl.any_horizontal("account_moved", "lead_moved") & ~pl.col("is_deleted")
    changed = linked.filter(changed_itself | relinked)
    key = masking.key()
    rows = changed.with_columns(
        day=pl.lit(window.first_day),
        email_token=tokens(key, changed["tenant_id"], Purpose.EMAIL, changed["email"]),
        full_name_token=tokens(key, changed["tenant_id"], Purpose.NAME, changed["full_name"]),
        # Whoever is deleted changes in nothing else: their last version ends when the warehouse says.
        changed_at=pl.when("is_deleted")
        .then("updated_at")
        .otherwise(pl.max_horizontal(pl.when(changed_itself).then("updated_at"), "account_moved_at", "lead_moved_at")),
        salesforce_account_id="account",
        salesforce_lead_id="lead",
    ).select(CUSTOMERS.names)
    through_salesforce = changed.height - changed.filter(changed_itself).height
    return Candidate(
        rows.to_arrow(),
        excluded=changed_again(changes, "customer_id"),
        expected_rows=changes.height + through_salesforce,
    )


def _frame(rows: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(rows))


def _link(
    customers: pl.DataFrame, kind: str, history: pa.Table, today: pa.Table, window: PartitionWindow
) -> pl.DataFrame:
    """`customers` with their record of one kind.

    Added are `<kind>`, the record's id; `<kind>_moved`, whether it was another one or none when the day began; and
    `<kind>_moved_at`, when that came about.
    """
    changes = _frame(today)
    before = _frame(history).filter(pl.col("system_modstamp") < window.start)
    now = _by_address(pl.concat([before, changes])).rename({"id": kind})
    then = _by_address(before).rename({"id": "former"})
    stamps = changes.group_by("id").agg(pl.col("system_modstamp").max())
    return (
        customers.join(now, on="address", how="left")
        .join(then, on="address", how="left")
        .join(stamps.rename({"id": kind, "system_modstamp": "came"}), on=kind, how="left")
        .join(stamps.rename({"id": "former", "system_modstamp": "went"}), on="former", how="left")
        .with_columns(pl.col(kind).ne_missing(pl.col("former")).alias(f"{kind}_moved"))
        .with_columns(
            pl.when(f"{kind}_moved").then(pl.max_horizontal("came", "went")).alias(f"{kind}_moved_at"),
        )
        .drop("former", "came", "went")
    )


def _by_address(changes: pl.DataFrame) -> pl.DataFrame:
    """The oldest living record of each normalised e-mail."""
    living = last_changes(changes, "id", "system_modstamp").filter(~pl.col("is_deleted"))
    addressed = living.select("id", "created_date", address=normalised_texts(living["email"])).drop_nulls("address")
    oldest = addressed.sort("created_date", "id", nulls_last=True).unique("address", keep="first", maintain_order=True)
    return oldest.select("address", "id")
