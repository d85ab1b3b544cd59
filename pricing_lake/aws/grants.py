"""Rights of every role of a stage: the one declaration that both templates and the tests of recorded calls follow.

Words in braces are filled in by whoever renders: a template's own variables, or a stage's names. The deployer's rights
are in `grants_deployer`, those of AWS's services and of readers in `grants_others`; which request needs which action is
in `actions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

ECS, PERSON = "ecs", "person"
"""Who makes requests that no call of ours stands behind: Amazon's container service, and people with SQL."""


class Role(StrEnum):
    """Who acts."""

    PIPELINE = "pipeline"
    """The Dagster task: whatever runs, queries and records progress."""

    DEPLOYER = "deployer"
    """Whoever runs `ensure` and `verify`: a person, or a build."""

    BATCH = "bedrock-batch"
    """Bedrock, while it works on a batch job of ours."""

    UNLOAD = "redshift-unload"
    """Redshift, while it unloads for us."""

    EXECUTION = "execution"
    """ECS, before the task runs: image, log and secrets."""

    READER = "reader"
    """People who may read one tenant, through Athena alone."""


@dataclass(frozen=True)
class Condition:
    """When a grant counts, in IAM's words."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Grant:
    """Actions on some resources, and why.

    `behind` is empty where our code makes the request itself; else it is the request of ours, as `service:Operation`,
    behind which AWS makes these in our name, or ECS or PERSON. `why_all` says why a resource must be a bare `*`.
    """

    role: Role
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    behind: str = ""
    why_all: str = ""


CATALOG = (
    "arn:aws:glue:{region}:{account}:catalog",
    "arn:aws:glue:{region}:{account}:database/{database}",
    "arn:aws:glue:{region}:{account}:table/{database}/*",
)
BUCKET, FILES = ("arn:aws:s3:::{bucket}",), ("arn:aws:s3:::{bucket}/{prefix}/*",)
PARAMETER = ("arn:aws:ssm:{region}:{account}:parameter/{parameter}",)
PROGRESS = ("arn:aws:dynamodb:{region}:{account}:table/{progress_table}",)
WORKGROUP = ("arn:aws:athena:{region}:{account}:workgroup/{workgroup}",)
_BATCH_MODEL = "arn:aws:bedrock:{region}::foundation-model/{model}"
_BATCH_JOBS = "arn:aws:bedrock:{region}:{account}:model-invocation-job/*"
_OWN_BUCKET = (Condition("StringEquals", "aws:ResourceAccount", ("{account}",)),)
_QUERY = (
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
)
_PARAMETERISED = ("athena:GetWorkGroup",)


def _below(folder: str) -> tuple[Condition, ...]:
    return (Condition("StringLike", "s3:prefix", ("{prefix}/" + folder + "*",)),)


PIPELINE = (
    Grant(Role.PIPELINE, "ListBucket", ("s3:ListBucket",), BUCKET),
    Grant(Role.PIPELINE, "KeepFiles", ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"), FILES),
    Grant(Role.PIPELINE, "EndUploads", ("s3:AbortMultipartUpload",), FILES, behind="s3:CreateMultipartUpload"),
    Grant(
        Role.PIPELINE,
        "CommitTables",
        ("glue:GetDatabase", "glue:GetTable", "glue:CreateDatabase", "glue:CreateTable", "glue:UpdateTable"),
        CATALOG,
    ),
    Grant(Role.PIPELINE, "ReadShopConnection", ("ssm:GetParameter",), PARAMETER),
    Grant(
        Role.PIPELINE,
        "ReadCarousel",
        ("dynamodb:Query", "dynamodb:DescribeTable"),
        (
            "arn:aws:dynamodb:{region}:{account}:table/{carousel_table}",
            "arn:aws:dynamodb:{region}:{account}:table/{carousel_table}/index/*",
        ),
    ),
    Grant(
        Role.PIPELINE,
        "RunRedshiftStatements",
        ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"),
        ("{redshift_workgroup_arn}",),
    ),
    Grant(
        Role.PIPELINE,
        "FollowOwnRedshiftStatements",
        ("redshift-data:DescribeStatement", "redshift-data:GetStatementResult"),
        ("*",),
        (Condition("StringEquals", "redshift-data:statement-owner-iam-userid", ("{own_user_id}",)),),
        why_all="a statement has no ARN; the condition keeps it to those of the role itself",
    ),
    Grant(
        Role.PIPELINE,
        "LogInToRedshift",
        ("redshift-serverless:GetCredentials",),
        ("{redshift_workgroup_arn}",),
        behind="redshift-data:BatchExecuteStatement",
    ),
    Grant(
        Role.PIPELINE,
        "EmbedPictures",
        ("bedrock:InvokeModel",),
        ("arn:aws:bedrock:{bedrock_region}::foundation-model/{model}",),
    ),
    Grant(
        Role.PIPELINE,
        "EmbedInBatches",
        ("bedrock:CreateModelInvocationJob",),
        (_BATCH_MODEL, _BATCH_JOBS),
    ),
    Grant(Role.PIPELINE, "FollowBatches", ("bedrock:GetModelInvocationJob",), (_BATCH_JOBS,)),
    Grant(
        Role.PIPELINE,
        "HandBatchesToBedrock",
        ("iam:PassRole",),
        ("arn:aws:iam::{account}:role/pricing-lake-{stage}-bedrock-batch",),
        (Condition("StringEquals", "iam:PassedToService", ("bedrock.amazonaws.com",)),),
        behind="bedrock:CreateModelInvocationJob",
    ),
)
"""What the lake runs on: files, catalog, sources and the model."""

OPERATION = (
    Grant(
        Role.PIPELINE,
        "RecordProgress",
        ("dynamodb:UpdateItem", "dynamodb:Query"),
        (*PROGRESS, f"{PROGRESS[0]}/index/*"),
    ),
    Grant(
        Role.PIPELINE,
        "Count",
        ("cloudwatch:PutMetricData",),
        ("*",),
        (Condition("StringEquals", "cloudwatch:namespace", ("PricingLake",)),),
        why_all="metrics have no ARN; the condition keeps it to the lake's own",
    ),
    Grant(
        Role.PIPELINE,
        "AskAthena",
        ("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"),
        WORKGROUP,
    ),
    Grant(
        Role.PIPELINE,
        "LetAthenaReadAndKeepResults",
        ("s3:GetBucketLocation",),
        BUCKET,
        behind="athena:StartQueryExecution",
    ),
    Grant(
        Role.PIPELINE,
        "LetAthenaReadGovernedTables",
        ("lakeformation:GetDataAccess",),
        ("*",),
        behind="athena:StartQueryExecution",
        why_all="Lake Formation judges the table itself; the action takes no resource",
    ),
)
"""What watches it: progress, metrics, questions through Athena."""


def filled_in(text: str, words: Mapping[str, str]) -> str:
    """`text` with its words in braces replaced."""
    return text.format_map(words)
