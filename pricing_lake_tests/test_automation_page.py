"""docs/automation.md names every schedule and sensor, and says truly whether it is on as delivered."""

import re
from pathlib import Path

from pricing_lake_tests.test_graph import local_definitions

PAGE = Path(__file__).parent.parent / "docs" / "automation.md"


def test_the_page_says_what_runs_by_itself(tmp_path: Path) -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (on|off) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    repository = local_definitions(tmp_path).get_repository_def()
    instigators = [*repository.schedule_defs, *repository.sensor_defs]
    assert told == {each.name: "on" if each.default_status.value == "RUNNING" else "off" for each in instigators}
