"""How everything of one stage is called on AWS. Reads no setting and asks nobody."""

from dataclasses import dataclass

METRICS = "PricingLake"
"""Namespace of the lake's own CloudWatch metrics."""


@dataclass(frozen=True)
class AwsNames:
    """The names of one stage; what is not a field derives from them."""

    stage: str
    region: str
    bedrock_region: str
    bucket: str
    prefix: str
    database: str
    workgroup: str
    progress_table: str
    parameter: str
    alarm_topic: str = ""

    @property
    def root(self) -> str:
        """Where everything of the lake lies."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def database_uri(self) -> str:
        """Where the tables lie: what the catalog chooses by itself, said aloud."""
        return f"{self.root}/warehouse/{self.database}.db"

    @property
    def results_key(self) -> str:
        """Key prefix of Athena's results; they are deleted after some days."""
        return f"{self.prefix}/athena-results/"

    @property
    def results_uri(self) -> str:
        """Where Athena writes results."""
        return f"s3://{self.bucket}/{self.results_key}"

    @property
    def dashboard(self) -> str:
        """The stage's CloudWatch dashboard."""
        return f"pricing-lake-{self.stage}"

    def alarm(self, what: str) -> str:
        """The name of an alarm."""
        return f"pricing-lake-{self.stage}-{what}"
