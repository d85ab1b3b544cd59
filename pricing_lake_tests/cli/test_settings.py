import pytest

from pricing_lake.cli.settings import add_settings, hide_password, settings_in_force, without_password
from pricing_lake.errors import ConfigurationError
from pricing_lake.stage import load_stage


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////data/smart go.db", "sqlite:////data/smart go.db"),
        ("file:///data/sample%20rates", "file:///data/sample%20rates"),
        ("file://reader:s3/cr3t@db.example/shop", "file://…"),
        ("postgresql://reader:s3cr3t@db.example:5432/shop", "postgresql://reader@db.example:5432/shop"),
        ("postgresql://reader@db.example/shop", "postgresql://reader@db.example/shop"),
        ("postgresql://db.example/shop?user=reader&password=s3cr3t", "postgresql://db.example/shop"),
        ("postgresql://reader:s3@cr3t@db.example/shop", "postgresql://…"),
        ("postgresql://reader:s3/cr3t@db.example/shop", "postgresql://…"),
        ("postgresql://reader:1?s3cr3t@db.example/shop", "postgresql://…"),
        ("postgresql://reader:1#s3cr3t@db.example/shop", "postgresql://…"),
        ("postgresql://db.example/shop?password=s3cr3t@x", "postgresql://…"),
        ("s3cr3t", "no scheme://…"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert without_password(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:s3cr3t@db.example/shop",
        "postgresql://db.example/shop?password=s3cr3t",
        "postgresql://reader:s3cr%33t@db.example/shop",
    ],
)
def test_a_password_is_cut_out_of_any_text(url):
    told = hide_password(f"cannot connect to {url} as reader with s3cr3t", url)
    assert "cr3t" not in told
    assert "cannot connect to postgresql://" in told


def test_each_setting_says_who_set_it(home, monkeypatch):
    monkeypatch.setenv("PRICING_LAKE_HOME", str(home))
    monkeypatch.setenv("PRICING_LAKE_BACKFILL_DAYS", "3")
    monkeypatch.delenv("PRICING_LAKE_START_DATE", raising=False)
    monkeypatch.delenv("SMARTGO_URL", raising=False)
    add_settings(home, {"PRICING_LAKE_START_DATE": "2026-03-01"})
    found = {setting.name: (setting.value, setting.source) for setting in settings_in_force(load_stage())}
    assert found["PRICING_LAKE_BACKFILL_DAYS"] == ("3", "environment")
    assert found["PRICING_LAKE_START_DATE"] == ("2026-03-01", "settings.toml")
    assert found["PRICING_LAKE_ENGINE"] == ("duckdb", "default")
    assert found["SMARTGO_URL"][1] == "default"


def test_adding_keeps_what_is_there(home, monkeypatch):
    monkeypatch.setenv("PRICING_LAKE_END_DATE", "2026-04-01")
    add_settings(home, {"PRICING_LAKE_BACKFILL_DAYS": "3", "PRICING_LAKE_START_DATE": "2026-01-01"})
    overruled = add_settings(home, {"PRICING_LAKE_START_DATE": "2026-03-01", "PRICING_LAKE_END_DATE": "2026-03-05"})
    stage = load_stage({"PRICING_LAKE_HOME": str(home)})
    assert (stage.backfill_days, f"{stage.start_date} {stage.end_date}") == (3, "2026-03-01 2026-03-05")
    assert overruled == ["PRICING_LAKE_END_DATE"]


def test_another_shops_settings_are_left_alone(home):
    home.mkdir()
    mine = '[smartgo_mapping]\ntable = "orders"\n'
    (home / "settings.toml").write_text(mine)
    with pytest.raises(ConfigurationError, match="another shop"):
        add_settings(home, {"PRICING_LAKE_START_DATE": "2026-03-01"})
    assert (home / "settings.toml").read_text() == mine
