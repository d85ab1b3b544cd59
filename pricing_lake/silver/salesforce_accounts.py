"""silver/salesforce_accounts: the accounts that changed on a day, as they were at its end, without their names."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_ACCOUNTS
from pricing_lake.contracts.silver_people import SALESFORCE_ACCOUNTS
from pricing_lake.governance.masking import salesforce_tokens
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.masking import MaskingResource
from pricing_lake.table_asset import table_asset
from pricing_lake.transforms.last_changes import changed_again, last_changes


@table_asset(SALESFORCE_ACCOUNTS, reads=(RAW_SALESFORCE_ACCOUNTS,))
def salesforce_accounts(
    raw_salesforce_accounts: pa.Table, window: PartitionWindow, masking: MaskingResource
) -> Candidate:
    """Each account's last change of the day; earlier ones of the same day are excluded and counted.

    Name and e-mail are tokens under Salesforce's own key, so they meet no token of a shop's customer: for that,
    silver/customers holds the ids.
    """
    changes = pl.DataFrame(pl.from_arrow(raw_salesforce_accounts))
    last = last_changes(changes, "id", "system_modstamp")
    rows = last.with_columns(day=pl.lit(window.first_day), **salesforce_tokens(masking.key(), last))
    return Candidate(
        rows.select(SALESFORCE_ACCOUNTS.names).to_arrow(),
        excluded=changed_again(changes, "id"),
        expected_rows=changes.height,
    )
