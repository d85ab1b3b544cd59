"""The outside systems of a stage, for commands that need one without a Dagster run. Nothing is configured here."""

from typing import TYPE_CHECKING, cast

from pricing_lake.stage import Stage

if TYPE_CHECKING:
    from pricing_lake.engines import SqlEngine
    from pricing_lake.images.embedder import Embedder
    from pricing_lake.lake.catalog import Lake
    from pricing_lake.sources.smartgo import SmartGoSource


def lake_of(stage: Stage) -> "Lake":
    """The stage's lake, opened."""
    from pricing_lake.resources import resources_for
    from pricing_lake.resources.lake import LakeResource

    return cast("LakeResource", resources_for(stage)["lake"]).open()


def smartgo_of(stage: Stage) -> "SmartGoSource":
    """The stage's shop; nothing is connected yet."""
    from pricing_lake.resources import resources_for
    from pricing_lake.resources.smartgo import SmartGoResource

    return cast("SmartGoResource", resources_for(stage)["smartgo"]).source()


def engine_of(stage: Stage) -> "SqlEngine":
    """The stage's SQL engine."""
    from pricing_lake.resources import resources_for
    from pricing_lake.resources.engine import EngineResource

    return cast("EngineResource", resources_for(stage)["engine"]).sql()


def embedder_of(stage: Stage) -> "Embedder":
    """The stage's embedder."""
    from pricing_lake.resources import resources_for
    from pricing_lake.resources.embedder import EmbedderResource

    return cast("EmbedderResource", resources_for(stage)["embedder"]).embedder()
