"""bronze/raw_smartgo_sales from a web service: the same contract and verdicts, and no trace of the token."""

import logging
from decimal import Decimal
from pathlib import Path

import pytest

from pricing_lake.cli.clients import lake_of
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.stage import load_stage
from pricing_lake_tests.canary import CANARY, DAY, places_with, publish_day, reason
from pricing_lake_tests.sources.sales_service import SalesService, sale, serving, status


def lake(home: Path) -> Lake:
    return lake_of(load_stage({"PRICING_LAKE_HOME": str(home)}))


def verdict(home: Path) -> Verdict:
    return VerdictStore(lake(home).proofs).latest(RAW_SMARTGO_SALES.id, [DAY])[DAY]


def test_a_day_is_published_and_its_dirt_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sales = [sale(number, sold_price=12.5) for number in range(5)]
    with serving(
        SalesService([*sales, sale(6, sold_price="cheap"), sale(7, sold_at="2026-11-03T00:00:00Z")])
    ) as service:
        assert publish_day(tmp_path, monkeypatch, service.url).success
    judged = verdict(tmp_path)
    assert (judged.source_rows, judged.good_rows, judged.quarantined_rows) == (7, 5, 2)
    assert dict(judged.reasons) == {"sold_price_unparseable": 1, "sold_at_in_future": 1, "sold_at_outside_partition": 1}
    stored = lake(tmp_path).table(RAW_SMARTGO_SALES).scan().to_arrow()
    assert stored["sold_price"].to_pylist() == [Decimal("12.50")] * 5
    assert set(stored["_source_system"].to_pylist()) == {"smartgo"}


@pytest.mark.parametrize("token", [CANARY, f"{CANARY}-wrong"], ids=["let in", "refused"])
def test_the_token_leaves_no_trace(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    token: str,
) -> None:
    with (
        serving(SalesService([sale(1), sale(2, sold_price="cheap")], token=CANARY, faults=[status(503)])) as service,
        caplog.at_level(logging.DEBUG),
    ):
        address = service.url.rpartition("@")[2]
        url = f"http://:{token.replace('/', '%2F').replace(':', '%3A').replace('@', '%40')}@{address}"
        result = publish_day(tmp_path, monkeypatch, url)
    assert result.success == (token == CANARY)
    captured = (caplog.text, *capfd.readouterr())
    assert list(places_with(tmp_path, *captured)) == []
    if not result.success:
        assert "refuses the token (401): correct SMARTGO_TOKEN" in reason(result)
        assert any("dagster" in place for place in places_with(tmp_path, needles=(b"refuses the token",)))


def test_the_token_may_stand_in_a_setting_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTGO_TOKEN", CANARY)
    with serving(SalesService([sale(1)], token=CANARY)) as service:
        address = service.url.rpartition("@")[2].rpartition("//")[2]
        assert publish_day(tmp_path, monkeypatch, f"http://{address}").success
