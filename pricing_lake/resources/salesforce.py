"""Salesforce as a Dagster resource. Its client secret is read when a run opens it: no run config and no UI holds it."""

import os
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr

from pricing_lake.lake.window import PartitionWindow

if TYPE_CHECKING:
    from pricing_lake.lake.feed import Feed
    from pricing_lake.sources.salesforce import SalesforceRecords
    from pricing_lake.sources.salesforce_client import SalesforceClient
    from pricing_lake.sources.unconfigured import Unconfigured

CLIENT_SECRET = "SALESFORCE_CLIENT_SECRET"  # noqa: S105 - a setting's name


class SalesforceResource(dg.ConfigurableResource["SalesforceResource"]):
    """One org, reached as an OAuth app: with `private_key_file` by JWT as `username`, else by the client secret.

    Without `domain` it is off. A request is made `attempts` times at most. The mappings say which field holds a column
    where that differs from the defaults.
    """

    domain: str = ""
    client_id: str = ""
    username: str = ""
    private_key_file: str = ""
    api_version: str = "62.0"
    ca_bundle: str = ""
    attempts: int = 6
    accounts_mapping: dict[str, Any] = Field(default_factory=dict)
    leads_mapping: dict[str, Any] = Field(default_factory=dict)
    _opened: "SalesforceClient | None" = PrivateAttr(default=None)

    @property
    def is_configured(self) -> bool:
        """Whether anything is to be read at all."""
        return bool(self.domain)

    def accounts(self) -> "SalesforceRecords | Unconfigured":
        """Accounts. Raises ConfigurationError for settings that cannot be used."""
        from pricing_lake.sources.salesforce import NAME, SalesforceAccounts
        from pricing_lake.sources.salesforce_fields import account_fields
        from pricing_lake.sources.unconfigured import Unconfigured

        if not self.is_configured:
            return Unconfigured(NAME, account_fields(self.accounts_mapping).schema)
        return SalesforceAccounts(self._client(), self.accounts_mapping)

    def leads(self) -> "SalesforceRecords | Unconfigured":
        """Leads. Raises ConfigurationError for settings that cannot be used."""
        from pricing_lake.sources.salesforce import NAME, SalesforceLeads
        from pricing_lake.sources.salesforce_fields import lead_fields
        from pricing_lake.sources.unconfigured import Unconfigured

        if not self.is_configured:
            return Unconfigured(NAME, lead_fields(self.leads_mapping).schema)
        return SalesforceLeads(self._client(), self.leads_mapping)

    def accounts_feed(self, calendar: PartitionWindow) -> "Feed":
        """Accounts as a feed of their table."""
        from pricing_lake.resources.change_feed import change_feed

        return change_feed(self.accounts(), calendar)

    def leads_feed(self, calendar: PartitionWindow) -> "Feed":
        """Leads as a feed of their table."""
        from pricing_lake.resources.change_feed import change_feed

        return change_feed(self.leads(), calendar)

    def _client(self) -> "SalesforceClient":
        """The same client throughout a run, so that its days and both objects share one login."""
        from pricing_lake.sources.salesforce_client import SalesforceClient, SalesforceOptions
        from pricing_lake.sources.salesforce_login import SalesforceAccess

        if self._opened is None:
            access = SalesforceAccess(
                domain=self.domain,
                client_id=self.client_id,
                client_secret="" if self.private_key_file else os.environ.get(CLIENT_SECRET, ""),
                username=self.username,
                private_key_file=self.private_key_file,
                api_version=self.api_version,
                ca_bundle=self.ca_bundle,
            )
            self._opened = SalesforceClient(access, SalesforceOptions(attempts=self.attempts))
        return self._opened
