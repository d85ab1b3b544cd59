"""The main job with everything on AWS: sales, pictures on S3, vectors from Bedrock, tables in Glue, marts read back."""

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from pricing_lake.contracts.all import table_called
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.resources.bedrock import BedrockEmbedderResource
from pricing_lake.resources.glue_lake import GlueLakeResource
from pricing_lake.resources.pictures import PictureResource
from pricing_lake_tests.aws.bedrock_server import BedrockServer
from pricing_lake_tests.aws.moto_server import client
from pricing_lake_tests.aws.titan_stub import hashed
from pricing_lake_tests.shop import CHAIN, Shop

DAYS = ["2026-03-01", "2026-03-02"]


@pytest.fixture
def aws(shop: Shop, bedrock: BedrockServer, moto: str) -> dict[str, Any]:
    """Resources of a stage on AWS, in a bucket of the test's own; the shop stays on disk."""
    bucket = f"main-{uuid4().hex[:8]}"
    client("s3", moto).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    root, place = f"s3://{bucket}/pricing-intelligence", {"region": "eu-west-1", "endpoint": moto}
    return {
        "lake": GlueLakeResource(
            root=root, namespace=f"main_{uuid4().hex[:8]}", embedding_encoding="BYTE_STREAM_SPLIT", **place
        ),
        "pictures": PictureResource(
            store_uri=root, image_root=str(shop.pictures), concurrency=4, trusted_hosts=[], **place
        ),
        "embedder": BedrockEmbedderResource(
            home=root, files_region="eu-west-1", files_endpoint=moto, at_once=4, price="0.06"
        ),
    }


def sell(shop: Shop) -> None:
    shared, first = shop.picture("shared.png"), shop.picture("first.png", "crimson")
    shop.sell("a", DAYS[0], image_url=shared)
    shop.sell("b", DAYS[0], image_url=first, product_id="p2")
    shop.sell("c", DAYS[1], image_url=shared)


def rows(lake: GlueLakeResource, name: str) -> list[dict[str, Any]]:
    contract = table_called(name)
    stored: pa.Table = lake.open().table(contract).scan(selected_fields=contract.names).to_arrow()
    return stored.to_pylist()


def test_two_days_pass_through_every_table(shop: Shop, aws: dict[str, Any], bedrock: BedrockServer) -> None:
    sell(shop)
    assert shop.run(DAYS, CHAIN, **aws).success
    sales = {row["sale_id"]: row for row in rows(aws["lake"], "silver/sales_history")}
    assert set(sales) == {"a", "b", "c"}
    picture = (shop.pictures / "shared.png").read_bytes()
    assert sales["a"]["embedding"] == pytest.approx(hashed(picture, 1024), abs=1e-6)
    assert sales["a"]["embedding"] == sales["c"]["embedding"] != sales["b"]["embedding"]
    assert aws["pictures"].store().read(sales["a"]["image_s3_key"]) == picture
    assert bedrock.behaviour.counts["requests"] == 2
    assert not (shop.home / "warehouse").exists()


def test_the_same_days_again_ask_the_model_for_nothing_and_commit_nothing(
    shop: Shop, aws: dict[str, Any], bedrock: BedrockServer
) -> None:
    sell(shop)
    shop.run(DAYS, CHAIN, **aws)
    asked = bedrock.behaviour.counts["requests"]
    tables = [table_called(name) for name in CHAIN]
    before = {table.id: aws["lake"].open().table(table).current_snapshot() for table in tables}
    assert shop.run(DAYS, CHAIN, **aws).success
    assert bedrock.behaviour.counts["requests"] == asked
    assert {table.id: aws["lake"].open().table(table).current_snapshot() for table in tables} == before


def test_a_picture_the_model_refuses_costs_its_vector_and_no_sale(
    shop: Shop, aws: dict[str, Any], bedrock: BedrockServer
) -> None:
    sell(shop)
    refused = hashlib.sha256(Path(shop.pictures / "first.png").read_bytes()).hexdigest()
    bedrock.behaviour.fault_of = {refused: "invalid"}
    assert shop.run(DAYS, CHAIN, **aws).success
    sales = {row["sale_id"]: row["embedding"] for row in rows(aws["lake"], "silver/sales_history")}
    assert sales["b"] is None
    assert len(sales["a"]) == 1024
    verdict = VerdictStore(aws["lake"].open().proofs).latest("silver/embeddings", [DAYS[0]])[DAYS[0]]
    assert dict(verdict.reasons) == {"embedding_refused": 1}


def test_credentials_that_expire_end_the_run_and_change_nothing(
    shop: Shop, aws: dict[str, Any], bedrock: BedrockServer
) -> None:
    sell(shop)
    bedrock.behaviour.script.extend(["expired"] * 9)
    assert not shop.run(DAYS, CHAIN, **aws).success
    assert rows(aws["lake"], "silver/embeddings") == []
    bedrock.behaviour.script.clear()
    assert shop.run(DAYS, CHAIN, **aws).success
    assert len(rows(aws["lake"], "silver/embeddings")) == 3


def test_a_mart_is_made_from_tables_on_s3(shop: Shop, aws: dict[str, Any]) -> None:
    sell(shop)
    shop.run(DAYS, CHAIN, **aws)
    assert shop.run(["2026-03-01"], ["marts/sales_by_category_month"], **aws).success
    (month,) = rows(aws["lake"], "marts/sales_by_category_month")
    assert (month["category"], month["items_sold"], month["revenue"]) == ("shoes", 3, Decimal("30.00"))
