"""Makes the Athena workgroup: where results go, how they are encrypted, and how much one query may read."""

from collections.abc import Iterator
from typing import Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.explain import code_of, explained
from pricing_lake.aws.findings import Step, fail, ok, to_make, to_mend
from pricing_lake.aws.names import AwsNames

KIND = "workgroup"
GIGABYTE = 1024**3


def ensure_workgroup(account: Account, names: AwsNames, scan_limit_gb: int) -> Iterator[Step]:
    """The workgroup; it overrules what a client asks for, so that no result leaves the lake's bucket."""
    athena, wanted = account.client("athena"), _configuration(names, scan_limit_gb)
    what = f"results in {names.results_uri}, at most {scan_limit_gb} GB a query"
    stored = workgroup_of(account, names.workgroup)
    if stored is None:

        def make() -> None:
            with explained("athena", account.region):
                athena.create_work_group(
                    Name=names.workgroup, Configuration=wanted, Description=f"Pricing Lake, stage {names.stage}."
                )

        yield to_make(KIND, names.workgroup, what, make)
        return
    if stored.get("State") == "DISABLED":
        yield fail(KIND, names.workgroup, "somebody has disabled it", "enable it, or ask who did")
        return
    if _agrees(stored.get("Configuration", {}), wanted):
        yield ok(KIND, names.workgroup, what)
        return

    def mend() -> None:
        updates = {name: value for name, value in wanted.items() if name != "ResultConfiguration"}
        updates["ResultConfigurationUpdates"] = wanted["ResultConfiguration"]
        with explained("athena", account.region):
            athena.update_work_group(WorkGroup=names.workgroup, ConfigurationUpdates=updates)

    yield to_mend(KIND, names.workgroup, what, mend)


def workgroup_of(account: Account, name: str) -> dict[str, Any] | None:
    """The workgroup as Athena has it, or None."""
    from botocore.exceptions import ClientError

    with explained("athena", account.region):
        try:
            answer = account.client("athena").get_work_group(WorkGroup=name)
        except ClientError as error:
            # Athena says InvalidRequestException for a workgroup that is not there.
            if code_of(error) == "InvalidRequestException":
                return None
            raise
    found: dict[str, Any] | None = answer.get("WorkGroup")
    return found


def _configuration(names: AwsNames, scan_limit_gb: int) -> dict[str, Any]:
    return {
        "ResultConfiguration": {
            "OutputLocation": names.results_uri,
            "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
        },
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "BytesScannedCutoffPerQuery": scan_limit_gb * GIGABYTE,
    }


def _agrees(stored: Any, wanted: Any) -> bool:
    """Whether everything wanted is stored; what else is stored does not matter."""
    if isinstance(wanted, dict):
        return isinstance(stored, dict) and all(_agrees(stored.get(name), value) for name, value in wanted.items())
    return bool(stored == wanted)
