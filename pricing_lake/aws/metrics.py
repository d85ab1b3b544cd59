"""The lake's own CloudWatch metrics: their names, and sending them without ever holding a run up."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pricing_lake.aws.account import HURRIED, Account
from pricing_lake.aws.breaker import Breaker
from pricing_lake.aws.names import METRICS
from pricing_lake.errors import PricingLakeError

LOG = logging.getLogger(__name__)


class Metric(StrEnum):
    """What is counted; every metric has the one dimension Stage."""

    COMPLETED = "ExportsCompleted"
    FAILED = "ExportsFailed"
    ROWS_GOOD = "RowsGood"
    ROWS_QUARANTINED = "RowsQuarantined"
    PROGRESS_DROPPED = "ProgressWritesDropped"


@dataclass
class Metrics:
    """Sends counts; a count that cannot be sent is logged and lost, since a run is worth more than its statistics."""

    account: Account
    stage: str
    _breaker: Breaker = field(default_factory=Breaker, init=False, repr=False)

    @classmethod
    def hurried(cls, region: str, endpoint: str, stage: str) -> "Metrics":
        """Metrics with time-outs of one and two seconds and a single try."""
        return cls(Account(region, endpoint, HURRIED), stage)

    def count(self, counts: Mapping[Metric, float]) -> bool:
        """Add to the counts; returns whether CloudWatch took them. Never raises for what AWS does."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self._breaker.is_open:
            return False
        data = [
            {
                "MetricName": metric.value,
                "Value": float(value),
                "Unit": "Count",
                "Dimensions": [{"Name": "Stage", "Value": self.stage}],
            }
            for metric, value in counts.items()
        ]
        try:
            self.account.client("cloudwatch").put_metric_data(Namespace=METRICS, MetricData=data)
        except (ClientError, BotoCoreError, PricingLakeError, OSError) as error:
            self._breaker.failed()
            LOG.warning("CloudWatch did not take %s (%s)", ", ".join(counts), type(error).__name__)
            return False
        self._breaker.worked()
        return True
