"""Reading SmartGo's sales from a web service: values as sent, faults outlived, contradictions told."""

import json
import logging
import socket
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake.sources.json_over_http import HttpOptions
from pricing_lake.sources.smartgo import ChangedDay, open_smartgo
from pricing_lake.sources.smartgo_mapping import COLUMNS, SmartGoMapping
from pricing_lake.sources.smartgo_rest import RestShop
from pricing_lake.sources.smartgo_rest_url import parse_rest_url, with_token
from pricing_lake.sources.window import Control, Source, Window
from pricing_lake_tests.sources.sales import DAY, SALE, counted
from pricing_lake_tests.sources.sales_service import SalesService, body, dripping, sale, serving, status

QUICK = HttpOptions(connect_timeout_seconds=1, read_timeout_seconds=1, attempts=4, backoff_seconds=0.01)
FIVE = [sale(number) for number in range(5)]
CANARY = "Zq9-not-to-be-seen"


@pytest.fixture
def service() -> Iterator[SalesService]:
    with serving(SalesService(sales=FIVE)) as service:
        yield service


def shop(service: SalesService, max_pages: int = 100, **columns: str | None) -> RestShop:
    return RestShop(parse_rest_url(service.url), SmartGoMapping(columns=columns), QUICK, max_pages)


def read_table(source: Source, window: Window = DAY) -> pa.Table:
    with source.read(window) as read:
        table = pa.Table.from_batches(read.batches, read.schema)
        assert table.num_rows == read.control.rows
    return table


def refusal(service: SalesService, error: type[PricingLakeError], **options: Any) -> str:
    """Return what a read is refused with: one line, without the token."""
    with pytest.raises(error) as refused:
        read_table(shop(service, **options))
    text = str(refused.value)
    assert "\n" not in text
    assert service.token not in f"{text} {refused.value.__cause__!r} {refused.value.__context__!r}"
    return text


class TestPages:
    def test_all_pages_of_the_window_arrive_in_batches(self, service: SalesService) -> None:
        with open_smartgo(service.url).read(DAY) as read:
            assert counted(read.control) == Control(5, None)
            batches = list(read.batches)
        assert [batch.num_rows for batch in batches] == [2, 2, 1]
        assert pa.Table.from_batches(batches)["sale_id"].to_pylist() == [f"s-{number}" for number in range(5)]
        window = {"sold_from": "2026-11-01T00:00:00Z", "sold_to": "2026-11-02T00:00:00Z"}
        assert service.asked == [window, window | {"cursor": "2"}, window | {"cursor": "4"}]

    def test_an_ordinary_sale_arrives_as_text_in_order(self, service: SalesService) -> None:
        table = read_table(shop(service))
        assert table.column_names == list(COLUMNS)
        assert set(table.schema.types) == {pa.string()}
        assert table.to_pylist()[0] == dict(SALE) | {"sale_id": "s-0", "quantity": "1"}

    def test_an_empty_window_has_a_schema_and_no_batches(self, service: SalesService) -> None:
        service.sales = []
        with shop(service).read(DAY) as read:
            assert read.schema.names == list(COLUMNS)
            assert counted(read.control) == Control(0, None)
            assert list(read.batches) == []

    def test_an_empty_page_between_others_is_no_batch(self, service: SalesService) -> None:
        window = {"next": "2", "total": 5}
        service.faults = [body(json.dumps({"sales": FIVE[:2]} | window).encode())]
        service.faults.append(body(json.dumps({"sales": []} | window | {"next": "02"}).encode()))
        with shop(service).read(DAY) as read:
            assert [batch.num_rows for batch in read.batches] == [2, 2, 1]

    def test_columns_and_endpoint_may_have_other_names(self, service: SalesService) -> None:
        service.sales = [{("amount" if name == "sold_price" else name): value for name, value in SALE.items()}]
        table = read_table(shop(service, sold_price="amount", brand=None))
        assert table["sold_price"].to_pylist() == ["12.50"]
        assert table["brand"].to_pylist() == [None]
        with pytest.raises(ConfigurationError, match="has no endpoint orders: correct SMARTGO_URL"):
            read_table(open_smartgo(service.url, SmartGoMapping("orders")))
        with pytest.raises(ConfigurationError, match=r"table shop\.sales must be one plain name"):
            open_smartgo(service.url, SmartGoMapping("shop.sales"))


