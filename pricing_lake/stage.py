"""Every setting of the lake, read and validated once. Nothing is read at import; nothing else reads the environment."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pricing_lake.errors import ConfigurationError
from pricing_lake.stage_aws import AwsSettings
from pricing_lake.stage_bedrock import BedrockSettings
from pricing_lake.stage_sources import (
    CarouselSettings,
    OrdersStreamSettings,
    RedshiftSettings,
    SalesforceSettings,
    SnowflakeSettings,
)

LOCAL = "local"
STAGES = (LOCAL, "dev", "staging", "prod")
ENGINES = ("duckdb", "athena", "spark")
EMBEDDERS = ("local", "bedrock")
EMBEDDING_ENCODINGS = ("BYTE_STREAM_SPLIT", "PLAIN")
SETTINGS_FILE = "settings.toml"


@dataclass(frozen=True)
class Stage:
    """One place the lake runs in, with all its settings.

    `end_date` is the last day that has data, or None for a lake that grows every day. `smartgo_mapping` renames the
    columns of another shop's table. `trusted_image_hosts` are exempt from the address guard.
    """

    name: str
    home: Path
    start_date: date
    end_date: date | None
    engine: str
    smartgo_url: str
    smartgo_parameter: str
    smartgo_token: str = field(repr=False)
    smartgo_mapping: Mapping[str, Any]
    smartgo_calendar: Mapping[str, Any]
    late_look_back_days: int
    late_overlap_minutes: int
    carousel: CarouselSettings
    orders_stream: OrdersStreamSettings
    snowflake: SnowflakeSettings
    redshift: RedshiftSettings
    salesforce: SalesforceSettings
    fx_url: str
    aws: AwsSettings
    bedrock: BedrockSettings
    embedder: str
    embedding_encoding: str
    image_root: Path
    image_concurrency: int
    trusted_image_hosts: frozenset[str]
    backfill_days: int
    fiscal_year_start_month: int

    @property
    def namespace(self) -> str:
        """Namespace of the catalog: the Glue database's name on AWS."""
        return self.aws.database

    @property
    def is_on_aws(self) -> bool:
        """Whether catalog and files are on AWS; the local stage has SQLite and a folder."""
        return self.name != LOCAL

    @property
    def catalog_uri(self) -> str:
        """The local catalog; writers wait for each other half a minute before SQLite calls it locked."""
        return f"sqlite:///{self.home / 'catalog.db'}?timeout=30"

    @property
    def warehouse(self) -> Path:
        """Where the tables' files lie."""
        return self.home / "warehouse"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance: runs, partitions and checks."""
        return self.home / "dagster"


def load_stage(environment: Mapping[str, str] | None = None) -> Stage:
    """The stage described by the environment, then by `settings.toml` in its home, then by defaults.

    Raises ConfigurationError, one line naming the setting, its value and what is allowed.
    """
    variables = os.environ if environment is None else environment
    home = Path(variables.get("PRICING_LAKE_HOME", ".lake")).absolute()
    written = _settings_file(home)
    read = _Settings(variables, written)
    return Stage(
        name=read.one_of("PRICING_LAKE_STAGE", STAGES),
        home=home,
        start_date=read.day("PRICING_LAKE_START_DATE", date(2024, 1, 1)),
        end_date=read.optional_day("PRICING_LAKE_END_DATE"),
        engine=read.one_of("PRICING_LAKE_ENGINE", ENGINES),
        smartgo_url=read.text("SMARTGO_URL", f"sqlite:///{home / 'sample' / 'smartgo.db'}"),
        smartgo_parameter=read.text("SMARTGO_PARAMETER", _default_parameter(read)),
        smartgo_token=read.text("SMARTGO_TOKEN", ""),
        smartgo_mapping=read.table("smartgo_mapping"),
        smartgo_calendar=read.table("smartgo_calendar"),
        late_look_back_days=read.count("PRICING_LAKE_LATE_LOOK_BACK_DAYS", 14),
        late_overlap_minutes=read.count("PRICING_LAKE_LATE_OVERLAP_MINUTES", 60),
        carousel=CarouselSettings.read(read),
        orders_stream=OrdersStreamSettings.read(read),
        snowflake=SnowflakeSettings.read(read),
        redshift=RedshiftSettings.read(read),
        salesforce=SalesforceSettings.read(read),
        fx_url=read.text("FX_URL", "off"),
        aws=AwsSettings.read(read),
        bedrock=BedrockSettings.read(read),
        embedder=read.one_of("PRICING_LAKE_EMBEDDER", EMBEDDERS, _default_embedder(read)),
        embedding_encoding=read.one_of("PRICING_LAKE_EMBEDDING_ENCODING", EMBEDDING_ENCODINGS),
        image_root=Path(read.text("PRICING_LAKE_IMAGE_ROOT", str(home / "sample"))).absolute(),
        image_concurrency=read.count("PRICING_LAKE_IMAGE_CONCURRENCY", 16),
        trusted_image_hosts=frozenset(read.text("PRICING_LAKE_TRUSTED_IMAGE_HOSTS", "").split()),
        backfill_days=read.count("PRICING_LAKE_BACKFILL_DAYS", 7),
        fiscal_year_start_month=read.count("PRICING_LAKE_FISCAL_YEAR_START_MONTH", 1),
    )


def write_settings(home: Path, settings: Mapping[str, str]) -> Path:
    """Write `settings.toml` into the home, so that every later command and `make ui` see the same lake."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / SETTINGS_FILE
    lines = ["# Settings of this lake; an environment variable of the same name wins."]
    lines += [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _settings_file(home: Path) -> dict[str, Any]:
    path = home / SETTINGS_FILE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; mend or delete it") from error


def _default_parameter(read: "_Settings") -> str:
    """On AWS the shop's connection is in Parameter Store unless a URL is given."""
    on_aws = read.text("PRICING_LAKE_STAGE", LOCAL) != LOCAL
    return AwsSettings.read(read).parameter if on_aws and not read.text("SMARTGO_URL", "") else ""


def _default_embedder(read: "_Settings") -> str:
    """On AWS pictures are embedded by Bedrock unless somebody says otherwise."""
    return "local" if read.text("PRICING_LAKE_STAGE", LOCAL) == LOCAL else "bedrock"


@dataclass(frozen=True)
class _Settings:
    """Looks one setting up in the environment, then in the file, and validates it."""

    variables: Mapping[str, str]
    written: Mapping[str, Any]

    def text(self, name: str, default: str) -> str:
        value = self.variables.get(name) or self.written.get(name) or default
        if not isinstance(value, str):
            raise ConfigurationError(f"{name} must be text, not {value!r}")
        return value

    def table(self, name: str) -> Mapping[str, Any]:
        table = self.written.get(name, {})
        if not isinstance(table, dict):
            raise ConfigurationError(f"settings.toml: [{name}] must be a table")
        return table

    def one_of(self, name: str, words: tuple[str, ...], default: str = "") -> str:
        """One of `words`, the first being the default unless another is named."""
        value = self.text(name, default or words[0])
        if value not in words:
            raise ConfigurationError(f"{name}={value!r} is not known; use one of {', '.join(words)}")
        return value

    def optional_day(self, name: str) -> date | None:
        return self.day(name, date.min) if self.text(name, "") else None

    def day(self, name: str, default: date) -> date:
        value = self.text(name, default.isoformat())
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ConfigurationError(f"{name}={value!r} is not a date; write it as YYYY-MM-DD") from None

    def count(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal() or int(value) < 1:
            raise ConfigurationError(f"{name}={value!r} must be a whole number of at least 1")
        return int(value)
