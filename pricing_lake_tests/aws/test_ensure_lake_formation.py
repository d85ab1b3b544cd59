"""Tags and filters as they reach Lake Formation: what is asked for, what is stored, and nothing the second time."""

import os
from collections.abc import Iterator

import pytest

from pricing_lake.aws.account import Account
from pricing_lake.aws.ensure_lake_formation import ensure_lake_formation
from pricing_lake.aws.findings import Change, State, Step
from pricing_lake.contracts.all import TABLES, table_called
from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.errors import ConfigurationError
from pricing_lake_tests.aws import lake_formation_server as server
from pricing_lake_tests.aws.moto_server import environment
from pricing_lake_tests.infra.stage import ACCOUNT, NAMES

CUSTOMERS = table_called("bronze/raw_snowflake_customers")
FEW = (SALES_HISTORY, CUSTOMERS)


@pytest.fixture
def state(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[server.State]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(moto, "http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    tables = {(NAMES.database, table.name): {c.name for c in stored_columns(table)} for table in TABLES}
    state = server.State(tables)
    with server.running_lake_formation(state) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAKEFORMATION", url)
        yield state


def ensured(*tenants: str, tables: tuple = FEW) -> list[Step]:
    """Every step, each change applied before the next one is asked for."""
    done: list[Step] = []
    for step in ensure_lake_formation(Account("eu-west-1"), NAMES, tables, tenants):
        done.append(step)
        if isinstance(step, Change):
            step.apply()
    return done


def test_a_second_time_there_is_nothing_to_do(state: server.State) -> None:
    assert any(isinstance(step, Change) for step in ensured("acme", "bolt"))
    told = len(state.requests)
    assert {step.state for step in ensured("acme", "bolt")} == {State.OK}
    assert not [name for name, _ in state.requests[told:] if not name.startswith(("Get", "List"))]


def test_all_tables_of_the_lake_can_be_tagged_and_filtered(state: server.State) -> None:
    ensured("acme", tables=TABLES)
    assert {step.state for step in ensured("acme", tables=TABLES)} == {State.OK}
    assert len(state.on_table) == len(TABLES)


def test_tables_and_columns_carry_what_their_contracts_say(state: server.State) -> None:
    ensured()
    database = NAMES.database
    assert state.on_table[database, "sales_history"] == {"layer": "silver", "pii": "free_text", "tenant": "by_row"}
    assert state.on_column[database, "sales_history", "brand"] == {"pii": "none"}
    assert (database, "sales_history", "description") not in state.on_column
    assert state.on_table[database, "raw_snowflake_customers"]["pii"] == "direct"
    assert state.on_column[database, "raw_snowflake_customers", "customer_id"] == {"pii": "pseudonym"}


def test_a_tenant_s_filter_is_asked_for_word_by_word(state: server.State) -> None:
    ensured("acme", tables=(SALES_HISTORY,))
    (request,) = [body for name, body in state.requests if name == "CreateDataCellsFilter"]
    visible = [column.name for column in stored_columns(SALES_HISTORY) if column.name != "description"]
    assert request == {
        "TableData": {
            "TableCatalogId": ACCOUNT,
            "DatabaseName": NAMES.database,
            "TableName": "sales_history",
            "Name": "tenant_acme",
            "RowFilter": {"FilterExpression": "tenant_id = 'acme'"},
            "ColumnNames": visible,
        }
    }


def test_only_the_tenant_s_readers_may_select_through_it(state: server.State) -> None:
    ensured("acme", "bolt", tables=(SALES_HISTORY,))
    granted = {
        each["Resource"]["DataCellsFilter"]["Name"]: each["Principal"]["DataLakePrincipalIdentifier"]
        for each in state.permissions
    }
    assert granted == {
        f"tenant_{tenant}": f"arn:aws:iam::{ACCOUNT}:role/pricing-lake-dev-reader-{tenant}"
        for tenant in ("acme", "bolt")
    }
    assert {tuple(each["Permissions"]) for each in state.permissions} == {("SELECT",)}


def test_bronze_has_no_filter_for_anybody(state: server.State) -> None:
    ensured("acme", tables=(CUSTOMERS,))
    assert not state.filters


def test_a_filter_that_somebody_opened_is_closed_again(state: server.State) -> None:
    ensured("acme", tables=(SALES_HISTORY,))
    (key,) = state.filters
    state.filters[key]["RowFilter"] = {"FilterExpression": "true"}
    states = [step.state for step in ensured("acme", tables=(SALES_HISTORY,))]
    assert State.TO_MEND in states
    assert state.filters[key]["RowFilter"] == {"FilterExpression": "tenant_id = 'acme'"}


def test_a_tag_of_another_hand_gets_the_values_it_lacks_and_keeps_its_own(state: server.State) -> None:
    state.tags["layer"] = ["bronze", "landing"]
    ensured()
    assert state.tags["layer"] == ["bronze", "landing", "gold", "marts", "quality", "silver"]


def test_a_tag_that_is_refused_in_a_good_answer_is_told(state: server.State) -> None:
    steps = ensure_lake_formation(Account("eu-west-1"), NAMES, (SALES_HISTORY,), ())
    changes = [step for step in steps if isinstance(step, Change)]
    (tagging,) = [change for change in changes if change.name == "sales_history"]
    with pytest.raises(ConfigurationError, match="refuses the tags layer, pii, tenant"):
        tagging.apply()


def test_a_missing_right_is_told_without_the_names_in_aws_s_text(state: server.State) -> None:
    state.denied = True
    with pytest.raises(ConfigurationError) as refused:
        ensured()
    assert "lakeformation:GetLFTag is not allowed" in str(refused.value)
    assert "role/x" not in str(refused.value)


def test_a_tenant_that_could_break_out_of_the_expression_is_refused(state: server.State) -> None:
    with pytest.raises(ConfigurationError, match="is no tenant"):
        ensured("acme' OR '1'='1")
    assert not state.filters
