"""A publish of one bronze day with a secret in the shop's URL, and a search for that secret in all it left behind."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest

from pricing_lake.definitions import build_defs
from pricing_lake.stage import load_stage, write_settings
from pricing_lake.table_asset import policies

TABLE = "bronze/raw_smartgo_sales"
DAY = "2026-11-01"
CANARY = "Zq9-canary/of:the@lake"
FORMS = tuple(form.encode() for form in (CANARY, quote(CANARY, safe=""), quote(CANARY), "Zq9"))


def publish_day(home: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> dg.ExecuteInProcessResult:
    """Materialize the day's sales from the shop behind `url`, with Dagster's own records kept under `home`.

    What may pass later is tried once more and at once, not for minutes.
    """
    monkeypatch.setattr(policies, "RETRY_TRANSIENT", dg.RetryPolicy(max_retries=1, delay=0))
    write_settings(home, {"PRICING_LAKE_START_DATE": DAY, "PRICING_LAKE_END_DATE": DAY})
    monkeypatch.setenv("SMARTGO_URL", url)
    monkeypatch.setenv("PRICING_LAKE_HOME", str(home))
    records = home / "dagster"
    records.mkdir(parents=True, exist_ok=True)
    definitions = build_defs(load_stage(dict(os.environ)))
    with dg.DagsterInstance.local_temp(str(records)) as instance:
        return dg.materialize(
            definitions.resolve_asset_graph().assets_defs,
            selection=[TABLE],
            instance=instance,
            partition_key=DAY,
            raise_on_error=False,
        )


def reason(result: dg.ExecuteInProcessResult) -> str:
    """What a failed run says to whoever looks at it."""
    data = result.failure_data_for_node(TABLE.replace("/", "__"))
    assert data is not None
    return str(data.user_failure_data.description if data.user_failure_data else data.error_display_string)


def places_with(home: Path, *texts: str, needles: tuple[bytes, ...] = FORMS) -> Iterator[str]:
    """Give the files under `home`, and the captured texts, in which any of the needles stands."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and any(needle in path.read_bytes() for needle in needles):
            yield str(path.relative_to(home))
    for number, text in enumerate(texts):
        if any(needle in text.encode() for needle in needles):
            yield f"captured text {number}"
