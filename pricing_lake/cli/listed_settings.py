"""The settings of sources and services as text that is safe to show: secrets only as set or not set."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from pricing_lake.stage import Stage

SECRETS = (
    "SMARTGO_TOKEN",
    "ORDERS_KAFKA_PASSWORD",
    "ORDERS_SCHEMA_REGISTRY_USER_INFO",
    "SNOWFLAKE_PRIVATE_KEY",
    "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE",
    "SALESFORCE_CLIENT_SECRET",
    "REDSHIFT_URL",
    "PRICING_LAKE_MASKING_KEY",
)
"""Settings that are never shown. All but SMARTGO_TOKEN come from the environment alone."""
_OTHER_NAMES = {
    "ORDERS_BOOTSTRAP_SERVERS": "ORDERS_KAFKA_BOOTSTRAP",
    "SNOWFLAKE_SCHEMA_NAME": "SNOWFLAKE_SCHEMA",
}
_OF_AWS = ("region", "endpoint")
"""Fields that sources on AWS share; they are listed once."""


def settings_of_services(stage: Stage) -> dict[str, str]:
    """Every setting of a source or of AWS by its name; of tables in settings.toml (`[name]`) only the keys."""
    sources = {
        "CAROUSEL": stage.carousel,
        "ORDERS": stage.orders_stream,
        "SNOWFLAKE": stage.snowflake,
        "REDSHIFT": stage.redshift,
        "SALESFORCE": stage.salesforce,
    }
    listed = {"FX_URL": stage.fx_url}
    for prefix, settings in sources.items():
        fields = {name: value for name, value in vars(settings).items() if name not in _OF_AWS}
        listed |= dict(_named(prefix, fields))
    return listed | dict(_named("BEDROCK", vars(stage.bedrock))) | _of_aws(stage)


def secrets_in_force(stage: Stage) -> dict[str, str]:
    """Whether each secret is set."""
    return {name: "set" if _secret(stage, name) else "not set" for name in SECRETS}


def hide_secrets(text: str, stage: Stage) -> str:
    """`text` without any secret that is set, should one be in it; of `user:password` the password alone is one too."""
    for name in SECRETS:
        secret = _secret(stage, name)
        for part in (secret, secret.partition(":")[2] if name.endswith("USER_INFO") else ""):
            text = text.replace(part, "…") if part else text
    return text


def _secret(stage: Stage, name: str) -> str:
    return stage.smartgo_token if name == "SMARTGO_TOKEN" else os.environ.get(name, "")


def _named(prefix: str, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, value in fields.items():
        if isinstance(value, Mapping):
            yield f"[{prefix.lower()}_{field}]", ", ".join(value) or "none"
        else:
            name = f"{prefix}_{field.upper()}"
            shown = " ".join(value) if isinstance(value, tuple) else str(value)
            yield _OTHER_NAMES.get(name, name), shown or "none"


def _of_aws(stage: Stage) -> dict[str, str]:
    aws = stage.aws
    return {
        "AWS_REGION": aws.region,
        "AWS_ENDPOINT_URL": aws.endpoint or "none",
        "PRICING_LAKE_CATALOG": aws.catalog,
        "PRICING_LAKE_TABLE_BUCKET": aws.table_bucket or "none",
        "PRICING_LAKE_BUCKET": aws.bucket,
        "PRICING_LAKE_PREFIX": aws.prefix,
        "PRICING_LAKE_DATABASE": aws.database,
        "PRICING_LAKE_ATHENA_WORKGROUP": aws.workgroup,
        "PRICING_LAKE_ATHENA_PRICE_PER_TB": str(aws.athena_price_per_tb),
        "PRICING_LAKE_ATHENA_SCAN_LIMIT_GB": str(aws.athena_scan_limit_gb),
        "PRICING_LAKE_PROGRESS_TABLE": aws.progress_table,
        "PRICING_LAKE_ALARM_TOPIC": aws.alarm_topic or "none",
        "PRICING_LAKE_READER_TENANTS": " ".join(aws.reader_tenants) or "none",
    }
