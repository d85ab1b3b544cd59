"""Saved queries through PyAthena: what is sent, what comes back, what it cost, and what is said when it fails."""

import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlglot import exp, parse_one

from pricing_lake.aws.athena import Athena, AthenaAnswer
from pricing_lake.aws.athena_parameters import bound, literal, with_defaults
from pricing_lake.aws.ensure import ensure_steps
from pricing_lake.aws.findings import Change
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.engines.parameters import bind
from pricing_lake.errors import ConfigurationError, PricingLakeError, QueryError, SourceUnavailableError
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.queries.saved import Moment, SavedQuery, parse_query, saved_queries
from pricing_lake_tests.aws.athena_values import with_values
from pricing_lake_tests.aws.stage.conftest import Dev
from pricing_lake_tests.lake.conftest import day, sales

MARCH = {"period_start": "2026-03-01", "period_end": "2026-04-01"}


@pytest.fixture
def sold(dev: Dev) -> Dev:
    """A stage with two days of sales."""
    for _, steps in ensure_steps(dev.account, dev.wanted()):
        for step in steps:
            if isinstance(step, Change):
                step.apply()
    publish(dev.lake(), SALES_HISTORY, [day(1), day(2)], lambda window: Candidate(sales(window, 24)), "run")
    return dev


def asked(dev: Dev) -> Athena:
    return Athena(dev.account, dev.names, poll_seconds=0.01)


def in_order(rows: pa.Table) -> list[tuple[object, ...]]:
    return sorted((tuple(row.values()) for row in rows.to_pylist()), key=repr)


@pytest.mark.parametrize("name", ["brand_performance", "monthly_sales_trend", "price_distribution", "comparables"])
def test_athena_is_asked_the_same_text_and_gives_the_same_rows(sold: Dev, name: str) -> None:
    """The wire carries `?` and values; names, types and rows come back as the local engine gives them."""
    query = saved_queries()[name]
    values = query.bind(MARCH, day(3).first_day)
    answer = asked(sold).ask(query.sql, values)
    table = {"sales_history": sold.lake().table(SALES_HISTORY)}
    here = DuckDbEngine().run(query.sql, table, values).read_all()
    assert answer.rows.column_names == here.column_names
    assert answer.rows.num_rows > 0
    assert in_order(answer.rows) == in_order(here)
    sent = next(body for operation, body in sold.athena.requests if operation == "StartQueryExecution")
    assert sent["ExecutionParameters"]
    assert "2026-03-01" not in sent["QueryString"] or name in ("comparables", "monthly_sales_trend")
    assert sent["WorkGroup"] == "pricing-lake-dev"
    assert sent["QueryExecutionContext"]["Database"] == sold.names.database
    assert answer.bytes_scanned > 0


@pytest.mark.parametrize("query", saved_queries().values(), ids=lambda query: query.name)
def test_every_saved_query_can_be_bound_as_athena_demands(query: SavedQuery) -> None:
    """As many values as question marks, in their order, and none outside a WHERE."""
    marked = {name: f"<{name}>" for name in query.parameters}
    text = bound(query.sql, marked)
    filled = parse_one(with_values(text.sql, text.values), read="athena")
    here = parse_one(query.sql, read="athena")
    bind(here, marked)
    assert filled.sql("athena") == here.sql("athena")
    assert list(parse_one(with_defaults(query), read="athena").find_all(exp.Placeholder)) == []


@pytest.mark.parametrize("moment", Moment)
def test_a_moment_means_the_same_in_athenas_console(moment: Moment) -> None:
    """As of a day of March, whose month before is the shorter one."""
    query = parse_query("q", f"-- question: when?\n-- reads: t\n-- param at: {moment} — then\n\nSELECT :at AS then")
    text = with_defaults(query).replace("current_date", "DATE '2026-03-31'")
    ((then,),) = (row.values() for row in DuckDbEngine().run(text, {}, {}).read_all().to_pylist())
    assert then == moment.on(date(2026, 3, 31))


def test_a_value_cannot_leave_its_place() -> None:
    text = bound(
        "SELECT x FROM t WHERE y = :who AND z > :what", {"who": "o'neil' OR 1 = 1 --", "what": Decimal("1.50")}
    )
    assert text.sql == "SELECT x FROM t WHERE y = ? AND z > ?"
    assert text.values == ("'o''neil'' OR 1 = 1 --'", "CAST('1.50' AS DECIMAL(3, 2))")


def test_what_stands_in_strings_and_comments_is_no_parameter() -> None:
    text = bound("SELECT ':a' AS x -- :b\nFROM t /* :c */ WHERE y = :d", {"d": 1})
    assert (text.sql, text.values) == ("SELECT ':a' AS x -- :b\nFROM t /* :c */ WHERE y = ?", ("1",))


