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


@pytest.mark.parametrize("client", [lake_of, smartgo_of, engine_of, embedder_of])
def test_a_stage_that_is_not_built_is_refused(shop, client):
    stage = load_stage({"PRICING_LAKE_HOME": str(shop.home), "PRICING_LAKE_STAGE": "prod"})
    with pytest.raises(ConfigurationError, match="prod"):
        client(stage)
