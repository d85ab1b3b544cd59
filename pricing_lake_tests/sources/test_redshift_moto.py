"""The Data API as moto has it: a second server's idea of the protocol, for asking, waiting, cancelling and results.

moto runs no SQL, knows no batch and no token, and a statement of its stays STARTED: what is read is shown elsewhere.
"""

import threading
import time
from typing import Any

import pytest

from pricing_lake.errors import ConfigurationError, SourceUnavailableError
from pricing_lake.sources.redshift_statements import Patience, Statements, Warehouse, data_api_client
from pricing_lake_tests.sources.carousel_shop import REGION, endpoint

STREETS = [(10, "Alpha st", "Vancouver"), (50, "Beta st", "Toronto"), (100, "Gamma av", "Seattle")]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    warehouse = Warehouse("analytics", cluster="shop", db_user="reader")
    return Statements(data_api_client(REGION, endpoint()), warehouse, Patience(1, 0.05, 0.1))


def test_a_statement_that_does_not_end_is_waited_for_until_the_deadline(statements: Statements) -> None:
    started = time.monotonic()
    with pytest.raises(SourceUnavailableError, match="Redshift shop/analytics has not finished after 1 s"):
        statements.answer("SELECT 1")
    assert 1 <= time.monotonic() - started < 30


def test_a_statement_that_somebody_cancels_is_told_as_such(statements: Statements) -> None:
    asked: list[dict[str, Any]] = []
    statements.client.meta.events.register(
        "after-call.redshift-data.ExecuteStatement", lambda parsed, **_: asked.append(parsed)
    )

    def cancel() -> None:
        while not asked:
            time.sleep(0.05)
        data_api_client(REGION, endpoint()).cancel_statement(Id=asked[0]["Id"])

    helper = threading.Thread(target=cancel)
    helper.start()
    with pytest.raises(SourceUnavailableError, match="stopped the statement: see who cancelled it, or try again"):
        statements.answer("SELECT 1", {"name": "value"})
    helper.join()
    [told] = asked
    described = statements.client.describe_statement(Id=told["Id"])
    assert (described["DbUser"], described["QueryString"], described["QueryParameters"]) == (
        "reader",
        "SELECT 1",
        [{"name": "name", "value": "value"}],
    )


def test_results_are_read_by_type(statements: Statements) -> None:
    asked = statements.client.execute_statement(Sql="SELECT 1", **statements.warehouse.arguments)
    assert statements._rows(asked["Id"]) == STREETS


def test_a_statement_that_is_not_there_is_a_refusal_that_is_not_retried(statements: Statements) -> None:
    with pytest.raises(ConfigurationError, match=r"refuses the request \(ResourceNotFoundException\)"):
        statements._rows("00000000-0000-0000-0000-000000000000")
