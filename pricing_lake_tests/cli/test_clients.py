import pytest

from pricing_lake.cli.clients import embedder_of, engine_of, lake_of, smartgo_of
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.errors import ConfigurationError
from pricing_lake.stage import load_stage


def test_the_clients_are_those_of_the_stage(shop):
    shop.sell("s1", "2026-03-01")
    assert smartgo_of(shop.stage).probe().table_rows_estimate == 1
    assert not lake_of(shop.stage).exists(RAW_SMARTGO_SALES)
    assert engine_of(shop.stage).dialect == "duckdb"
    assert embedder_of(shop.stage).dimensions == 1024


def test_an_engine_that_makes_no_marts_is_refused(shop):
    stage = load_stage({"PRICING_LAKE_HOME": str(shop.home), "PRICING_LAKE_ENGINE": "spark"})
    for client in (lake_of, smartgo_of, engine_of, embedder_of):
        with pytest.raises(ConfigurationError, match="PRICING_LAKE_ENGINE=spark cannot make marts yet"):
            client(stage)


def test_the_local_embedder_is_refused_where_vectors_lie_on_s3(shop):
    settings = {"PRICING_LAKE_STAGE": "prod", "PRICING_LAKE_EMBEDDER": "local"}
    with pytest.raises(ConfigurationError, match="set PRICING_LAKE_EMBEDDER=bedrock"):
        embedder_of(load_stage({"PRICING_LAKE_HOME": str(shop.home), **settings}))
