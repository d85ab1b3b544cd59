"""Which alarms a stage has: each on a metric that the lake or Athena really sends. Makes none of them."""

from typing import Any

from pricing_lake.aws.metrics import Metric
from pricing_lake.aws.names import METRICS, AwsNames

HOUR, DAY = 3_600, 86_400


def alarms_of(names: AwsNames, scan_limit_gb: int) -> list[dict[str, Any]]:
    """The alarms as CloudWatch's requests; they tell `alarm_topic`, or nobody when there is none."""
    lake = {"Namespace": METRICS, "Dimensions": [{"Name": "Stage", "Value": names.stage}]}
    athena = {"Namespace": "AWS/Athena", "Dimensions": [{"Name": "WorkGroup", "Value": names.workgroup}]}
    return [
        _alarm(names, "export-failed", "A day's export was refused or broke.", Metric.FAILED, 1, HOUR, lake),
        _alarm(
            names, "no-export", "No export was completed in a day.", Metric.COMPLETED, 1, DAY, lake,
            ComparisonOperator="LessThanThreshold", TreatMissingData="breaching",
        ),
        _alarm(
            names, "progress-dropped", "Progress could not be written: the lake goes on, but nobody can watch it.",
            Metric.PROGRESS_DROPPED, 10, HOUR, lake,
        ),
        _alarm(
            names, "athena-scanned", "Queries read more in a day than ten of the largest may.",
            "ProcessedBytes", 10 * scan_limit_gb * 1024**3, DAY, athena,
        ),
    ]  # fmt: skip


def _alarm(
    names: AwsNames,
    what: str,
    doc: str,
    metric: str,
    threshold: float,
    period: int,
    where: dict[str, Any],
    **more: Any,
) -> dict[str, Any]:
    return {
        "AlarmName": names.alarm(what),
        "AlarmDescription": doc,
        "MetricName": str(metric),
        "Statistic": "Sum",
        "Period": period,
        "EvaluationPeriods": 1,
        "Threshold": float(threshold),
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "ActionsEnabled": True,
        "AlarmActions": [names.alarm_topic] if names.alarm_topic else [],
        **where,
        **more,
    }
