"""What doctor finds of each source, against stand-ins that speak its protocol: sound, wrong, away, silent, off."""

import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pricing_lake.cli import doctor_sources
from pricing_lake.cli.check import Check, Status
from pricing_lake.cli.doctor_sources import SOURCES, outcomes, start
from pricing_lake.stage import load_stage
from pricing_lake_tests.cli.conftest import Type
from pricing_lake_tests.cli.source_stands import SourceStands, rates_until, running_stands
from pricing_lake_tests.services.snowflake_server import new_key
from pricing_lake_tests.shop import Shop
from pricing_lake_tests.sources.carousel_shop import ExportFolder, item
from pricing_lake_tests.sources.ecb import serve
from pricing_lake_tests.sources.salesforce_org import ACCOUNT_FIELDS, CLIENT_SECRET

SECRETS = {
    "ORDERS_KAFKA_PASSWORD": "hunter-kafka",
    "ORDERS_SCHEMA_REGISTRY_USER_INFO": "lake:hunter-registry",
    "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": "hunter-snowflake",
    "SALESFORCE_CLIENT_SECRET": "hunter-salesforce",
    "SMARTGO_TOKEN": "hunter-smartgo",
}


@pytest.fixture
def stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SourceStands]:
    with running_stands(tmp_path, monkeypatch) as stands:
        for name, value in stands.environment.items():
            monkeypatch.setenv(name, value)
        yield stands


def found(shop: Shop, **settings: str) -> dict[str, Check]:
    """Checks by name, of a lake whose other settings are those of the environment."""
    stage = load_stage({**os.environ, "PRICING_LAKE_HOME": str(shop.home), **settings})
    return {check.name: check for check in outcomes(start(stage), stage)}


