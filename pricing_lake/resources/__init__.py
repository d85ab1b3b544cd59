"""One Dagster resource per outside system, and `resources_for(stage)`, which alone turns settings into clients."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.bedrock import BedrockEmbedderResource
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake.resources.carousel import CarouselResource
from pricing_lake.resources.embedder import EmbedderResource
from pricing_lake.resources.engine import EngineResource
from pricing_lake.resources.fx import FxResource
from pricing_lake.resources.glue_lake import GlueLakeResource
from pricing_lake.resources.lake import LakeResource
from pricing_lake.resources.masking import MaskingResource
from pricing_lake.resources.orders_stream import OrdersStreamResource
from pricing_lake.resources.pictures import PictureResource
from pricing_lake.resources.progress import ProgressResource
from pricing_lake.resources.redshift import RedshiftResource
from pricing_lake.resources.salesforce import SalesforceResource
from pricing_lake.resources.smartgo import SmartGoResource
from pricing_lake.resources.snowflake import SnowflakeResource
from pricing_lake.stage import Stage


def resources_for(stage: Stage) -> Mapping[str, dg.ConfigurableResource[Any]]:
    """Every resource of a stage, by the key that transforms name in their parameters. Opens nothing."""
    if stage.engine != "duckdb":
        raise ConfigurationError(
            f"PRICING_LAKE_ENGINE={stage.engine} cannot make marts yet; use duckdb (`pricing-lake query` asks Athena)"
        )
    return {
        "lake": _lake(stage),
        "calendar": CalendarResource.of(stage.start_date, stage.end_date, stage.fiscal_year_start_month),
        "smartgo": SmartGoResource(home=str(stage.home), calendar=dict(stage.smartgo_calendar)),
        "carousel": CarouselResource(**vars(stage.carousel)),
        "fx": FxResource(url=stage.fx_url),
        "orders_stream": OrdersStreamResource(**vars(stage.orders_stream)),
        "snowflake": SnowflakeResource(**vars(stage.snowflake)),
        "redshift": RedshiftResource(**vars(stage.redshift)),
        "salesforce": SalesforceResource(**vars(stage.salesforce)),
        "masking": MaskingResource(home=str(stage.home), stage=stage.name),
        "pictures": PictureResource(
            store_uri=_files(stage),
            image_root=str(stage.image_root),
            concurrency=stage.image_concurrency,
            trusted_hosts=sorted(stage.trusted_image_hosts),
            region=stage.aws.region,
            endpoint=stage.aws.endpoint,
        ),
        "embedder": _embedder(stage),
        "progress": ProgressResource(
            table=stage.aws.progress_table if stage.is_on_aws else "",
            stage=stage.name,
            region=stage.aws.region,
            endpoint=stage.aws.endpoint,
        ),
        "engine": EngineResource(),
    }


def _files(stage: Stage) -> str:
    """Where everything but the catalog lies."""
    return stage.aws.root if stage.is_on_aws else f"file://{stage.home}"


def _lake(stage: Stage) -> LakeResource | GlueLakeResource:
    if not stage.is_on_aws:
        return LakeResource(
            catalog_uri=stage.catalog_uri,
            warehouse=str(stage.warehouse),
            namespace=stage.namespace,
            embedding_encoding=stage.embedding_encoding,
        )
    return GlueLakeResource(
        root=stage.aws.root,
        namespace=stage.namespace,
        embedding_encoding=stage.embedding_encoding,
        region=stage.aws.region,
        endpoint=stage.aws.endpoint,
    )


def _embedder(stage: Stage) -> EmbedderResource:
    if stage.embedder == "local" and not stage.is_on_aws:
        return EmbedderResource(home=str(stage.home))
    if stage.embedder == "local":
        raise ConfigurationError(
            f"stage {stage.name} keeps its vectors on S3, which the local embedder cannot; set "
            "PRICING_LAKE_EMBEDDER=bedrock"
        )
    home = stage.aws.root if stage.is_on_aws else str(stage.home)
    return BedrockEmbedderResource(
        home=home, files_region=stage.aws.region, files_endpoint=stage.aws.endpoint, **vars(stage.bedrock)
    )