class TestValues:
    @pytest.mark.parametrize(
        ("sent", "text"),
        [
            ("12.50", "12.50"),
            ("12.5000000000000000001", "12.5000000000000000001"),
            ("1E2", "1E2"),
            ("-0.0", "-0.0"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("9" * 5000, "9" * 5000),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
            ('"0012.50"', "0012.50"),
            ("true", "true"),
            ("null", None),
            ('{"amount": [1.50, "€"]}', '{"amount": ["1.50", "€"]}'),
            ('"Ærø 東京 🧥"', "Ærø 東京 🧥"),
            (r'"\ud83e\udde5 \ud83e!"', "🧥 \ufffd!"),
            (r'"nul\u0000"', "nul\0"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_each_is_the_text_that_was_sent(self, service: SalesService, sent: str, text: str | None) -> None:
        page = json.dumps({"sales": [sale(1, sold_price="HERE")], "next": None, "total": 1}).replace('"HERE"', sent)
        service.faults = [body(page.encode())]
        assert read_table(shop(service))["sold_price"].to_pylist() == [text]

    def test_a_field_that_one_sale_lacks_is_null_there(self, service: SalesService) -> None:
        service.sales = [sale(1), {"sale_id": "s-2", "unknown": 1}]
        assert read_table(shop(service))["brand"].to_pylist() == ["Aster", None]

    def test_a_field_that_all_lack_is_a_wrong_schema(self, service: SalesService) -> None:
        service.sales = [{name: value for name, value in SALE.items() if name != "deleted_at"}] * 2
        text = refusal(service, SourceSchemaError)
        assert "has a deleted_at; they have brand, category, " in text


class TestFaults:
    def test_passing_ones_are_outlived(self, service: SalesService) -> None:
        whole = json.dumps({"sales": FIVE[:2], "next": "2", "total": 5}).encode()
        cut = body(whole[:100], len(whole))
        service.faults = [status(503), cut, None, status(429, retry_after="0"), cut, None, status(500), status(502)]
        assert read_table(shop(service)).num_rows == 5
        assert len(service.asked) == 9

    @pytest.mark.parametrize(("wanted", "longest", "least"), [("1", 60, 1), ("3600", 1, 0.9)])
    def test_as_long_as_the_service_asks_for_but_not_for_ever(
        self, service: SalesService, wanted: str, longest: int, least: float
    ) -> None:
        service.faults = [status(429, retry_after=wanted)]
        options = HttpOptions(backoff_seconds=0.01, longest_pause_seconds=longest)
        started = time.monotonic()
        read_table(RestShop(parse_rest_url(service.url), SmartGoMapping(), options))
        assert least <= time.monotonic() - started < 30

    def test_faults_of_all_kinds_share_the_attempts(self, service: SalesService) -> None:
        service.faults = [status(503), body(b"{", 100)] * 4
        refusal(service, SourceUnavailableError)
        assert len(service.asked) == 4

    def test_a_body_that_drips(self, service: SalesService) -> None:
        service.faults = [dripping]
        options = HttpOptions(read_timeout_seconds=1, total_seconds=0.3)
        with pytest.raises(SourceUnavailableError, match=r"took longer than 0\.3 s: try again later"):
            read_table(RestShop(parse_rest_url(service.url), SmartGoMapping(), options))

    @pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
    def test_those_that_stay_may_pass_later(self, service: SalesService, code: int) -> None:
        service.faults = [status(code)] * 4
        assert f"/shop/sales answered {code} 4 times: try again later" in refusal(service, SourceUnavailableError)

    def test_a_body_that_is_always_cut_off(self, service: SalesService) -> None:
        service.faults = [body(b'{"sales": [', 1000)] * 9
        assert "cannot be read (ProtocolError): try again later" in refusal(service, SourceUnavailableError)
        assert len(service.asked) == 4

    def test_a_silent_service(self, service: SalesService) -> None:
        service.faults = [lambda _: time.sleep(1.5)] * 4
        options = HttpOptions(connect_timeout_seconds=1, read_timeout_seconds=0.1, attempts=2, backoff_seconds=0.01)
        source = RestShop(parse_rest_url(service.url), SmartGoMapping(), options)
        with pytest.raises(SourceUnavailableError, match=r"cannot be read \(ReadTimeoutError\)"):
            read_table(source)

    def test_a_refused_connection(self, service: SalesService) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            service.url = f"http://:{service.token}@127.0.0.1:{closed.getsockname()[1]}"
            assert "try again later" in refusal(service, SourceUnavailableError)

    @pytest.mark.parametrize(
        ("code", "says"),
        [(403, "correct SMARTGO_TOKEN"), (302, "put the final address"), (400, "answered 400"), (501, "answered 501")],
    )
    def test_lasting_ones_are_wrong_settings_and_not_tried_again(
        self, service: SalesService, code: int, says: str
    ) -> None:
        service.faults = [status(code, location="http://127.0.0.1:1/elsewhere")]
        assert says in refusal(service, ConfigurationError)
        assert len(service.asked) == 1

    def test_a_wrong_token(self, service: SalesService) -> None:
        service.url = service.url.replace(service.token, CANARY)
        text = refusal(service, ConfigurationError)
        assert "/shop/sales refuses the token (401): correct SMARTGO_TOKEN" in text
        assert CANARY not in text

    def test_a_page_beyond_all_measure(self, service: SalesService) -> None:
        source = RestShop(parse_rest_url(service.url), SmartGoMapping(), HttpOptions(max_bytes=500))
        with pytest.raises(SourceDataError, match="sent more than 500 bytes: ask for smaller pages"):
            read_table(source)


class TestContradictions:
    def test_a_repeated_cursor(self, service: SalesService) -> None:
        service.cursor, service.total = (lambda end: "2"), (lambda number: 1000)
        assert "repeated a cursor" in refusal(service, SourceDataError)
        assert len(service.asked) == 2

    @pytest.mark.parametrize(
        ("totals", "says"),
        [
            ((4, 4, 4), "said 4 sales and sent 5"),
            ((6, 6, 6), "said 6 sales and sent 5"),
            ((5, 5, 6), "said first 5, then 6 sales"),
        ],
    )
    def test_a_total_that_is_not_the_number_of_sales(
        self, service: SalesService, totals: tuple[int, ...], says: str
    ) -> None:
        service.total = lambda number: totals[number - 1]
        assert says in refusal(service, SourceDataError)

    def test_pages_without_end(self, service: SalesService) -> None:
        service.page_rows = 1
        assert "has more than 4 pages" in refusal(service, SourceDataError, max_pages=4)
        service.asked.clear()
        assert read_table(shop(service, max_pages=5)).num_rows == 5

    @pytest.mark.parametrize(
        "document",
        [
            "[]",
            '{"sales": [], "total": 0}',
            '{"sales": [], "next": null, "total": -1}',
            '{"sales": [], "next": null, "total": 1.5}',
            '{"sales": [], "next": null, "total": null}',
            '{"sales": {}, "next": null, "total": 0}',
            '{"sales": [1], "next": null, "total": 1}',
            '{"sales": [], "next": {"cursor": 1}, "total": 0}',
        ],
    )
    def test_a_document_that_is_no_page(self, service: SalesService, document: str) -> None:
        service.faults = [body(document.encode())]
        assert 'must answer {"sales": [' in refusal(service, SourceDataError)

    @pytest.mark.parametrize(
        "text", [b"<html>", b"", b'{"sales": ["\xff"]}', b"[" * 100_000], ids=["html", "", "bytes", "deep"]
    )
    def test_a_body_that_is_no_json(self, service: SalesService, text: bytes) -> None:
        service.faults = [body(text)]
        assert "did not answer with JSON" in refusal(service, SourceDataError)


class TestChangedDays:
    SINCE = datetime(2026, 11, 5, 6, tzinfo=UTC)

    def test_the_service_tells_them(self, service: SalesService) -> None:
        changed = shop(service).changed_days(self.SINCE, self.SINCE + timedelta(days=1))
        assert changed == [ChangedDay(date(2026, 10, 31), 3), ChangedDay(date(2026, 11, 2), 1)]
        assert service.asked == [{"since": "2026-11-05T06:00:00Z", "until": "2026-11-06T06:00:00Z"}]

    def test_a_service_that_cannot_tell(self, service: SalesService) -> None:
        service.faults = [status(404)]
        with pytest.raises(ConfigurationError, match="has no endpoint sales/changed-days: the shop cannot tell"):
            shop(service).changed_days(self.SINCE, self.SINCE + timedelta(days=1))

    @pytest.mark.parametrize(
        "document", ["[]", '{"days": null}', '{"days": [{"day": "x", "rows": 1}]}', '{"days": [{"day": "2026-11-01"}]}']
    )
    def test_a_document_of_another_form(self, service: SalesService, document: str) -> None:
        service.faults = [body(document.encode())]
        with pytest.raises(SourceDataError, match=r'must answer \{"days": '):
            shop(service).changed_days(self.SINCE, self.SINCE + timedelta(days=1))


class TestProbe:
    def test_it_tells_what_answers(self, service: SalesService) -> None:
        facts = shop(service).probe()
        assert facts.dialect == "rest"
        assert facts.server_version.startswith("sales-service/1.0")
        assert 0 <= facts.latency_seconds < 1
        assert abs(facts.clock_skew_seconds) < 2
        assert facts.table_rows_estimate is None
        assert facts.missing_columns == ()

    def test_missing_columns_are_reported(self, service: SalesService) -> None:
        assert shop(service, brand="maker").probe().missing_columns == ("maker",)

    def test_a_service_without_a_clock_has_an_unknown_skew(self, service: SalesService) -> None:
        def bare(handler: Any) -> None:
            handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{"sales": [], "next": null,"total": 0}')

        service.faults = [bare]
        facts = shop(service).probe()
        assert facts.clock_skew_seconds != facts.clock_skew_seconds
        assert facts.server_version == "unknown"


class TestUrl:
    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("https://shop.example", "https://shop.example"),
            ("https://shop.example:8443/api/v2/", "https://shop.example:8443/api/v2"),
            ("http://localhost:8000/api", "http://localhost:8000/api"),
            ("http://127.0.0.9/", "http://127.0.0.9"),
            ("http://[::1]:80/api", "http://[::1]:80/api"),
            ("http://shop.internal/api?allow_http=true", "http://shop.internal/api"),
        ],
    )
    def test_an_address_is_what_may_be_shown(self, url: str, address: str) -> None:
        login = parse_rest_url(with_token(url, CANARY))
        assert (login.address, login.token) == (address, CANARY)
        assert parse_rest_url(url).token is None
        assert CANARY not in repr(login)

    @pytest.mark.parametrize("token", ["a/b@c:d", "p%40", "~!#$&'()*+,;=?[]"])
    def test_a_token_of_any_characters_comes_back(self, token: str) -> None:
        assert parse_rest_url(with_token("https://h/api", token)).token == token

    @pytest.mark.parametrize("token", ["two\nlines", "Ærø", "a b", "nul\0"])
    def test_a_token_that_no_header_can_carry(self, token: str) -> None:
        with pytest.raises(ConfigurationError, match="characters that no header can carry") as refused:
            parse_rest_url(with_token("https://h/api", token))
        assert token not in str(refused.value)

    @pytest.mark.parametrize(
        "url",
        [
            f"https://{CANARY}@h/api",
            f"https://user:{CANARY}@h/api",
            f"https://h/api?token={CANARY}",
            f"https://h/api#{CANARY}",
            f"https://:{CANARY}@more@h/api",
            f"https://:{CANARY}@",
            f"https://:{CANARY}@h:port",
            "https://",
            "http://h/api?allow_http=yes",
        ],
    )
    def test_any_other_form_is_refused_without_showing_it(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match="a SmartGo service's URL is https://host") as refused:
            open_smartgo(url)
        assert CANARY not in str(refused.value)

    @pytest.mark.parametrize("host", ["shop.internal", "10.0.0.7", "127.0.0.1.example.com", "localhost.example.com"])
    def test_plain_http_to_elsewhere_must_be_asked_for(self, host: str) -> None:
        with pytest.raises(ConfigurationError, match=r"use https://, or add \?allow_http=true"):
            open_smartgo(f"http://:{CANARY}@{host}/api")

    def test_a_second_token_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="no user"):
            with_token("https://:one@h", "two")


def test_the_token_is_in_no_log(service: SalesService, caplog: pytest.LogCaptureFixture) -> None:
    service.faults = [status(503), body(b"{", 100)]
    with caplog.at_level(logging.DEBUG):
        source = shop(service)
        read_table(source)
        logging.getLogger("test").debug("%r %r", source, vars(source))
    assert "GET /shop/sales?sold_from=" in caplog.text
    assert service.token not in caplog.text
