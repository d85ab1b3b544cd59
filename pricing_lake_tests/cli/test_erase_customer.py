"""`pricing-lake erase-customer` as a person types it, on a lake of a few sales."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pricing_lake.cli.command_group import LakeGroup
from pricing_lake.cli.erase_customer import erase_customer_command
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.resources import resources_for
from pricing_lake.stage import load_stage
from pricing_lake_tests.gold.silver_days import table_of
from pricing_lake_tests.silver.bronze_days import at, window_of

BUYERS = ("c1", None, "c2", "c1")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Four sales of one day: two of one buyer, one of another, one of nobody known."""
    lake: Lake = resources_for(load_stage({"PRICING_LAKE_HOME": str(tmp_path)}))["lake"].open()
    rows = table_of(
        RAW_SMARTGO_SALES,
        [
            {"sale_id": f"s{number}", "sold_at": at(1), "updated_at": at(1), "customer_id": buyer, "quantity": 1}
            for number, buyer in enumerate(BUYERS)
        ],
    )
    published = publish(lake, RAW_SMARTGO_SALES, [window_of(1)], lambda _: Candidate(rows), "run")
    assert [verdict.good_rows for verdict in published.verdicts] == [4]
    return lake


def typed(home: Path, *words: str) -> Result:
    group = LakeGroup("pricing-lake")
    group.add_command(erase_customer_command)
    return CliRunner(env={"PRICING_LAKE_HOME": str(home)}).invoke(group, ["erase-customer", *words])


def buyers(lake: Lake) -> list[object]:
    rows = lake.table(RAW_SMARTGO_SALES).scan(selected_fields=("sale_id", "customer_id")).to_arrow().to_pylist()
    return [row["customer_id"] for row in sorted(rows, key=lambda row: row["sale_id"])]


def test_without_yes_it_only_counts(lake: Lake, tmp_path: Path) -> None:
    told = typed(tmp_path, "c1")
    assert told.exit_code == 0
    assert "bronze/raw_smartgo_sales" in told.stdout
    assert "2 rows would be erased; nothing was changed. Erase them with --yes" in told.stdout
    assert buyers(lake) == list(BUYERS)


def test_with_yes_their_rows_go_and_those_of_nobody_known_stay(lake: Lake, tmp_path: Path) -> None:
    told = typed(tmp_path, "c1", "--yes")
    assert told.exit_code == 0
    assert "2 rows are erased" in told.stdout
    assert "earlier states of bronze/raw_smartgo_sales still hold rows of theirs" in told.stderr
    assert buyers(lake) == [None, "c2"]


def test_the_second_time_there_is_nothing_to_erase(lake: Lake, tmp_path: Path) -> None:
    typed(tmp_path, "c1", "--yes")
    told = json.loads(typed(tmp_path, "c1", "--yes", "--json").stdout)
    assert told["erased"] is True
    assert [place["rows"] for place in told["places"]] == [0]


def test_somebody_whom_nobody_knows_is_told_as_such(lake: Lake, tmp_path: Path) -> None:
    told = typed(tmp_path, "nobody", "--yes")
    assert (told.exit_code, told.stdout) == (0, "nothing in the lake is theirs\n")


def test_an_id_with_quotes_is_an_id(lake: Lake, tmp_path: Path) -> None:
    assert typed(tmp_path, "c1' OR '1'='1", "--yes").exit_code == 0
    assert buyers(lake) == list(BUYERS)


def test_another_shop_s_customer_stays(lake: Lake, tmp_path: Path) -> None:
    typed(tmp_path, "c1", "--tenant", "bolt", "--yes")
    assert buyers(lake) == list(BUYERS)


@pytest.mark.parametrize("words", [("c1", "--tenant", "Not a tenant"), (" ",)])
def test_what_cannot_be_meant_is_refused_in_one_line(lake: Lake, tmp_path: Path, words: tuple[str, ...]) -> None:
    told = typed(tmp_path, *words, "--yes")
    assert told.exit_code != 0
    assert buyers(lake) == list(BUYERS)
