"""A connection kept as JSON becomes the URL that says the same, or one line that names every wrong field."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.adbc_postgresql import postgres_database
from pricing_lake.sources.mysql_url import parse_url
from pricing_lake.sources.smartgo_config import smartgo_url_from_config

PASSWORD = "Zq9-p@ss/w:rd€%"  # noqa: S105 - what no message may show
SOUND: dict[str, Any] = {
    "engine": "mysql",
    "host": "db.example",
    "database": "shop",
    "user": "reader",
    "password": PASSWORD,
}


def url_of(**changes: Any) -> str:
    return smartgo_url_from_config(json.dumps(SOUND | changes))[0]


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        smartgo_url_from_config(text)
    shown = f"{refused.value} {refused.value.__cause__!r}"
    assert PASSWORD[:3] not in shown
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "mysql://reader:Zq9-p%40ss%2Fw%3Ard%E2%82%AC%25@db.example:3306/shop"),
        ({"engine": "mariadb", "port": 3307, "password": "p"}, "mariadb://reader:p@db.example:3307/shop"),
        ({"engine": "postgresql", "password": "p"}, "postgresql://reader:p@db.example:5432/shop"),
        ({"engine": "postgresql", "password": "p", "host": "::1"}, "postgresql://reader:p@[::1]:5432/shop"),
        (
            {"engine": "postgresql", "password": "p", "sslmode": "verify-full", "sslrootcert": "/etc/ca 1.pem"},
            "postgresql://reader:p@db.example:5432/shop?sslmode=verify-full&sslrootcert=%2Fetc%2Fca%201.pem",
        ),
        ({"password": "p", "sslmode": "disable"}, "mysql://reader:p@db.example:3306/shop?ssl=false"),
        ({"password": "p", "sslmode": "require"}, "mysql://reader:p@db.example:3306/shop?ssl=true&ssl_verify=false"),
        (
            {"password": "p", "sslmode": "verify-full", "sslrootcert": "ca.pem"},
            "mysql://reader:p@db.example:3306/shop?ssl_verify=true&ssl_ca=ca.pem",
        ),
    ],
)
def test_it_becomes_the_url_of_its_engine(changes: dict[str, Any], url: str) -> None:
    assert url_of(**changes) == url


@pytest.mark.parametrize("sslmode", ["disable", "prefer", "require", "verify-ca", "verify-full"])
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_every_mode_is_understood_by_its_engine(engine: str, sslmode: str) -> None:
    url = url_of(engine=engine, sslmode=sslmode)
    (parse_url if engine == "mysql" else lambda text: postgres_database(text, ReadOptions()))(url)


PRINTABLE = st.text(min_size=1, max_size=20).filter(str.isprintable)


@given(user=PRINTABLE, password=PRINTABLE, database=PRINTABLE.filter(lambda name: "/" not in name))
def test_any_printable_text_comes_back_from_the_url(user: str, password: str, database: str) -> None:
    url = url_of(user=user, password=password, database=database)
    login = parse_url(url)
    assert (login.user, login.password, login.database) == (user, password.encode(), database)
    parts = urlsplit(url_of(engine="postgresql", user=user, password=password, database=database))
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (user, password)


def test_the_mapping_is_handed_on() -> None:
    mapping = {"table": "orders", "columns": {"sold_at": "paid_on", "brand": None}}
    assert smartgo_url_from_config(json.dumps(SOUND | {"mapping": mapping}))[1] == mapping
    assert smartgo_url_from_config(json.dumps(SOUND))[1] == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"engine": "oracle"}, "engine must be one of postgresql, mysql, mariadb"),
        ({"engine": ["mysql"]}, "engine must be one of"),
        ({"host": "db.example/x"}, "host must be a host name"),
        ({"host": "db@example"}, "host must be a host name"),
        ({"host": "db.example\n"}, "host must be a host name"),
        ({"host": ""}, "host must be a host name"),
        ({"port": "3306"}, "port must be a whole number"),
        ({"port": True}, "port must be a whole number"),
        ({"port": 0}, "port must be a whole number"),
        ({"database": "a/b"}, "database must be"),
        ({"user": None}, "user must be"),
        ({"password": ""}, "password must be"),
        ({"password": 7}, "password must be"),
        ({"password": f"{PASSWORD}\ud800"}, "password must be text that can be printed"),
        ({"sslmode": "yes"}, "sslmode must be one of disable, prefer, "),
        ({"sslrootcert": "ca.pem"}, "sslrootcert needs sslmode"),
        ({"mapping": []}, "mapping must be an object"),
        ({"mapping": {"columns": {"price": "p"}}}, "'price' is not a SmartGo column"),
        ({"passwort": "x"}, "'passwort' is no field"),
        ({"engine": "x", "host": "", "port": -1}, "engine must be one of postgresql, mysql, mariadb; host must be"),
    ],
)
def test_every_wrong_field_is_named(changes: dict[str, Any], says: str) -> None:
    assert says in refusal(json.dumps(SOUND | changes))


@pytest.mark.parametrize("name", SOUND)
def test_every_needed_field_is_asked_for(name: str) -> None:
    assert f"{name} is missing" in refusal(json.dumps({key: value for key, value in SOUND.items() if key != name}))


@pytest.mark.parametrize(
    "text", ["", "[1]", "null", f'{{"password": "{PASSWORD}"', f"password={PASSWORD}", "[" * 100_000]
)
def test_what_is_no_object_is_refused(text: str) -> None:
    assert "write it as" in refusal(text)
