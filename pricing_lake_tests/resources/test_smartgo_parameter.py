"""The shop's connection in Parameter Store, over HTTP with real boto3: read whole, or refused in one line."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pricing_lake.errors import ConfigurationError, SourceUnavailableError
from pricing_lake.resources import smartgo_parameter
from pricing_lake.resources.smartgo import SmartGoResource
from pricing_lake.resources.smartgo_parameter import parameter_name, read_smartgo_parameter

NAME = parameter_name("dev")
PASSWORD = "Zq9-not-to-be-seen"  # noqa: S105 - what no message may show
CONFIG: dict[str, Any] = {
    "engine": "mariadb",
    "host": "db.example",
    "database": "shop",
    "user": "reader",
    "password": PASSWORD,
    "mapping": {"table": "orders"},
}


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """The address of a server that answers as AWS does."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def account(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty account, to which boto3's own settings lead."""
    urlopen(Request(f"{aws}/moto-api/reset", method="POST")).close()  # noqa: S310 - a server of our own
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    settings = {"AWS_ENDPOINT_URL": aws, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"}
    for name, value in (settings | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")


def put(value: str, kind: str = "SecureString") -> None:
    boto3.session.Session().client("ssm").put_parameter(Name=NAME, Value=value, Type=kind)


def refusal(error: type[Exception], name: str = NAME) -> str:
    with pytest.raises(error) as refused:
        read_smartgo_parameter(name)
    assert "\n" not in str(refused.value)
    assert PASSWORD not in f"{refused.value} {refused.value.__cause__!r} {refused.value.__context__!r}"
    return str(refused.value)


def test_each_stage_has_its_own() -> None:
    assert NAME == "/tf/dev/smartgo/database/config"


def test_it_is_decrypted_and_understood() -> None:
    put(json.dumps(CONFIG))
    url, mapping = read_smartgo_parameter(NAME)
    assert url == f"mariadb://reader:{PASSWORD}@db.example:3306/shop"
    assert mapping == {"table": "orders"}


def test_a_missing_one_is_named() -> None:
    assert f"parameter {NAME} does not exist" in refusal(ConfigurationError)


def test_without_the_right_it_is_told_which_are_needed(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(json.dumps(CONFIG))
    iam = boto3.session.Session().client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    with rights_enforced(aws):
        assert "allow ssm:GetParameter and kms:Decrypt" in refusal(ConfigurationError)


@contextmanager
def rights_enforced(aws: str) -> Iterator[None]:
    """Let the server look at rights inside the block; else it would do so after an endless number of requests."""
    _look_at_rights_after(aws, b"0")
    try:
        yield
    finally:
        _look_at_rights_after(aws, b"inf")


def _look_at_rights_after(aws: str, requests: bytes) -> None:
    order = Request(f"{aws}/moto-api/reset-auth", requests, {"Content-Type": "text/plain"})  # noqa: S310
    urlopen(order).close()  # noqa: S310


def test_a_password_that_lies_open_is_refused() -> None:
    put(json.dumps(CONFIG), "String")
    assert "put it again as SecureString" in refusal(ConfigurationError)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (f'{{"password": "{PASSWORD}"', "is not JSON"),
        (json.dumps(CONFIG | {"port": "many"}), "port must be a whole number"),
        (json.dumps(CONFIG | {"mapping": {"tables": "t"}}), "'tables' is no field"),
    ],
)
def test_a_malformed_one_is_told_by_name_and_field(value: str, says: str) -> None:
    put(value)
    text = refusal(ConfigurationError)
    assert f"parameter {NAME}: " in text
    assert says in text


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("ValidationException", ConfigurationError, "correct the stage"),
        ("InternalServerError", SourceUnavailableError, "try again later"),
        ("ThrottlingException", SourceUnavailableError, "try again later"),
        ("ExpiredTokenException", ConfigurationError, "may not be read"),
    ],
)
def test_errors_that_the_test_server_does_not_give(code: str, kind: type[Exception], says: str) -> None:
    error = smartgo_parameter._refusal(NAME, {"Error": {"Code": code}})
    assert type(error) is kind
    assert says in str(error)


def test_without_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "set AWS_REGION" in refusal(ConfigurationError)


def test_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "give the run a role" in refusal(ConfigurationError)


def test_an_address_where_nothing_answers_may_answer_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smartgo_parameter, "ATTEMPTS", 1)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert "try again later" in refusal(SourceUnavailableError)


def test_a_run_opens_the_shop_that_the_parameter_describes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(json.dumps(CONFIG | {"host": "127.0.0.1", "port": 1}))
    monkeypatch.setenv("SMARTGO_PARAMETER", NAME)
    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1:1") as refused:
        SmartGoResource(home=str(tmp_path)).source().probe()
    assert PASSWORD not in str(refused.value)
