"""An account is whole and known by a key, or it is refused in one line that names the setting and shows no secret."""

from pathlib import Path
from typing import Any

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.snowflake_account import SnowflakeAccount
from pricing_lake_tests.services.snowflake_server import new_key

PASSPHRASE = "Zq9-not-to-be-seen"  # noqa: S105 - what no message may show
PLAIN, _ = new_key()
ENCRYPTED, _ = new_key(PASSPHRASE)


def account(**changes: Any) -> SnowflakeAccount:
    settings: dict[str, Any] = {"account": "shop-lake", "user": "LAKE", "private_key": PLAIN, "database": "SHOP"}
    return SnowflakeAccount(**settings | changes)


def refusal(**changes: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        account(**changes).driver_options("test")
    text = str(refused.value)
    assert "\n" not in text
    assert PASSPHRASE not in text
    assert "PRIVATE KEY--" not in text
    return text


def test_login_is_by_key_and_never_by_password() -> None:
    options = account().driver_options("raw_snowflake_orders")
    assert options["adbc.snowflake.sql.auth_type"] == "auth_jwt"
    assert options["adbc.snowflake.sql.client_option.jwt_private_key_pkcs8_value"] == PLAIN.strip()
    assert "password" not in options


def test_every_session_is_tagged_timed_and_in_utc() -> None:
    options = account(statement_timeout_seconds=7).driver_options("raw_snowflake_orders")
    assert options["QUERY_TAG"] == "pricing_lake:raw_snowflake_orders"
    assert (options["STATEMENT_TIMEOUT_IN_SECONDS"], options["STATEMENT_QUEUED_TIMEOUT_IN_SECONDS"]) == ("7", "7")
    assert options["TIMEZONE"] == "UTC"


def test_empty_settings_are_left_to_the_users_defaults() -> None:
    options = account().driver_options("test")
    assert not any(name.endswith((".role", ".warehouse", ".host", "_password")) for name in options)
    assert account(role="READER").driver_options("test")["adbc.snowflake.sql.role"] == "READER"


def test_the_key_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.p8"
    path.write_text(PLAIN)
    options = account(private_key=str(path)).driver_options("test")
    assert options["adbc.snowflake.sql.client_option.jwt_private_key_pkcs8_value"] == PLAIN.strip()


def test_an_encrypted_key_goes_on_with_its_passphrase() -> None:
    options = account(private_key=ENCRYPTED, passphrase=PASSPHRASE).driver_options("test")
    assert options["adbc.snowflake.sql.client_option.jwt_private_key_pkcs8_password"] == PASSPHRASE


def test_nothing_secret_is_shown() -> None:
    shown = repr(account(private_key=ENCRYPTED, passphrase=PASSPHRASE))
    assert PASSPHRASE not in shown
    assert "PRIVATE KEY" not in shown


@pytest.mark.parametrize("name", ["user", "private_key", "database", "schema"])
def test_what_is_missing_is_named(name: str) -> None:
    assert f"SNOWFLAKE_{name.upper()}" in refusal(**{name: ""})


@pytest.mark.parametrize("written", ["https://shop.snowflakecomputing.com", "shop/lake", "shop lake", "-shop"])
def test_an_account_is_no_address(written: str) -> None:
    assert "SNOWFLAKE_ACCOUNT" in refusal(account=written)


def test_without_tls_only_this_machine_is_read() -> None:
    assert "SNOWFLAKE_PROTOCOL" in refusal(protocol="http", host="shop.example.com")
    assert "SNOWFLAKE_PROTOCOL" in refusal(protocol="http")
    assert account(protocol="http", host="127.0.0.1").driver_options("test")


@pytest.mark.parametrize("field", ["login_timeout_seconds", "answer_timeout_seconds", "statement_timeout_seconds"])
def test_a_timeout_is_at_least_a_second(field: str) -> None:
    assert "timeouts" in refusal(**{field: 0})


class TestKeysThatCannotBeUsed:
    def test_a_path_where_no_key_is(self, tmp_path: Path) -> None:
        assert "readable file" in refusal(private_key=str(tmp_path / "none.p8"))

    def test_a_folder(self, tmp_path: Path) -> None:
        assert "readable file" in refusal(private_key=str(tmp_path))

    def test_a_key_of_another_form(self) -> None:
        old = PLAIN.replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE").replace("END PRIVATE", "END RSA PRIVATE")
        assert "openssl pkcs8 -topk8" in refusal(private_key=old)

    def test_a_public_key(self) -> None:
        assert "PKCS #8" in refusal(private_key=new_key()[1])

    def test_an_encrypted_key_without_its_passphrase(self) -> None:
        assert "set SNOWFLAKE_PRIVATE_KEY_PASSPHRASE" in refusal(private_key=ENCRYPTED)

    def test_a_passphrase_for_a_plain_key(self) -> None:
        assert "leave SNOWFLAKE_PRIVATE_KEY_PASSPHRASE empty" in refusal(passphrase=PASSPHRASE)
