from datetime import date

from pricing_lake.cli.day_report import as_report, print_report, summary
from pricing_lake.cli.materialize import Work
from pricing_lake.cli.run_days import PartitionOutcome, Published
from pricing_lake.cli.selection import select_tables
from pricing_lake.contracts.model import Severity
from pricing_lake.lake.verdicts import RuleResult, Verdict, now_utc

DAYS = [date(2026, 3, 1), date(2026, 3, 2)]
GOOD = PartitionOutcome(
    "2026-03-01",
    1.5,
    {
        "bronze/raw_smartgo_sales": Published(90, 8, 2, 0, changed=True),
        "silver/sales_history": Published(85, 0, 0, 5, changed=False),
    },
)
REFUSED = PartitionOutcome(
    "2026-03-02",
    refused=(
        Verdict(
            "bronze/raw_smartgo_sales",
            "2026-03-02",
            "batch",
            "run",
            1,
            now_utc(),
            (RuleResult("bad_share", Severity.CRITICAL, passed=False, note="all bad"),),
            source_rows=100,
            quarantined_rows=99,
            duplicate_rows=1,
        ),
    ),
)


def work(*outcomes: PartitionOutcome, names: tuple[str, ...] = ("bronze", "silver")) -> Work:
    return Work(select_tables(names), DAYS, list(outcomes))


def test_a_line_per_day_then_why(capsys):
    print_report(work(GOOD, REFUSED))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        "day",
        "rows",
        "of",
        "silver/sales_history",
        "quarantined",
        "duplicates",
        "excluded",
        "changed",
        "verdict",
    ]
    assert lines[1].split() == ["2026-03-01", "85", "8", "2", "5", "yes", "passed"]
    assert lines[2].split() == ["2026-03-02", "-", "99", "1", "0", "no", "REFUSED"]
    assert lines[3] == "2026-03-02 REFUSED: bronze/raw_smartgo_sales 2026-03-02 refused: bad_share: all bad"
    assert lines[4] == "1 of 2 days published in 1.5 s"


def test_rows_are_those_of_the_last_selected_table_without_sales_history(capsys):
    print_report(work(GOOD, names=("raw_smartgo_sales",)))
    assert capsys.readouterr().out.splitlines()[1].split()[1] == "90"


def test_nothing_changed_is_said():
    same = PartitionOutcome("2026-03-01", 1.0, {"silver/sales_history": Published(85, 0, 0, 5, changed=False)})
    assert summary(work(same)) == "1 of 2 days published in 1.0 s; nothing changed"


def test_the_same_as_data():
    report = as_report(work(GOOD, REFUSED))
    assert (report["done"], report["changed"], report["interrupted"]) == (False, True, False)
    assert report["days"][0]["tables"]["silver/sales_history"]["rows"] == 85
    assert report["days"][1]["why"].endswith("all bad")


def test_an_interruption_is_not_done():
    stopped = work(GOOD)
    stopped.interrupted = True
    assert not stopped.done
