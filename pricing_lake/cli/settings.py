"""Who set each setting, safe to show, and adding settings to a home. Their values are read by `stage` alone."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from pricing_lake.cli.listed_settings import secrets_in_force, settings_of_services
from pricing_lake.errors import ConfigurationError
from pricing_lake.stage import SETTINGS_FILE, Stage, write_settings

MAPPING = "smartgo_mapping"
_SAFE_URL = re.compile(
    r"(?P<scheme>[a-z0-9+]+)://(?:(?P<user>[^:/@?#]*)(?::[^/@?#]*)?@)?(?P<rest>[\w.\[\]:-]+(?:/[\w./-]*)?)(?:\?.*)?"
)


@dataclass(frozen=True)
class Setting:
    """One setting as it is in force, and who set it: environment, settings.toml or default."""

    name: str
    value: str
    source: str


def settings_in_force(stage: Stage) -> list[Setting]:
    """Every setting of `stage` by name, without passwords."""
    values = {
        "PRICING_LAKE_STAGE": stage.name,
        "PRICING_LAKE_HOME": str(stage.home),
        "PRICING_LAKE_START_DATE": stage.start_date.isoformat(),
        "PRICING_LAKE_END_DATE": stage.end_date.isoformat() if stage.end_date else "none, the lake grows every day",
        "PRICING_LAKE_ENGINE": stage.engine,
        "PRICING_LAKE_EMBEDDER": stage.embedder,
        "PRICING_LAKE_EMBEDDING_ENCODING": stage.embedding_encoding,
        "PRICING_LAKE_IMAGE_ROOT": str(stage.image_root),
        "PRICING_LAKE_IMAGE_CONCURRENCY": str(stage.image_concurrency),
        "PRICING_LAKE_TRUSTED_IMAGE_HOSTS": " ".join(sorted(stage.trusted_image_hosts)) or "none",
        "PRICING_LAKE_BACKFILL_DAYS": str(stage.backfill_days),
        "PRICING_LAKE_FISCAL_YEAR_START_MONTH": str(stage.fiscal_year_start_month),
        "PRICING_LAKE_LATE_LOOK_BACK_DAYS": str(stage.late_look_back_days),
        "PRICING_LAKE_LATE_OVERLAP_MINUTES": str(stage.late_overlap_minutes),
        "SMARTGO_URL": stage.smartgo_url,
        "SMARTGO_PARAMETER": stage.smartgo_parameter or "none",
        "[smartgo_mapping]": ", ".join(stage.smartgo_mapping) or "none",
        "[smartgo_calendar]": ", ".join(stage.smartgo_calendar) or "none",
        **settings_of_services(stage),
        **secrets_in_force(stage),
    }
    written = _written(stage.home)
    return [Setting(name, _shown(name, value), _source(name.strip("[]"), written)) for name, value in values.items()]


def _shown(name: str, value: str) -> str:
    return without_password(value) if name.endswith("_URL") and "://" in value else value


def add_settings(home: Path, settings: Mapping[str, str]) -> list[str]:
    """Add `settings` to the home's file, keeping its others; returns those that the environment overrules.

    Raises ConfigurationError when the file maps another shop's columns: its settings are not ours to change.
    """
    written = _written(home)
    if MAPPING in written:
        raise ConfigurationError(
            f"{home / SETTINGS_FILE} maps the columns of another shop; set PRICING_LAKE_HOME to a new folder"
        )
    write_settings(home, {name: str(value) for name, value in {**written, **settings}.items()})
    return [name for name, value in settings.items() if os.environ.get(name, value) != value]


def is_in_environment(name: str) -> bool:
    """Whether the environment sets `name`, to anything but nothing."""
    return bool(os.environ.get(name))


def without_password(url: str) -> str:
    """`url` as it may be shown: no password, no query. Of a URL that is not plainly read only the scheme is shown."""
    scheme = url.partition("://")[0] if "://" in url else "no scheme"
    if scheme == "sqlite" or url.startswith("file:///"):
        return url
    parts = _SAFE_URL.fullmatch(url)
    if parts is None or url.count("@") != (parts["user"] is not None):
        return f"{scheme}://…"
    user = f"{parts['user']}@" if parts["user"] else ""
    return f"{scheme}://{user}{parts['rest']}"


def hide_password(text: str, url: str) -> str:
    """`text` without the password of `url`, should it be in it."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" or url.startswith("file:///"):
        return text
    shown = text.replace(url, without_password(url))
    user_and_password = rest.rpartition("@")[0]
    passwords = [user_and_password.partition(":")[2], *parse_qs(rest.partition("?")[2]).get("password", [])]
    for password in filter(None, passwords):
        shown = shown.replace(password, "…").replace(unquote(password), "…")
    return shown


def _written(home: Path) -> dict[str, Any]:
    path = home / SETTINGS_FILE
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _source(name: str, written: Mapping[str, Any]) -> str:
    if is_in_environment(name):
        return "environment"
    return SETTINGS_FILE if name in written else "default"
