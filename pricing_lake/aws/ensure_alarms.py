"""Makes the alarms of `alarms` and the dashboard that shows what they watch."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.alarms import alarms_of
from pricing_lake.aws.explain import code_of, explained
from pricing_lake.aws.findings import Step, ok, to_make, to_mend
from pricing_lake.aws.metrics import Metric
from pricing_lake.aws.names import METRICS, AwsNames

ALARM, DASHBOARD = "alarm", "dashboard"
TELLS_NOBODY = "It tells nobody: set PRICING_LAKE_ALARM_TOPIC."


def ensure_alarms(account: Account, names: AwsNames, scan_limit_gb: int) -> Iterator[Step]:
    """One alarm each; an alarm is a setting of ours, so one that was changed is set right."""
    wanted = alarms_of(names, scan_limit_gb)
    cloudwatch = account.client("cloudwatch")
    with explained("cloudwatch", account.region):
        answer = cloudwatch.describe_alarms(AlarmNames=[alarm["AlarmName"] for alarm in wanted])
    stored = {alarm["AlarmName"]: alarm for alarm in answer["MetricAlarms"]}
    for alarm in wanted:
        name, doc, found = alarm["AlarmName"], alarm["AlarmDescription"], stored.get(alarm["AlarmName"])
        put = partial(_put_alarm, account, alarm)
        if found is None:
            yield to_make(ALARM, name, doc, put)
        elif all(found.get(key) == value for key, value in alarm.items()):
            yield ok(ALARM, name, doc if alarm["AlarmActions"] else f"{doc} {TELLS_NOBODY}")
        else:
            yield to_mend(ALARM, name, doc, put)


def ensure_dashboard(account: Account, names: AwsNames) -> Iterator[Step]:
    """The stage's dashboard."""
    from botocore.exceptions import ClientError

    body, what, cloudwatch = _dashboard(names), "exports, rows, Athena and the alarms", account.client("cloudwatch")

    def put() -> None:
        with explained("cloudwatch", account.region):
            cloudwatch.put_dashboard(DashboardName=names.dashboard, DashboardBody=json.dumps(body))

    with explained("cloudwatch", account.region):
        try:
            stored = json.loads(cloudwatch.get_dashboard(DashboardName=names.dashboard)["DashboardBody"])
        except ClientError as error:
            if code_of(error) not in ("ResourceNotFound", "DashboardNotFoundError"):
                raise
            yield to_make(DASHBOARD, names.dashboard, what, put)
            return
    yield ok(DASHBOARD, names.dashboard, what) if stored == body else to_mend(DASHBOARD, names.dashboard, what, put)


def _put_alarm(account: Account, alarm: dict[str, Any]) -> None:
    with explained("cloudwatch", account.region):
        account.client("cloudwatch").put_metric_alarm(**alarm)


def _dashboard(names: AwsNames) -> dict[str, Any]:
    rows = [Metric.ROWS_GOOD, Metric.ROWS_QUARANTINED]
    exports = [Metric.COMPLETED, Metric.FAILED, Metric.PROGRESS_DROPPED]
    athena = [["AWS/Athena", name, "WorkGroup", names.workgroup] for name in ("ProcessedBytes", "TotalExecutionTime")]
    widgets = [
        _widget(names, "Exports", [[METRICS, each.value, "Stage", names.stage] for each in exports], 0, 0),
        _widget(names, "Rows", [[METRICS, each.value, "Stage", names.stage] for each in rows], 12, 0),
        _widget(names, "Athena", athena, 0, 6),
    ]
    return {"widgets": widgets}


def _widget(names: AwsNames, title: str, metrics: list[list[str]], x: int, y: int) -> dict[str, Any]:
    properties = {"title": title, "metrics": metrics, "region": names.region, "stat": "Sum", "period": 3_600}
    return {
        "type": "metric", "x": x, "y": y, "width": 12, "height": 6,
        "properties": {**properties, "view": "timeSeries"},
    }  # fmt: skip
