from pricing_lake.cli.demo_report import print_answers
from pricing_lake.stage import load_stage


def test_the_answers_of_a_published_sample(demo, demo_home, capsys, monkeypatch):
    monkeypatch.setenv("PRICING_LAKE_HOME", str(demo_home))
    for name in ("SMARTGO_URL", "PRICING_LAKE_START_DATE", "PRICING_LAKE_END_DATE"):
        monkeypatch.delenv(name, raising=False)
    assert print_answers(load_stage()) == ""
    told = capsys.readouterr().out
    assert "silver/sales_history" in told
    brands = told.partition("Leading brands of 2026-03")[2].partition("\n\n")[0].splitlines()[2:]
    assert [line.split()[1] for line in brands] == ["1", "2", "3"]
