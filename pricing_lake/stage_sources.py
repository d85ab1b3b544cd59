"""Settings of the sources beside SmartGo: which there are, and their defaults.

A dataclass per source, whose fields are those of its Dagster resource. Secrets are none of them: a resource reads them
from the environment, and only there, when a run opens it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Reader(Protocol):
    """Looks settings up; see `stage`."""

    def text(self, name: str, default: str) -> str:
        """Return a setting, or its default."""

    def count(self, name: str, default: int) -> int:
        """Return a setting that is a whole number of at least 1, or its default."""

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table of the settings file; empty when there is none."""


@dataclass(frozen=True)
class CarouselSettings:
    """Where Carousel's sales are; with neither table nor exports the source is off."""

    table: str
    tenants: tuple[str, ...]
    shards: int
    index: str
    attributes: Mapping[str, str]
    export_uri: str
    region: str
    endpoint: str

    @classmethod
    def read(cls, read: Reader) -> "CarouselSettings":
        """Read the settings that begin with CAROUSEL_."""
        return cls(
            table=read.text("CAROUSEL_TABLE", ""),
            tenants=tuple(read.text("CAROUSEL_TENANTS", "").split()),
            shards=read.count("CAROUSEL_SHARDS", 8),
            index=read.text("CAROUSEL_INDEX", "GSI1"),
            attributes=read.table("carousel_attributes"),
            export_uri=read.text("CAROUSEL_EXPORT_URI", ""),
            region=read.text("AWS_REGION", "eu-west-1"),
            endpoint=read.text("AWS_ENDPOINT_URL", ""),
        )


@dataclass(frozen=True)
class OrdersStreamSettings:
    """The order topic; without an address the source is off."""

    bootstrap_servers: str
    topic: str
    group_id: str
    dlq_topic: str
    value_format: str
    schema_registry_url: str
    batch_messages: int
    kafka_properties: Mapping[str, str]
    registry_properties: Mapping[str, str]

    @classmethod
    def read(cls, read: Reader) -> "OrdersStreamSettings":
        """Read the settings that begin with ORDERS_."""
        return cls(
            bootstrap_servers=read.text("ORDERS_KAFKA_BOOTSTRAP", ""),
            topic=read.text("ORDERS_TOPIC", "orders"),
            group_id=read.text("ORDERS_GROUP_ID", "pricing-lake"),
            dlq_topic=read.text("ORDERS_DLQ_TOPIC", ""),
            value_format=read.text("ORDERS_VALUE_FORMAT", "json"),
            schema_registry_url=read.text("ORDERS_SCHEMA_REGISTRY_URL", ""),
            batch_messages=read.count("ORDERS_BATCH_MESSAGES", 100_000),
            kafka_properties=read.table("orders_kafka_properties"),
            registry_properties=read.table("orders_registry_properties"),
        )


@dataclass(frozen=True)
class SalesforceSettings:
    """One org; without a domain the source is off."""

    domain: str
    client_id: str
    username: str
    private_key_file: str
    api_version: str
    ca_bundle: str
    accounts_mapping: Mapping[str, Any]
    leads_mapping: Mapping[str, Any]

    @classmethod
    def read(cls, read: Reader) -> "SalesforceSettings":
        """Read the settings that begin with SALESFORCE_."""
        return cls(
            domain=read.text("SALESFORCE_DOMAIN", ""),
            client_id=read.text("SALESFORCE_CLIENT_ID", ""),
            username=read.text("SALESFORCE_USERNAME", ""),
            private_key_file=read.text("SALESFORCE_PRIVATE_KEY_FILE", ""),
            api_version=read.text("SALESFORCE_API_VERSION", "62.0"),
            ca_bundle=read.text("SALESFORCE_CA_BUNDLE", ""),
            accounts_mapping=read.table("salesforce_accounts_mapping"),
            leads_mapping=read.table("salesforce_leads_mapping"),
        )


@dataclass(frozen=True)
class SnowflakeSettings:
    """One account; without its name the source is off."""

    account: str
    user: str
    private_key_file: str
    database: str
    schema_name: str
    warehouse: str
    role: str
    host: str
    port: int
    protocol: str
    statement_timeout_seconds: int
    orders_table: str
    customers_table: str
    orders_mapping: Mapping[str, Any]
    customers_mapping: Mapping[str, Any]

    @classmethod
    def read(cls, read: Reader) -> "SnowflakeSettings":
        """Read the settings that begin with SNOWFLAKE_."""
        return cls(
            account=read.text("SNOWFLAKE_ACCOUNT", ""),
            user=read.text("SNOWFLAKE_USER", ""),
            private_key_file=read.text("SNOWFLAKE_PRIVATE_KEY_FILE", ""),
            database=read.text("SNOWFLAKE_DATABASE", ""),
            schema_name=read.text("SNOWFLAKE_SCHEMA", "PUBLIC"),
            warehouse=read.text("SNOWFLAKE_WAREHOUSE", ""),
            role=read.text("SNOWFLAKE_ROLE", ""),
            host=read.text("SNOWFLAKE_HOST", ""),
            port=read.count("SNOWFLAKE_PORT", 443),
            protocol=read.text("SNOWFLAKE_PROTOCOL", "https"),
            statement_timeout_seconds=read.count("SNOWFLAKE_STATEMENT_TIMEOUT_SECONDS", 300),
            orders_table=read.text("SNOWFLAKE_ORDERS_TABLE", "ORDERS"),
            customers_table=read.text("SNOWFLAKE_CUSTOMERS_TABLE", "CUSTOMERS"),
            orders_mapping=read.table("snowflake_orders_mapping"),
            customers_mapping=read.table("snowflake_customers_mapping"),
        )


@dataclass(frozen=True)
class RedshiftSettings:
    """The warehouse of behaviour; with neither an unload prefix nor a URL the source is off."""

    unload_uri: str
    database: str
    workgroup: str
    cluster: str
    db_user: str
    secret_arn: str
    iam_role: str
    max_file_megabytes: int
    timeout_seconds: int
    mapping: Mapping[str, Any]
    region: str
    endpoint: str

    @classmethod
    def read(cls, read: Reader) -> "RedshiftSettings":
        """Read the settings that begin with REDSHIFT_."""
        return cls(
            unload_uri=read.text("REDSHIFT_UNLOAD_URI", ""),
            database=read.text("REDSHIFT_DATABASE", ""),
            workgroup=read.text("REDSHIFT_WORKGROUP", ""),
            cluster=read.text("REDSHIFT_CLUSTER", ""),
            db_user=read.text("REDSHIFT_DB_USER", ""),
            secret_arn=read.text("REDSHIFT_SECRET_ARN", ""),
            iam_role=read.text("REDSHIFT_IAM_ROLE", "default"),
            max_file_megabytes=read.count("REDSHIFT_MAX_FILE_MEGABYTES", 256),
            timeout_seconds=read.count("REDSHIFT_TIMEOUT_SECONDS", 1_800),
            mapping=read.table("redshift_mapping"),
            region=read.text("AWS_REGION", "eu-west-1"),
            endpoint=read.text("AWS_ENDPOINT_URL", ""),
        )
