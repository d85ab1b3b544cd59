"""Settings of the stages on AWS: regions, names and prices, each with its default. Asks nobody."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pricing_lake.errors import ConfigurationError
from pricing_lake.stage_sources import Reader

CATALOGS = ("glue", "s3tables", "sqlite")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,127}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_PREFIX = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_TABLE_BUCKET = re.compile(r"arn:aws[a-z-]*:s3tables:[a-z0-9-]+:\d{12}:bucket/[a-z0-9-]+")


@dataclass(frozen=True)
class AwsSettings:
    """Where the lake of a stage lies on AWS. Credentials are none of them: they come from AWS's own chain.

    `catalog` is glue, or s3tables with the ARN of a table bucket; the local stage has sqlite. `endpoint` is another
    server's address for every service; empty means AWS's own. `athena_price_per_tb` is in US dollars.
    """

    region: str
    bedrock_region: str
    endpoint: str
    catalog: str
    table_bucket: str
    bucket: str
    prefix: str
    database: str
    workgroup: str
    athena_price_per_tb: Decimal
    athena_scan_limit_gb: int
    progress_table: str
    parameter: str
    alarm_topic: str
    reader_tenants: tuple[str, ...]

    @property
    def root(self) -> str:
        """Where everything of the lake lies."""
        return f"s3://{self.bucket}/{self.prefix}"

    @classmethod
    def read(cls, read: Reader) -> "AwsSettings":
        """Read the settings. Raises ConfigurationError naming the one that cannot be used."""
        stage = read.text("PRICING_LAKE_STAGE", "local")
        catalog = _one_of(read, "PRICING_LAKE_CATALOG", "sqlite" if stage == "local" else "glue", CATALOGS)
        if stage != "local" and catalog == "sqlite":
            raise ConfigurationError(f"PRICING_LAKE_CATALOG=sqlite is for stage local; stage {stage} needs glue")
        table_bucket = ""
        if catalog == "s3tables":
            table_bucket = _fitting(read, "PRICING_LAKE_TABLE_BUCKET", "", _TABLE_BUCKET, "the ARN of a table bucket")
        return cls(
            region=_fitting(read, "AWS_REGION", "eu-west-1", _REGION, "a region such as eu-west-1"),
            bedrock_region=_fitting(read, "BEDROCK_REGION", "us-east-1", _REGION, "a region such as us-east-1"),
            endpoint=read.text("AWS_ENDPOINT_URL", ""),
            catalog=catalog,
            table_bucket=table_bucket,
            bucket=_fitting(
                read, "PRICING_LAKE_BUCKET", f"carousel-{stage}-analytics", _BUCKET, "a bucket's name, without s3://"
            ),
            prefix=_fitting(read, "PRICING_LAKE_PREFIX", "pricing-intelligence", _PREFIX, "a key such as a/b"),
            database=_fitting(
                read, "PRICING_LAKE_DATABASE", f"pricing_intelligence_{stage}", _IDENTIFIER, "a-z, 0-9 and _"
            ),
            workgroup=_fitting(
                read, "PRICING_LAKE_ATHENA_WORKGROUP", f"pricing-lake-{stage}", _NAME, "a workgroup's name"
            ),
            athena_price_per_tb=_price(read, "PRICING_LAKE_ATHENA_PRICE_PER_TB", "5.00"),
            athena_scan_limit_gb=read.count("PRICING_LAKE_ATHENA_SCAN_LIMIT_GB", 100),
            progress_table=_fitting(
                read,
                "PRICING_LAKE_PROGRESS_TABLE",
                f"bg-remover-{stage}-smartgo-export-progress",
                _NAME,
                "a DynamoDB table's name",
            ),
            parameter=read.text("SMARTGO_PARAMETER", f"/tf/{stage}/smartgo/database/config"),
            alarm_topic=read.text("PRICING_LAKE_ALARM_TOPIC", ""),
            reader_tenants=tuple(read.text("PRICING_LAKE_READER_TENANTS", "").split()),
        )


def _one_of(read: Reader, name: str, default: str, words: Sequence[str]) -> str:
    value = read.text(name, default)
    if value not in words:
        raise ConfigurationError(f"{name}={value!r} is not known; use one of {', '.join(words)}")
    return value


def _fitting(read: Reader, name: str, default: str, pattern: re.Pattern[str], wanted: str) -> str:
    value = read.text(name, default)
    if not pattern.fullmatch(value):
        raise ConfigurationError(f"{name}={value!r} cannot be used; give {wanted}")
    return value


def _price(read: Reader, name: str, default: str) -> Decimal:
    value = read.text(name, default)
    try:
        price = Decimal(value)
    except InvalidOperation:
        price = Decimal(-1)
    if not price.is_finite() or price < 0:
        raise ConfigurationError(f"{name}={value!r} is no price; give US dollars, e.g. 5.00")
    return price
