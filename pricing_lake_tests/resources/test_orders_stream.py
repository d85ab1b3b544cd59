"""The order topic as a resource: off without an address, settings passed on, passwords read when a run opens it."""

import base64

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.orders_stream import OrdersStreamResource
from pricing_lake_tests.sources.mock_kafka import mock_kafka
from pricing_lake_tests.sources.order_messages import order
from pricing_lake_tests.sources.schema_registry import schema_registry


def test_without_an_address_it_is_off() -> None:
    assert not OrdersStreamResource().is_configured
    assert OrdersStreamResource(bootstrap_servers="host:9092").is_configured


def test_its_stream_reads_what_the_settings_name() -> None:
    with mock_kafka() as kafka:
        kafka.send("shop-orders", order(), order(), order())
        resource = OrdersStreamResource(
            bootstrap_servers=kafka.bootstrap,
            topic="shop-orders",
            dlq_topic="bin",
            batch_messages=2,
            kafka_properties={"client.id": "tests"},
        )
        with resource.stream() as stream:
            assert stream.settings.dead_letter_topic == "bin"
            assert stream.read(stream.plan(None)).received == 2


def test_secrets_are_read_when_the_stream_is_opened_and_are_no_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    with schema_registry() as registry:
        registry.user = "Basic " + base64.b64encode(b"lake:hunter2").decode()
        resource = OrdersStreamResource(
            bootstrap_servers="127.0.0.1:1",
            value_format="avro",
            schema_registry_url=registry.address,
            kafka_properties={"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.username": "u"},
        )
        monkeypatch.setenv("ORDERS_KAFKA_PASSWORD", "hunter1")
        monkeypatch.setenv("ORDERS_SCHEMA_REGISTRY_USER_INFO", "lake:hunter2")
        with resource.stream() as stream:
            assert stream.settings.properties["sasl.password"] == "hunter1"
            assert stream.settings.registry is not None
            assert stream.settings.registry.properties["basic.auth.user.info"] == "lake:hunter2"
            assert "hunter" not in repr(stream.settings)
        assert "hunter" not in repr(resource.model_dump())


def test_unusable_settings_are_one_line() -> None:
    with pytest.raises(ConfigurationError, match="ORDERS_VALUE_FORMAT='xml' is not known; use json, json_schema, avro"):
        OrdersStreamResource(bootstrap_servers="h:1", value_format="xml").stream()
    with pytest.raises(ConfigurationError, match="needs ORDERS_SCHEMA_REGISTRY_URL"):
        OrdersStreamResource(bootstrap_servers="h:1", value_format="avro").stream()
