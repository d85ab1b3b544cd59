"""Names of a stage on AWS: what they are by default, and which settings may change them."""

from decimal import Decimal
from pathlib import Path

import pytest

from pricing_lake.aws.names import AwsNames
from pricing_lake.errors import ConfigurationError
from pricing_lake.stage import load_stage
from pricing_lake.stage_aws import AwsSettings


def settings(home: Path, **variables: str) -> AwsSettings:
    return load_stage({"PRICING_LAKE_HOME": str(home), **variables}).aws


@pytest.mark.parametrize("stage", ["dev", "staging", "prod"])
def test_names_follow_from_the_stage(tmp_path: Path, stage: str) -> None:
    found = settings(tmp_path, PRICING_LAKE_STAGE=stage)
    assert found.root == f"s3://carousel-{stage}-analytics/pricing-intelligence"
    assert (found.region, found.bedrock_region) == ("eu-west-1", "us-east-1")
    assert found.database == f"pricing_intelligence_{stage}"
    assert found.progress_table == f"bg-remover-{stage}-smartgo-export-progress"
    assert found.parameter == f"/tf/{stage}/smartgo/database/config"
    assert (found.catalog, found.athena_price_per_tb) == ("glue", Decimal("5.00"))


def test_every_name_can_be_set(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        PRICING_LAKE_STAGE="dev",
        PRICING_LAKE_BUCKET="my-bucket",
        PRICING_LAKE_PREFIX="a/b",
        PRICING_LAKE_DATABASE="mine",
        PRICING_LAKE_PROGRESS_TABLE="progress",
        PRICING_LAKE_ATHENA_WORKGROUP="analysts",
        AWS_REGION="eu-central-1",
        SMARTGO_PARAMETER="/shop",
    )
    assert found.root == "s3://my-bucket/a/b"
    assert (found.database, found.workgroup, found.progress_table) == ("mine", "analysts", "progress")
    assert (found.region, found.parameter) == ("eu-central-1", "/shop")


def test_the_local_stage_has_its_own_catalog(tmp_path: Path) -> None:
    assert settings(tmp_path).catalog == "sqlite"


def test_s3_tables_need_a_table_bucket(tmp_path: Path) -> None:
    chosen = {"PRICING_LAKE_STAGE": "dev", "PRICING_LAKE_CATALOG": "s3tables"}
    with pytest.raises(ConfigurationError, match="PRICING_LAKE_TABLE_BUCKET"):
        settings(tmp_path, **chosen)
    arn = "arn:aws:s3tables:eu-west-1:123456789012:bucket/lake"
    assert settings(tmp_path, **chosen, PRICING_LAKE_TABLE_BUCKET=arn).table_bucket == arn


def test_tables_lie_where_the_catalog_would_put_them() -> None:
    """PyIceberg's own choice below a warehouse: `<database>.db/<table>`."""
    names = AwsNames("dev", "eu-west-1", "us-east-1", "b", "p", "d", "w", "t", "/x")
    assert names.database_uri == "s3://b/p/warehouse/d.db"
    assert names.results_uri == "s3://b/p/athena-results/"
