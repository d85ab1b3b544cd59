"""Publishing from MariaDB, well or not: what the run leaves behind holds no password, whatever the driver said."""

import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from pricing_lake_tests.canary import CANARY, places_with, publish_day, reason
from pricing_lake_tests.services.mariadb_shop import MariaDbShop, mariadb_shop

pytestmark = pytest.mark.services


@pytest.fixture
def shop(mariadb_url: str) -> Iterator[MariaDbShop]:
    """A shop with a sound sale and one for the error lane."""
    with mariadb_shop(mariadb_url, sold_price="varchar(20)") as shop:
        shop.add()
        shop.add(sale_id="s-2", sold_price="cheap")
        yield shop


@pytest.fixture
def reader(shop: MariaDbShop) -> str:
    """The shop's URL for a user whose password is the canary."""
    return shop.as_reader(CANARY).replace(CANARY, quote(CANARY, safe=""))


def unused_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port: int = closed.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(("", ""), None, id="let in"),
        pytest.param(("@", "-wrong@"), "correct user or password", id="wrong password"),
        pytest.param((r":\d+/", f":{unused_port()}/"), "cannot be reached", id="refused"),
        pytest.param((r"/shop_\w+", "/nowhere"), "let its user into the database", id="unknown database"),
        pytest.param(("$", "?ssl=true"), "the server offers no TLS", id="no tls"),
        pytest.param(("$", "?colour=blue"), "options are", id="unknown option"),
        pytest.param((r":\d+/", ":port/"), "a MySQL URL is", id="malformed"),
        pytest.param(("mariadb:", "oracle:"), "use one of sqlite://", id="unknown scheme"),
    ],
)
def test_the_password_leaves_no_trace(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    reader: str,
    change: tuple[str, str],
    says: str | None,
) -> None:
    with caplog.at_level(logging.DEBUG):
        result = publish_day(tmp_path, monkeypatch, re.sub(*change, reader, count=1))
    assert result.success == (says is None)
    captured = (caplog.text, *capfd.readouterr())
    assert list(places_with(tmp_path, *captured)) == []
    if says is None:
        assert any(place.startswith("warehouse") for place in places_with(tmp_path, needles=(b"cheap",)))
    else:
        assert says in reason(result)
        assert any(place.startswith("dagster") for place in places_with(tmp_path, needles=(says.encode(),)))
