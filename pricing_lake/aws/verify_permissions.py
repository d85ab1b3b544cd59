"""May the role do what the code calls, and nothing that would do harm? IAM is asked first, then the bucket is tried."""

from collections.abc import Iterator
from uuid import uuid4

from pricing_lake.aws.account import Account
from pricing_lake.aws.explain import explained
from pricing_lake.aws.findings import Finding, State, fail, ok
from pricing_lake.aws.names import AwsNames
from pricing_lake.aws.permissions import Judged, forbidden, needed
from pricing_lake.errors import PricingLakeError

KIND = "permissions"


def verify_permissions(account: Account, names: AwsNames, role: str) -> Iterator[Finding]:
    """Rights of `role` (an ARN; empty for whoever asks), then a file written, read and deleted below the prefix."""
    yield from _simulated(account, names, role or role_of(account.identity.arn))
    yield _tried(account, names)


def role_of(caller: str) -> str:
    """The role behind an assumed one: IAM judges roles, not sessions. Others are returned as they are."""
    prefix, _, rest = caller.partition(":assumed-role/")
    if not rest:
        return caller
    number = prefix.split(":")[4]
    return f"arn:{prefix.split(':')[1]}:iam::{number}:role/{rest.split('/')[0]}"


def _simulated(account: Account, names: AwsNames, role: str) -> Iterator[Finding]:
    number = account.identity.account
    label = role.rpartition("/")[2] or role
    try:
        for grant in needed(names, number):
            denied = [action for action, allowed in _decisions(account, role, grant).items() if not allowed]
            if denied:
                yield fail(KIND, f"{label}: {grant.what}", f"not allowed: {', '.join(denied)}", _allow(denied, grant))
            else:
                yield ok(KIND, f"{label}: {grant.what}", ", ".join(grant.actions))
        for grant in forbidden(names, number):
            allowed = [action for action, may in _decisions(account, role, grant).items() if may]
            if allowed:
                yield Finding(
                    KIND,
                    f"{label}: must not {grant.what}",
                    State.WARN,
                    f"allowed: {', '.join(allowed)}",
                    "run the lake with a role of its own (verify --role judges another role than the caller's)",
                )
    except PricingLakeError as error:
        yield Finding(
            KIND,
            f"{label}: by IAM's simulator",
            State.WARN,
            f"not judged: {error}",
            "allow iam:SimulatePrincipalPolicy to whoever verifies; what follows was tried instead",
        )


def _decisions(account: Account, role: str, grant: Judged) -> dict[str, bool]:
    """Each action, and whether it is allowed on every resource."""
    iam = account.client("iam")
    with explained("iam", account.region):
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=role,
            ActionNames=list(grant.actions),
            ResourceArns=list(grant.resources),
            ContextEntries=[
                {"ContextKeyName": each.key, "ContextKeyValues": list(each.values), "ContextKeyType": "stringList"}
                for each in grant.conditions
            ],
        )
        results = [result for page in pages for result in page["EvaluationResults"]]
    decided = dict.fromkeys(grant.actions, True)
    for result in results:
        specific = result.get("ResourceSpecificResults") or []
        decisions = [each["EvalResourceDecision"] for each in specific] or [result["EvalDecision"]]
        decided[result["EvalActionName"]] &= all(decision == "allowed" for decision in decisions)
    return decided


def _allow(actions: list[str], grant: Judged) -> str:
    return f"allow {', '.join(actions)} on {', '.join(grant.resources)}"


def _tried(account: Account, names: AwsNames) -> Finding:
    """A file of a few bytes, gone again at once; versioning keeps its delete marker for some days."""
    s3, key = account.client("s3"), f"{names.prefix}/verify/{uuid4()}"
    label = f"write, read and delete below {names.root}"
    place = {"Bucket": names.bucket, "Key": key, "ExpectedBucketOwner": account.identity.account}
    try:
        with explained("s3", account.region):
            s3.put_object(**place, Body=b"pricing-lake verify")
            same = s3.get_object(**place)["Body"].read() == b"pricing-lake verify"
            s3.delete_object(**place)
    except PricingLakeError as error:
        return fail(KIND, label, str(error), "grant it to the role, see docs/aws.md")
    if not same:
        return fail(KIND, label, "the file came back changed", "look at the bucket's replication and its proxies")
    return ok(KIND, label, "tried with a small file")
