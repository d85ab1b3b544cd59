"""docs/quality.md says what is so: its rules and checks are those of the lake, its paths are there after a run."""

import re
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from pricing_lake.cli import main
from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.gold_facts import FACT_SALES
from pricing_lake.contracts.model import Severity, Table
from pricing_lake.contracts.quality import QUALITY_RESULTS
from pricing_lake.definitions import build_defs
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.resources import resources_for
from pricing_lake.stage import Stage, load_stage
from pricing_lake.table_asset.partition_verdicts import GATE, QUARANTINE

PAGE = Path(__file__).parent.parent / "docs" / "quality.md"
LINES = PAGE.read_text(encoding="utf-8").splitlines()
LAYERS = ("## Bronze", "## Silver", "## Gold")
GENERATED = {GATE, QUARANTINE}
DAY = "2026-03-05"


def section(heading: str) -> list[list[str]]:
    """Cells of the table rows below a heading, up to the next one of its level."""
    start = next(number for number, line in enumerate(LINES) if line.startswith(heading))
    level = heading.split(" ")[0]
    end = next((n for n, line in enumerate(LINES[start + 1 :], start + 1) if line.startswith(f"{level} ")), len(LINES))
    rows = [line.strip("|").split("|") for line in LINES[start:end] if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows][2:]


def named(cell: str) -> list[str]:
    """Rules or checks in a cell, patterns included."""
    return re.findall(r"`([a-z*_0-9]+)`", cell)


def told() -> list[tuple[str, str, str]]:
    """Layer, rule or pattern, and severity as the page tells them."""
    return [
        (heading.split(" ")[1].lower(), name, severity.partition(":")[0])
        for heading in LAYERS
        for _, rules, severity in section(heading)
        for name in named(rules)
    ]


def severities(layer: str, pattern: str) -> set[str]:
    """Severities of the rules of a layer whose name is like this."""
    wanted = re.compile(pattern.replace("*", ".*"))
    tables = [table for table in TABLES if table.layer == layer]
    found = {rule.severity.value for table in tables for rule in table.all_rules if wanted.fullmatch(rule.name)}
    orphans = {Severity.CRITICAL.value for table in tables for name in table.references if wanted.fullmatch(name)}
    return found | orphans


@pytest.mark.parametrize(("layer", "pattern", "severity"), told(), ids=lambda word: word)
def test_every_rule_that_is_named_is_one_and_counts_as_is_said(layer: str, pattern: str, severity: str) -> None:
    assert severity in severities(layer, pattern)
    if "*" not in pattern:
        assert severities(layer, pattern) == {severity}


@pytest.mark.parametrize("table", [table for table in TABLES if table.layer == "gold"], ids=lambda table: table.name)
def test_every_rule_of_gold_that_warns_is_on_the_page(table: Table) -> None:
    """Those are the business ranges: whoever sees one looks here."""
    patterns = [re.compile(name.replace("*", ".*")) for _, rules, _ in section("## Gold") for name in named(rules)]
    own = [rule.name for rule in table.rules if rule.severity is Severity.WARN]
    assert [name for name in own if not any(pattern.fullmatch(name) for pattern in patterns)] == []


def test_the_checks_are_those_of_the_graph(tmp_path: Path) -> None:
    graph = build_defs(load_stage({"PRICING_LAKE_HOME": str(tmp_path)})).resolve_asset_graph()
    there = {(key.name, key.asset_key.to_user_string()) for key in graph.asset_check_keys if key.name not in GENERATED}
    page = {
        (name, table)
        for check, tables, *_ in section("## Checks that span days or tables")
        for name in named(check)
        for table in tables.split(", ")
    }
    assert page == there


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A lake of one day."""
    home = tmp_path_factory.mktemp("quality") / "lake"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PRICING_LAKE_START_DATE", "PRICING_LAKE_END_DATE", "PRICING_LAKE_IMAGE_ROOT", "SMARTGO_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("PRICING_LAKE_HOME", str(home))
        result = CliRunner().invoke(main, ["demo", "--days", "1", "--sales-per-day", "20", "--last-day", DAY])
        assert result.exit_code == 0, result.output
        return load_stage({"PRICING_LAKE_HOME": str(home)})


def verdict_of(stage: Stage, table_id: str) -> Verdict:
    return VerdictStore(resources_for(stage)["lake"].open().proofs).latest(table_id, [DAY])[DAY]


@pytest.mark.parametrize(
    ("table", "partition"),
    [("raw_smartgo_sales", DAY), ("sales_history", DAY), ("fact_sales", DAY), ("dim_product", "whole")],
)
def test_the_proof_of_a_publish_lies_where_the_page_says(stage: Stage, table: str, partition: str) -> None:
    proof = re.compile(rf"\d{{8}}T\d{{6}}\.\d{{6}}Z_{partition}\.json")
    found = [path.name for path in (stage.warehouse / "gold" / "quality" / table).iterdir()]
    assert [name for name in found if not proof.fullmatch(name)] == []
    assert found


def test_lanes_and_rows_lie_where_the_page_says(stage: Stage) -> None:
    lake = resources_for(stage)["lake"].open()
    spoiled = verdict_of(stage, "bronze/raw_smartgo_sales")
    assert spoiled.quarantined_rows > 0
    lane = stage.warehouse / "_errors" / "bronze" / "raw_smartgo_sales" / f"dt={DAY}" / f"run_id={spoiled.batch_id}"
    assert list(lane.iterdir()) != []
    rows = lake.table(QUALITY_RESULTS).scan(row_filter=f"table_id = '{FACT_SALES.id}'").to_arrow().to_pylist()
    results = {row["rule"]: row["severity"] for row in rows if row["kind"] == "rule"}
    assert results["sale_price_unlikely"] == "warn"
    assert results["customer_sk_orphan"] == "critical"


def test_dagit_shows_the_checks_of_the_run(stage: Stage) -> None:
    with dg.DagsterInstance.from_config(str(stage.dagster_home)) as instance:
        keys = [dg.AssetCheckKey(dg.AssetKey(["gold", "fact_sales"]), name) for name in (GATE, "up_to_date")]
        found = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    assert {key.name: record.status.value for key, record in found.items()} == {
        GATE: "SUCCEEDED",
        "up_to_date": "SUCCEEDED",
    }
