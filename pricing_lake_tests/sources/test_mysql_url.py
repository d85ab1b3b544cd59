"""MySQL URLs are understood whole or refused in one line that shows no part of them."""

import ssl

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.mysql_url import parse_url


def test_every_part_is_decoded() -> None:
    login = parse_url("mariadb://night%20job:p%40s%2Fs%3A%E2%82%AC@[::1]:3307/my%20shop")
    assert (login.user, login.password, login.host) == ("night job", "p@s/s:€".encode(), "::1")
    assert (login.port, login.database) == (3307, "my shop")
    assert login.address == "MariaDB at [::1]:3307/my shop"


def test_port_and_password_may_be_left_out() -> None:
    login = parse_url("mysql://reader@db.example/shop")
    assert (login.port, login.password) == (3306, b"")
    assert login.encryption.arguments() == {}


def test_the_password_is_in_no_representation() -> None:
    assert "Zq9" not in repr(parse_url("mysql://u:Zq9@h/d"))


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:Zq9@/shop",
        "mysql://u:Zq9@h",
        "mysql://u:Zq9@h/",
        "mysql://u:Zq9@h/a/b",
        "mysql://u:Zq9@h:port/shop",
        "mysql://u:Zq9@h:99999/shop",
        "mysql://u:Zq9/more@h/shop",
        "mysql://u:Zq9#more@h/shop",
        "mysql://u:Zq9?more@h/shop",
        "mysql://u:Zq9@more@h/shop",
        "mysql://h/shop",
        "mysql://:Zq9@h/shop",
        "mysql://u:Zq9@[::1/shop",
        "mysql://u:Zq9@h/shop#part",
    ],
)
def test_a_malformed_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="a MySQL URL is mysql://user:password@host:port/database") as refused:
        parse_url(url)
    assert "Zq9" not in f"{refused.value} {refused.value.__cause__}"
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("colour=blue", "'colour' cannot be used: options are ssl=true|false, "),
        ("ssl=perhaps", "'ssl' cannot be used"),
        ("ssl_verify=", "'ssl_verify' cannot be used"),
        ("ssl_ca=", "'ssl_ca' cannot be used"),
        ("ssl=false&ssl_verify=true", "says ssl=false beside other ssl options"),
        ("ssl_key=k.pem", "add ssl_cert"),
    ],
)
def test_a_wrong_option_is_named(query: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_url(f"mysql://u:Zq9@h/d?{query}")
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("query", "mode", "checks_name"),
    [
        ("ssl=true", ssl.CERT_NONE, False),
        ("ssl_verify=false", ssl.CERT_NONE, False),
        ("ssl_verify=ca", ssl.CERT_REQUIRED, False),
        ("ssl_verify=true", ssl.CERT_REQUIRED, True),
    ],
)
def test_what_is_checked_of_the_server(query: str, mode: ssl.VerifyMode, checks_name: bool) -> None:
    context = parse_url(f"mysql://u@h/d?{query}").encryption.arguments()["ssl"]
    assert (context.verify_mode, context.check_hostname) == (mode, checks_name)


def test_tls_can_be_forbidden() -> None:
    assert parse_url("mysql://u@h/d?ssl=false").encryption.arguments() == {"ssl_disabled": True}
