"""What the role of a stage is judged by: the rights that `grants` declares, and harm that none may be able to do."""

import string
from collections.abc import Mapping
from dataclasses import dataclass

from pricing_lake.aws.grants import OPERATION, PIPELINE, Condition, filled_in
from pricing_lake.aws.names import AwsNames

MODEL = "amazon.titan-embed-image-v1"


@dataclass(frozen=True)
class Judged:
    """Actions on some resources, under the circumstances in which a run asks for them."""

    what: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()


def needed(names: AwsNames, account: str) -> tuple[Judged, ...]:
    """The pipeline's rights that every stage needs; those of a source that is not named here are left out."""
    words = _words(names, account)
    return tuple(
        Judged(
            grant.sid,
            grant.actions,
            tuple(filled_in(resource, words) for resource in grant.resources),
            tuple(
                Condition(each.operator, each.key, tuple(filled_in(value, words) for value in each.values))
                for each in grant.conditions
            ),
        )
        for grant in (*PIPELINE, *OPERATION)
        if not grant.behind and _asked(grant.resources, grant.conditions) <= words.keys()
    )


def forbidden(names: AwsNames, account: str) -> tuple[Judged, ...]:
    """What no run does, and what a run that was taken over could do the most harm with."""
    here = f"{names.region}:{account}"
    bucket, parameter = f"arn:aws:s3:::{names.bucket}", names.parameter.lstrip("/")
    table = f"arn:aws:dynamodb:{here}:table/{names.progress_table}"
    opening = ("s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock")
    return (
        Judged("open or delete the bucket", opening, (bucket,)),
        Judged("delete the database", ("glue:DeleteDatabase",), (f"arn:aws:glue:{here}:database/{names.database}",)),
        Judged("delete the progress", ("dynamodb:DeleteTable",), (table,)),
        Judged("change the shop's connection", ("ssm:PutParameter",), (f"arn:aws:ssm:{here}:parameter/{parameter}",)),
        Judged("give itself rights", ("iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:CreateUser"), ("*",)),
    )


def _words(names: AwsNames, account: str) -> Mapping[str, str]:
    return {
        **vars(names),
        "account": account,
        "parameter": names.parameter.lstrip("/"),
        "model": MODEL,
    }


def _asked(resources: tuple[str, ...], conditions: tuple[Condition, ...]) -> set[str]:
    """Words in braces that must be known."""
    texts = (*resources, *(value for each in conditions for value in each.values))
    return {word for text in texts for _, word, _, _ in string.Formatter().parse(text) if word}
