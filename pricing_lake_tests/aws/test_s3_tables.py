"""S3 Tables as settings alone: what PyIceberg's REST catalog is given, and what is refused."""

import pytest
from pyiceberg.catalog import URI, WAREHOUSE_LOCATION
from pyiceberg.catalog.rest import SIGV4, SIGV4_REGION, SIGV4_SERVICE

from pricing_lake.aws.s3_tables import s3_tables_properties
from pricing_lake.errors import ConfigurationError

ARN = "arn:aws:s3tables:eu-west-1:123456789012:bucket/pricing-lake-dev"


def test_requests_are_signed_for_s3_tables_of_the_region() -> None:
    """Under the names that PyIceberg reads."""
    properties = s3_tables_properties(ARN, "eu-west-1")
    assert properties[URI] == "https://s3tables.eu-west-1.amazonaws.com/iceberg"
    assert properties[WAREHOUSE_LOCATION] == ARN
    assert (properties[SIGV4], properties[SIGV4_SERVICE], properties[SIGV4_REGION]) == ("true", "s3tables", "eu-west-1")


@pytest.mark.parametrize(
    ("arn", "told"),
    [("my-bucket", "is no table bucket"), ("arn:aws:s3:::b", "is no table bucket"), (ARN, "lies in eu-west-1")],
)
def test_a_table_bucket_that_cannot_be_reached_is_refused(arn: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        s3_tables_properties(arn, "us-east-1")