def test_sources_that_nobody_set_up_are_off_and_nothing_is_connected(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a source that is off was connected")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    checks = found(shop)
    assert list(checks) == list(SOURCES)
    assert {name: one.found for name, one in checks.items() if name != "SmartGo"} == {
        "Carousel": "off: CAROUSEL_TABLE or CAROUSEL_EXPORT_URI is not set",
        "exchange rates": "off: FX_URL is not set",
        "Kafka orders": "off: ORDERS_KAFKA_BOOTSTRAP is not set",
        "Snowflake orders": "off: SNOWFLAKE_ACCOUNT is not set",
        "Snowflake customers": "off: SNOWFLAKE_ACCOUNT is not set",
        "Redshift": "off: REDSHIFT_UNLOAD_URI or REDSHIFT_URL is not set",
        "Salesforce accounts": "off: SALESFORCE_DOMAIN is not set",
        "Salesforce leads": "off: SALESFORCE_DOMAIN is not set",
    }
    assert {one.status for one in checks.values()} == {Status.OK}


def test_every_source_in_order_tells_what_is_there_latency_and_clock(
    shop: Shop, stands: SourceStands, pricing_lake: Type
) -> None:
    stands.carousel.put(item("s-1"))
    settings = {**stands.environment, "PRICING_LAKE_HOME": str(shop.home)}
    result = pricing_lake("doctor", "--json", **settings)
    checks = {one["name"]: one for one in json.loads(result.stdout)["checks"]}
    told = {name: checks[name]["found"] for name in SOURCES}
    assert {checks[name]["status"] for name in SOURCES} == {"ok"}, told
    assert result.exit_code == 0
    assert told["Carousel"].startswith(f"table {stands.carousel.name} by GSI1, about 1 items, ")
    assert told["exchange rates"].startswith("2 rates of ")
    assert "shop-orders: 1 messages, 4 partitions, 1 brokers, registry of JSON, PROTOBUF, AVRO" in told["Kafka orders"]
    assert ", about 1 rows, " in told["Snowflake orders"]
    assert told["Redshift"].startswith("Redshift 1.0.77467 by unload, ")
    assert "about 0 leads" in told["Salesforce leads"]
    for name in SOURCES:
        assert " ms" in told[name]
        assert (", clock " in told[name]) == (name != "Kafka orders"), "Kafka does not tell the time"
    table = pricing_lake("doctor", **settings).stdout
    assert [line.partition("  ")[0] for line in table.splitlines() if line.partition("  ")[0] in SOURCES] == [*SOURCES]


def test_what_is_missing_is_named_with_what_to_do(shop: Shop, stands: SourceStands) -> None:
    stands.snowflake.execute("ALTER TABLE ORDERS DROP COLUMN STATUS")
    stands.org.fields["Account"] = tuple(name for name in ACCOUNT_FIELDS if name != "Industry")
    late = datetime.now(UTC).date() - timedelta(days=10)
    settings = {
        "CAROUSEL_INDEX": "GSI7",
        "FX_URL": serve(stands.rates, rates_until(late)),
        "ORDERS_DLQ_TOPIC": "nowhere",
        "SNOWFLAKE_CUSTOMERS_TABLE": "PEOPLE",
    }
    (shop.home / "settings.toml").write_text('[redshift_mapping]\ntable = "events"\n')
    checks = found(shop, **settings)
    expected = {
        "Carousel": (Status.FAIL, "there is no index GSI7", "CAROUSEL_INDEX"),
        "exchange rates": (Status.WARN, "no rates of ", "FX_URL"),
        "Kafka orders": (Status.FAIL, "there is no topic nowhere", "ORDERS_DLQ_TOPIC"),
        "Snowflake orders": (Status.FAIL, "no column STATUS", "[snowflake_orders_mapping]"),
        "Snowflake customers": (Status.FAIL, "there is no PEOPLE", "SNOWFLAKE_CUSTOMERS_TABLE"),
        "Redshift": (Status.FAIL, "there is no table of events", "[redshift_mapping]"),
        "Salesforce accounts": (Status.FAIL, "no field Industry", "[salesforce_accounts_mapping]"),
        "Salesforce leads": (Status.OK, "API 62.0", ""),
    }
    for name, (status, begins, advice) in expected.items():
        one = checks[name]
        assert (one.status, one.found[: len(begins)]) == (status, begins)
        assert advice in one.advice


def test_wrong_credentials_are_told_and_never_shown(
    shop: Shop, stands: SourceStands, pricing_lake: Type, tmp_path: Path
) -> None:
    stands.registry.user = "Basic of somebody else"
    wrong = tmp_path / "wrong.p8"
    wrong.write_text(new_key()[0])
    secrets = {name: value for name, value in SECRETS.items() if name != "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"}
    settings = {**stands.environment, **secrets, "SNOWFLAKE_PRIVATE_KEY_FILE": str(wrong)}
    for words in (("doctor",), ("doctor", "--json")):
        result = pricing_lake(*words, **settings, PRICING_LAKE_HOME=str(shop.home))
        assert result.exit_code == 1
        assert "hunter" not in result.output
        assert CLIENT_SECRET not in result.output
    checks = {one["name"]: one for one in json.loads(result.stdout)["checks"]}
    assert "RSA_PUBLIC_KEY" in checks["Snowflake orders"]["found"]
    assert "invalid_client" in checks["Salesforce accounts"]["found"]
    assert "ORDERS_SCHEMA_REGISTRY_USER_INFO" in checks["Kafka orders"]["found"]
    assert checks["Redshift"]["status"] == "ok", "the others are still looked at"


def test_nobody_at_any_address_is_told_soon(shop: Shop, stands: SourceStands) -> None:
    begun = time.monotonic()
    checks = found(
        shop,
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        FX_URL="http://127.0.0.1:9/rates",
        ORDERS_KAFKA_BOOTSTRAP="127.0.0.1:9",
        SNOWFLAKE_PORT="9",
    )
    assert time.monotonic() - begun < doctor_sources.LIMIT_SECONDS + 5
    away = ("Carousel", "exchange rates", "Kafka orders", "Snowflake orders", "Snowflake customers", "Redshift")
    assert {checks[name].status for name in away} == {Status.FAIL}
    assert all(checks[name].advice for name in away)
    assert checks["Salesforce leads"].status is Status.OK
    assert "cannot be reached" in checks["Carousel"].found


def test_a_source_that_takes_the_connection_and_says_nothing_holds_nobody_up(
    shop: Shop, stands: SourceStands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_sources, "LIMIT_SECONDS", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begun = time.monotonic()
        checks = found(shop, SNOWFLAKE_PORT=str(port), ORDERS_KAFKA_BOOTSTRAP=f"127.0.0.1:{port}")
        assert time.monotonic() - begun < 8
    for name in ("Snowflake orders", "Snowflake customers", "Kafka orders"):
        assert (checks[name].status, checks[name].found) == (Status.FAIL, "no answer within 3 s")
    assert checks["Salesforce accounts"].status is Status.OK


def test_settings_that_cannot_be_used_are_a_failed_check_of_their_source_alone(
    shop: Shop, stands: SourceStands
) -> None:
    checks = found(shop, CAROUSEL_TENANTS="NO TENANT!", ORDERS_VALUE_FORMAT="xml", SNOWFLAKE_ACCOUNT="https://x")
    assert "CAROUSEL_TENANTS" in checks["Carousel"].found
    assert "ORDERS_VALUE_FORMAT='xml' is not known" in checks["Kafka orders"].found
    assert "SNOWFLAKE_ACCOUNT" in checks["Snowflake orders"].found
    assert checks["Redshift"].status is Status.OK


def test_exports_that_end_too_early_are_a_warning(shop: Shop, tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path / "bucket")
    folder.full("2026-03-01T00:00:00Z", [item("s-1")])
    uri = f"file://{folder.root}"
    old = found(shop, CAROUSEL_EXPORT_URI=uri)["Carousel"]
    assert (old.status, old.found) == (Status.WARN, "1 exports, 1 of them full, up to 2026-03-01 00:00 UTC")
    assert "cannot be read before" in old.advice
    enough = found(
        shop, CAROUSEL_EXPORT_URI=uri, PRICING_LAKE_START_DATE="2026-02-01", PRICING_LAKE_END_DATE="2026-02-28"
    )
    assert enough["Carousel"].status is Status.OK


def test_a_wrong_clock_is_a_warning(shop: Shop, stands: SourceStands) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=2)
    stands.org.clock = lambda: ahead
    accounts = found(shop)["Salesforce accounts"]
    assert (accounts.status, accounts.advice.partition(":")[0]) == (Status.WARN, "set one of the two clocks")
    assert "clock +7" in accounts.found
