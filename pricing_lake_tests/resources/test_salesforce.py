"""Salesforce as a resource: which settings become which client, and what switched off means."""

from collections.abc import Callable
from datetime import date

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.salesforce import SalesforceResource
from pricing_lake.sources.salesforce import SalesforceAccounts, SalesforceLeads, SalesforceRecords
from pricing_lake.sources.salesforce_login import SalesforceAccess
from pricing_lake.sources.unconfigured import Unconfigured
from pricing_lake.sources.window import Window

HOST = "acme.my.salesforce.com"


def access_of(source: object) -> SalesforceAccess:
    assert isinstance(source, SalesforceRecords)
    return source._client.access


def test_both_objects_share_one_client_for_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "s")
    resource = SalesforceResource(domain=HOST, client_id="c")
    accounts, leads = resource.accounts(), resource.leads()
    assert isinstance(accounts, SalesforceAccounts)
    assert isinstance(leads, SalesforceLeads)
    assert accounts._client is leads._client
    assert access_of(accounts) == SalesforceAccess(HOST, "c", "s")


def test_a_private_key_is_used_in_place_of_a_secret_that_happens_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "s")
    resource = SalesforceResource(domain=HOST, client_id="c", username="u", private_key_file=__file__)
    access = access_of(resource.accounts())
    assert (access.client_secret, access.private_key_file) == ("", __file__)


def test_without_secret_and_key_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALESFORCE_CLIENT_SECRET", raising=False)
    with pytest.raises(ConfigurationError, match="set either SALESFORCE_CLIENT_SECRET or SALESFORCE_PRIVATE_KEY_FILE"):
        SalesforceResource(domain=HOST, client_id="c").accounts()


@pytest.mark.parametrize("opened", [SalesforceResource.accounts, SalesforceResource.leads])
def test_switched_off_every_window_is_empty(opened: Callable[[SalesforceResource], object]) -> None:
    source = opened(SalesforceResource())
    assert isinstance(source, Unconfigured)
    with source.read(Window.of_day(date(2026, 3, 1))) as read:
        assert (read.control.rows, list(read.batches)) == (0, [])


def test_a_mapping_of_the_wrong_kind_is_told_as_the_lake_tells_it() -> None:
    with pytest.raises(ConfigurationError, match=r"fix \[salesforce_leads_mapping\]: email is mapped to 7"):
        SalesforceResource(leads_mapping={"email": 7}).leads()
