"""bronze/raw_salesforce_accounts: accounts as their changes were found, deletions included. Nothing is matched here."""

from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_ACCOUNTS
from pricing_lake.lake.feed import Feed
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.salesforce import SalesforceResource
from pricing_lake.table_asset.feed import feed_asset


@feed_asset(RAW_SALESFORCE_ACCOUNTS, pool="salesforce")
def raw_salesforce_accounts(calendar: PartitionWindow, salesforce: SalesforceResource) -> Feed:
    """Accounts by the time of their last change, a little behind Salesforce's clock, as they were when they were read.

    A record that changes again leaves the window it was in at Salesforce; what was read of it stays here.
    """
    return salesforce.accounts_feed(calendar)
