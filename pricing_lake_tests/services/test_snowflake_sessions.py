"""Snowflake sessions: known by key, tagged and timed; every refusal one line that shows no secret and no value."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake_tests.services.snowflake_server import SnowflakeServer, new_key, running_snowflake
from pricing_lake_tests.services.snowflake_shop import DAY, SnowflakeShop
from pricing_lake_tests.services.snowflake_wire import LOGIN_FAILURE

pytestmark = pytest.mark.services

PASSPHRASE = "Zq9-not-to-be-seen"  # noqa: S105 - what no message may show
VALUE = "Ada Lovelace"


@pytest.fixture(scope="module")
def server() -> Iterator[SnowflakeServer]:
    with running_snowflake() as server:
        yield server


@pytest.fixture
def shop(server: SnowflakeServer) -> SnowflakeShop:
    shop = SnowflakeShop(server)
    shop.add_order()
    return shop


def refusal(shop: SnowflakeShop, error: type[PricingLakeError], table: str = "ORDERS", **account: Any) -> str:
    """Return what reading is refused with: one line without key, passphrase and values, and no cause that has them."""
    with pytest.raises(error) as refused, shop.orders(table, **account).read(DAY):
        pass
    text = str(refused.value)
    assert "\n" not in text
    assert not any(secret in text for secret in (PASSPHRASE, "PRIVATE KEY-", VALUE))
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    return text


class TestSession:
    def test_it_is_tagged_timed_and_in_utc(self, server: SnowflakeServer, shop: SnowflakeShop) -> None:
        with shop.orders(statement_timeout_seconds=7).read(DAY) as read:
            assert read.control.rows == 1
        parameters = server.seen()["logins"][-1]["parameters"]
        assert parameters["QUERY_TAG"] == "pricing_lake:raw_snowflake_orders"
        assert (parameters["STATEMENT_TIMEOUT_IN_SECONDS"], parameters["TIMEZONE"]) == ("7", "UTC")
        assert parameters["STATEMENT_QUEUED_TIMEOUT_IN_SECONDS"] == "7"

    def test_an_encrypted_key_lets_in(self) -> None:
        with running_snowflake(PASSPHRASE) as other:
            shop = SnowflakeShop(other)
            assert shop.orders().now()
            assert "cannot be used" in refusal(shop, ConfigurationError, passphrase=VALUE)

    def test_a_session_is_gone_after_its_read(self, server: SnowflakeServer, shop: SnowflakeShop) -> None:
        for _ in range(3):
            with shop.orders().read(DAY) as read:
                next(read.batches)
        assert server.seen()["open"] == 0


class TestLogin:
    def test_a_wrong_account(self, shop: SnowflakeShop) -> None:
        assert "correct SNOWFLAKE_ACCOUNT" in refusal(shop, ConfigurationError, account="ELSEWHERE")

    def test_a_wrong_key(self, shop: SnowflakeShop) -> None:
        text = refusal(shop, ConfigurationError, private_key=new_key()[0])
        assert "RSA_PUBLIC_KEY" in text
        assert LOGIN_FAILURE in text

    def test_a_wrong_user(self, shop: SnowflakeShop) -> None:
        assert "correct SNOWFLAKE_USER" in refusal(shop, ConfigurationError, user="SOMEBODY")

    def test_a_wrong_role(self, shop: SnowflakeShop) -> None:
        assert "correct SNOWFLAKE_ROLE" in refusal(shop, ConfigurationError, role="OWNER")

    def test_a_wrong_database(self, shop: SnowflakeShop) -> None:
        assert "correct SNOWFLAKE_DATABASE" in refusal(shop, ConfigurationError, database="ELSEWHERE")

    def test_a_refused_connection_is_transient_and_quick(self, shop: SnowflakeShop) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            started = time.monotonic()
            text = refusal(shop, SourceUnavailableError, port=closed.getsockname()[1], login_timeout_seconds=2)
        assert "try again later" in text
        assert time.monotonic() - started < 20

    def test_a_silent_server_is_given_up(self, shop: SnowflakeShop) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            started = time.monotonic()
            refusal(
                shop,
                SourceUnavailableError,
                port=silent.getsockname()[1],
                login_timeout_seconds=2,
                answer_timeout_seconds=1,
            )
        assert time.monotonic() - started < 60


class TestStatements:
    def test_a_wrong_table(self, shop: SnowflakeShop) -> None:
        assert "grant SELECT" in refusal(shop, SourceSchemaError, "NOWHERE")

    @pytest.mark.parametrize(
        ("code", "state", "error"),
        [
            ("003001", "42501", ConfigurationError),
            ("000606", "57P03", ConfigurationError),
            ("000630", "57014", SourceUnavailableError),
            ("390114", "08001", SourceUnavailableError),
            ("100038", "22018", SourceDataError),
        ],
    )
    def test_what_the_server_says_is_told_by_its_code(
        self, server: SnowflakeServer, shop: SnowflakeShop, code: str, state: str, error: type[PricingLakeError]
    ) -> None:
        text = f"Numeric value '{VALUE}' is not recognized"
        with server.told(error={"code": code, "state": state, "text": text}):
            assert code in refusal(shop, error)

    def test_an_answer_that_does_not_come_is_transient(self, server: SnowflakeServer, shop: SnowflakeShop) -> None:
        started = time.monotonic()
        with server.told(slow_seconds=6):
            refusal(shop, SourceUnavailableError, answer_timeout_seconds=1, login_timeout_seconds=2)
        assert time.monotonic() - started < 30
