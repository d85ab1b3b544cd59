"""Stand-ins of every source at once, and the environment in which the lake is set up to read them all."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pricing_lake.sources.fx_calendar import business_days
from pricing_lake_tests.images.image_server import ImageServer
from pricing_lake_tests.services.snowflake_server import ACCOUNT, DATABASE, ROLE, USER, running_snowflake
from pricing_lake_tests.services.snowflake_shop import SnowflakeShop
from pricing_lake_tests.sources.carousel_shop import REGION, Carousel
from pricing_lake_tests.sources.ecb import running_server, serve
from pricing_lake_tests.sources.mock_kafka import MockKafka, mock_kafka
from pricing_lake_tests.sources.order_messages import order
from pricing_lake_tests.sources.redshift_warehouse import URI, RedshiftWarehouse, running_warehouse
from pricing_lake_tests.sources.salesforce_org import CLIENT_ID, HOST, SalesforceOrg, serving
from pricing_lake_tests.sources.schema_registry import SchemaRegistry, schema_registry

TOPIC = "shop-orders"


@dataclass
class SourceStands:
    """The servers, running, and `environment`: the settings that lead to all of them."""

    carousel: Carousel
    rates: ImageServer
    kafka: MockKafka
    registry: SchemaRegistry
    snowflake: SnowflakeShop
    warehouse: RedshiftWarehouse
    org: SalesforceOrg
    environment: dict[str, str] = field(default_factory=dict)


@contextmanager
def running_stands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SourceStands]:
    """Start them all; the variables that clients read by themselves are set for the test."""
    from pricing_lake.sources.dynamodb import dynamodb_client

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with ExitStack() as stack:
        warehouse = stack.enter_context(running_warehouse())
        stands = SourceStands(
            Carousel(dynamodb_client(REGION, warehouse.url, 1)).create(),
            stack.enter_context(running_server()),
            stack.enter_context(mock_kafka()),
            stack.enter_context(schema_registry()),
            SnowflakeShop(stack.enter_context(running_snowflake())),
            warehouse,
            stack.enter_context(serving(SalesforceOrg(), folder)),
        )
        for topic in (TOPIC, f"{TOPIC}.dlq"):
            stands.kafka.send(topic, order())
        stands.snowflake.add_order()
        stands.snowflake.add_customer()
        stands.environment = _environment(stands, folder)
        yield stands


def rates_until(last: date) -> dict[str, list[tuple[str, str]]]:
    """A few business days up to `last`, two currencies each."""
    days = business_days(last - timedelta(days=14), last)
    return {day.isoformat(): [("USD", "1.1"), ("GBP", "0.9")] for day in days}


def _environment(stands: SourceStands, folder: Path) -> dict[str, str]:
    key = folder / "snowflake.p8"
    key.write_text(stands.snowflake.server.key)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    told: dict[str, Any] = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": stands.warehouse.url,
        "CAROUSEL_TABLE": stands.carousel.name,
        "CAROUSEL_TENANTS": "acme",
        "FX_URL": serve(stands.rates, rates_until(yesterday)),
        "ORDERS_KAFKA_BOOTSTRAP": stands.kafka.bootstrap,
        "ORDERS_TOPIC": TOPIC,
        "ORDERS_VALUE_FORMAT": "avro",
        "ORDERS_SCHEMA_REGISTRY_URL": stands.registry.address,
        "SNOWFLAKE_ACCOUNT": ACCOUNT,
        "SNOWFLAKE_USER": USER,
        "SNOWFLAKE_PRIVATE_KEY_FILE": str(key),
        "SNOWFLAKE_DATABASE": DATABASE,
        "SNOWFLAKE_SCHEMA": stands.snowflake.schema,
        "SNOWFLAKE_ROLE": ROLE,
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": str(stands.snowflake.server.port),
        "SNOWFLAKE_PROTOCOL": "http",
        "REDSHIFT_UNLOAD_URI": URI,
        "REDSHIFT_DATABASE": "analytics",
        "REDSHIFT_WORKGROUP": "shop-wg",
        "SALESFORCE_DOMAIN": HOST,
        "SALESFORCE_CLIENT_ID": CLIENT_ID,
        "SALESFORCE_CA_BUNDLE": str(stands.org.ca),
        **stands.org.environment,
    }
    return told
