"""One Dagster resource per outside system, and `resources_for(stage)`, which alone turns settings into clients."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake.resources.carousel import CarouselResource
from pricing_lake.resources.embedder import EmbedderResource
from pricing_lake.resources.engine import EngineResource
from pricing_lake.resources.fx import FxResource
from pricing_lake.resources.lake import LakeResource
from pricing_lake.resources.masking import MaskingResource
from pricing_lake.resources.orders_stream import OrdersStreamResource
from pricing_lake.resources.pictures import PictureResource
from pricing_lake.resources.redshift import RedshiftResource
from pricing_lake.resources.salesforce import SalesforceResource
from pricing_lake.resources.smartgo import SmartGoResource
from pricing_lake.resources.snowflake import SnowflakeResource
from pricing_lake.stage import Stage


def resources_for(stage: Stage) -> Mapping[str, dg.ConfigurableResource[Any]]:
    """Every resource of a stage, by the key that transforms name in their parameters. Opens nothing."""
    if stage.name != "local" or stage.engine != "duckdb" or stage.embedder != "local":
        raise ConfigurationError(
            f"stage {stage.name} with engine {stage.engine} and embedder {stage.embedder} is not built yet; "
            "use local, duckdb and local"
        )
    return {
        "lake": LakeResource(
            catalog_uri=stage.catalog_uri,
            warehouse=str(stage.warehouse),
            namespace=stage.namespace,
            embedding_encoding=stage.embedding_encoding,
        ),
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
            store_uri=f"file://{stage.home}",
            image_root=str(stage.image_root),
            concurrency=stage.image_concurrency,
            trusted_hosts=sorted(stage.trusted_image_hosts),
        ),
        "embedder": EmbedderResource(home=str(stage.home)),
        "engine": EngineResource(),
    }
