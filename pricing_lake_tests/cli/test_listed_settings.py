"""Every setting that the lake reads is listed, and no secret is in the list."""

import os
from pathlib import Path

import pytest

from pricing_lake.cli.listed_settings import SECRETS, hide_secrets
from pricing_lake.cli.settings import settings_in_force
from pricing_lake.stage import Stage, load_stage


class Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, *settings: dict[str, str]) -> None:
        super().__init__(*settings)
        self.names: set[str] = set()

    def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)


def listed(stage: Stage) -> dict[str, str]:
    return {setting.name: setting.value for setting in settings_in_force(stage)}


@pytest.mark.parametrize("name", ["local", "dev"])
def test_every_setting_that_a_stage_asks_for_is_listed(tmp_path: Path, name: str) -> None:
    asked = Asked({"PRICING_LAKE_HOME": str(tmp_path), "PRICING_LAKE_STAGE": name})
    assert asked.names <= set(listed(load_stage(asked)))
    assert len(asked.names) > 70


def test_every_table_of_the_settings_file_is_listed_by_its_keys(tmp_path: Path) -> None:
    tables = (
        "smartgo_mapping", "smartgo_calendar", "carousel_attributes", "orders_kafka_properties",
        "orders_registry_properties", "snowflake_orders_mapping", "snowflake_customers_mapping", "redshift_mapping",
        "salesforce_accounts_mapping", "salesforce_leads_mapping",
    )  # fmt: skip
    sections = [f'[{table}]\n"some.key" = "hunter2"\nother = "hunter3"\n' for table in tables]
    (tmp_path / "settings.toml").write_text("\n".join(sections))
    found = listed(load_stage({"PRICING_LAKE_HOME": str(tmp_path)}))
    assert {found[f"[{table}]"] for table in tables} == {"some.key, other"}
    assert not any("hunter" in value for value in found.values())


def test_a_secret_is_only_said_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"PRICING_LAKE_HOME": str(tmp_path), "SMARTGO_URL": "postgresql://lake:hunter2@db/shop"}
    found = listed(load_stage(settings))
    assert {found[name] for name in SECRETS} == {"not set"}
    for name in SECRETS:
        monkeypatch.setenv(name, "hunter2")
    found = listed(load_stage({**os.environ, **settings}))
    assert {found[name] for name in SECRETS} == {"set"}
    assert not any("hunter2" in value for value in found.values())


def test_who_set_a_setting_of_a_source_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_ROLE", "READER")
    monkeypatch.delenv("SNOWFLAKE_USER", raising=False)
    (tmp_path / "settings.toml").write_text('SNOWFLAKE_USER = "LAKE"\n[redshift_mapping]\ntable = "events"\n')
    stage = load_stage({"PRICING_LAKE_HOME": str(tmp_path), "SNOWFLAKE_ROLE": "READER"})
    found = {setting.name: (setting.value, setting.source) for setting in settings_in_force(stage)}
    assert found["SNOWFLAKE_ROLE"] == ("READER", "environment")
    assert found["SNOWFLAKE_USER"] == ("LAKE", "settings.toml")
    assert found["[redshift_mapping]"] == ("table", "settings.toml")
    assert found["SNOWFLAKE_SCHEMA"] == ("PUBLIC", "default")


def test_secrets_are_cut_out_of_any_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_SCHEMA_REGISTRY_USER_INFO", "lake:hunter2")
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "hunter3")
    stage = load_stage({"PRICING_LAKE_HOME": str(tmp_path), "SMARTGO_TOKEN": "hunter4"})
    told = hide_secrets("lake:hunter2, hunter2, hunter3 and hunter4 were refused", stage)
    assert told == "…, …, … and … were refused"
