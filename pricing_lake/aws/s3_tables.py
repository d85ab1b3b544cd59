"""Settings of S3 Tables' Iceberg REST endpoint for PyIceberg's catalog. Never run against AWS: see docs/aws.md."""

from pricing_lake.errors import ConfigurationError


def s3_tables_properties(table_bucket: str, region: str) -> dict[str, str]:
    """Properties for `pyiceberg.catalog.load_catalog`, as AWS documents the endpoint: requests signed for s3tables.

    Raises ConfigurationError for a table bucket in another region, which the endpoint could not reach.
    """
    place = table_bucket.split(":")
    if len(place) < 6 or place[2] != "s3tables":
        raise ConfigurationError(f"{table_bucket!r} is no table bucket; give PRICING_LAKE_TABLE_BUCKET its ARN")
    if place[3] != region:
        raise ConfigurationError(f"the table bucket lies in {place[3]}, not in {region}; set AWS_REGION")
    return {
        "type": "rest",
        "uri": f"https://s3tables.{region}.amazonaws.com/iceberg",
        "warehouse": table_bucket,
        "rest.sigv4-enabled": "true",
        "rest.signing-name": "s3tables",
        "rest.signing-region": region,
        "s3.region": region,
    }
