import json

import pytest

from pricing_lake.cli.selection import fed_tables
from pricing_lake.contracts.all import TABLES
from pricing_lake.stage import load_stage


def checks(result):
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


def test_a_lake_in_order(on_demo, demo_home):
    result = on_demo("doctor", "--json")
    assert result.exit_code == 0
    assert {check["status"] for check in checks(result).values()} <= {"ok", "warn"}
    told = on_demo("doctor").stdout
    assert "SMARTGO_URL" in told
    assert "settings.toml" in told
    there = len(fed_tables(load_stage({"PRICING_LAKE_HOME": str(demo_home)})))
    assert f"{there} of {len(TABLES)} tables" in told


def test_an_unreachable_source_is_told_beside_all_the_rest_and_without_its_password(pricing_lake):
    result = pricing_lake("doctor", SMARTGO_URL="postgresql://reader:s3cr3t@127.0.0.1:1/shop")
    assert result.exit_code == 1
    assert "s3cr3t" not in result.stdout + result.stderr
    assert "postgresql://reader@127.0.0.1:1/shop" in result.stdout
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert "FAIL" in lines["SmartGo"]
    assert "cannot be reached" in lines["SmartGo"]
    assert "ok" in lines["embedder"]
    assert "ok" in lines["engine"]


def test_a_missing_column_is_told_with_what_to_do(shop, pricing_lake):
    shop.execute("ALTER TABLE sales DROP COLUMN category")
    result = pricing_lake("doctor", "--json", PRICING_LAKE_HOME=str(shop.home))
    assert result.exit_code == 1
    smartgo = checks(result)["SmartGo"]
    assert (smartgo["status"], smartgo["found"].partition(";")[0]) == ("FAIL", "no column category")
    assert "smartgo_mapping" in smartgo["advice"]


@pytest.mark.parametrize(
    ("setting", "text"),
    [({"PRICING_LAKE_START_DATE": "soon"}, "not a date"), ({"PRICING_LAKE_STAGE": "mars"}, "local")],
)
def test_a_wrong_setting_is_a_failed_check_and_no_traceback(pricing_lake, setting, text):
    result = pricing_lake("doctor", "--json", **setting)
    assert result.exit_code == 1
    found = checks(result)["settings"]
    assert found["status"] == "FAIL"
    assert text in found["found"]
