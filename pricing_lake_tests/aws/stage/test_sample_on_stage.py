"""`sample --stage dev`: a made-up shop in the home, its sales in the stage's lake; then everything verifies."""

import json

import pytest

from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake_tests.aws.bedrock_server import running_bedrock
from pricing_lake_tests.aws.iam_simulator import running_iam
from pricing_lake_tests.aws.stage.conftest import Dev

SMALL = ("--records", "1000", "--days", "2", "--tenants", "1", "--last-day", "2026-03-01")


@pytest.mark.services  # nothing is missing on a laptop, but it takes a minute
def test_a_sample_is_loaded_and_the_stage_verifies(dev: Dev, monkeypatch: pytest.MonkeyPatch) -> None:
    """The smoke test of docs/aws.md, on servers of this machine."""
    no_url = {"SMARTGO_URL": ""}
    assert dev.type("ensure", "--stage", "dev", "--json", **no_url).exit_code == 1  # the parameter is nobody's default
    with running_bedrock() as bedrock:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        loaded = dev.type("sample", "--stage", "dev", *SMALL, **no_url)
    assert loaded.exit_code == 0, loaded.output
    assert "sample made: 1,000 sales of 1 tenants, 2026-02-28 to 2026-03-01" in loaded.stdout
    rows = dev.lake().table(SALES_HISTORY).scan(selected_fields=("sale_id",)).to_arrow().num_rows
    assert 700 < rows < 1_000

    with running_iam(["*"]) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", url)
        verified = dev.type("verify", "--stage", "dev", "--json", **no_url)
    findings = json.loads(verified.stdout)
    assert [finding for finding in findings if finding["state"] == "FAIL"] == []
    assert verified.exit_code == 0
    counted = next(finding for finding in findings if finding["kind"] == "athena")
    assert counted["found"].startswith(f"{rows} rows")

    asked = dev.type("query", "brand_performance", "--stage", "dev", "--month", "2026-03", "--format", "json", **no_url)
    assert asked.exit_code == 0, asked.stderr
    assert json.loads(asked.stdout)


def test_prod_gets_no_sample(dev: Dev) -> None:
    refused = dev.type("sample", "--stage", "prod")
    assert refused.exit_code == 1
    assert refused.stderr == "error: stage prod holds real sales; load samples into dev or staging\n"
    assert not dev.home.exists()


@pytest.mark.parametrize("records", ["999", "100001", "many"])
def test_a_sample_has_a_thousand_to_a_hundred_thousand_sales(dev: Dev, records: str) -> None:
    assert dev.type("sample", "--stage", "dev", "--records", records).exit_code == 2


def test_how_many_sales_is_said_once(dev: Dev) -> None:
    refused = dev.type("sample", "--records", "1000", "--sales-per-day", "5")
    assert refused.stderr == "error: give --records or --sales-per-day, not both\n"


def test_records_are_spread_over_days_and_tenants(dev: Dev) -> None:
    made = dev.type("sample", "--records", "1000", "--days", "3", "--last-day", "2026-03-01", "--json", SMARTGO_URL="")
    assert json.loads(made.stdout)["sales"] == 1_008