def test_outside_where_a_value_is_a_typed_literal_and_null_always_is() -> None:
    text = bound(
        "SELECT :d AS d FROM (SELECT * FROM t WHERE a = :n AND b IN (SELECT :d FROM u WHERE c = :d)) GROUP BY 1",
        {"d": datetime(2026, 3, 1), "n": None},
    )
    moment = "CAST('2026-03-01 00:00:00' AS TIMESTAMP(6))"
    assert text.sql == (
        f"SELECT {moment} AS d FROM (SELECT * FROM t WHERE a = NULL AND b IN (SELECT {moment} FROM u WHERE c = ?)) "
        "GROUP BY 1"
    )
    assert text.values == (moment,)
    assert literal(True) == "TRUE"


@pytest.mark.parametrize(
    ("params", "told"),
    [({}, "y is missing: the query asks for y"), ({"y": 1, "z": 2}, "z is unknown"), ({"y": object()}, "is a object")],
)
def test_parameters_that_do_not_fit_are_told_before_anything_is_sent(params: dict[str, object], told: str) -> None:
    with pytest.raises(QueryError, match=told):
        bound("SELECT 1 FROM t WHERE x = :y", params)


def test_many_rows_come_in_pages_and_every_type_comes_back(sold: Dev) -> None:
    sold.athena.page = 10
    sql = "SELECT sale_id, sold_price, sold_date, embedding, brand, _ingest_ts, _run_date FROM sales_history"
    rows = asked(sold).ask(sql, {}).rows
    here = DuckDbEngine().run(sql, {"sales_history": sold.lake().table(SALES_HISTORY)}, {}).read_all()
    assert in_order(rows) == in_order(here)
    assert rows.schema.field("sold_price").type == pa.decimal128(10, 2)
    pages = [body for operation, body in sold.athena.requests if operation == "GetQueryResults"]
    assert len(pages) > 4


def failure(dev: Dev, sql: str = "SELECT count(*) AS n FROM sales_history") -> PricingLakeError:
    with pytest.raises(PricingLakeError) as refused:
        asked(dev).ask(sql, {})
    assert "\n" not in str(refused.value)
    return refused.value


def test_a_query_that_athena_cannot_run_is_told_with_its_reason(sold: Dev) -> None:
    error = failure(sold, "SELECT nothing FROM sales_history")
    assert isinstance(error, QueryError)
    assert str(error).startswith("Athena did not run the query: SYNTAX_ERROR: ")


def test_a_query_over_the_workgroups_limit_is_stopped_and_told(sold: Dev) -> None:
    sold.athena.workgroups["pricing-lake-dev"]["Configuration"]["BytesScannedCutoffPerQuery"] = 1
    assert "Bytes scanned limit was exceeded" in str(failure(sold, "SELECT sale_id FROM sales_history"))


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("ExpiredTokenException", ConfigurationError, "have expired"),
        ("AccessDeniedException", ConfigurationError, "athena:StartQueryExecution is not allowed"),
        ("UnrecognizedClientException", ConfigurationError, "does not know these credentials"),
        ("InvalidRequestException", QueryError, "did not run the query"),
    ],
)
def test_what_lies_around_the_query_is_told_apart(sold: Dev, code: str, kind: type[Exception], told: str) -> None:
    sold.athena.refuse = (code, "User: arn:aws:iam::123456789012:user/someone")
    error = failure(sold)
    assert isinstance(error, kind)
    assert told in str(error)
    assert kind is QueryError or "arn:" not in str(error)


def test_an_athena_that_is_not_there_is_told_as_passing(sold: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ATHENA", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert isinstance(failure(sold), SourceUnavailableError)


def test_ten_megabytes_are_billed_at_least() -> None:
    rows = pa.table({})
    assert AthenaAnswer(rows, "q", 1, 1).cost(Decimal(5)) == Decimal("0.00005")
    assert AthenaAnswer(rows, "q", 2_000_000_000_000, 1).cost(Decimal("6.75")) == Decimal("13.50")


def test_the_command_asks_athena_and_says_what_it_cost(sold: Dev) -> None:
    told = sold.type(
        "query", "brand_performance", "--stage", "dev", "--month", "2026-03", "--format", "json",
        PRICING_LAKE_ATHENA_PRICE_PER_TB="6.75",
    )  # fmt: skip
    assert told.exit_code == 0, told.stderr
    rows = json.loads(told.stdout)
    assert {row["month"] for row in rows} == {"2026-03-01"}
    assert "on Athena, about $0.00006" in told.stderr
    assert "at $6.75 a TB" in told.stderr


def test_the_stage_can_be_set_once_for_all(sold: Dev) -> None:
    told = sold.type("query", "brand_performance", "--month", "2026-03", PRICING_LAKE_STAGE="dev")
    assert told.exit_code == 0, told.stderr
    assert "on Athena" in told.stderr
