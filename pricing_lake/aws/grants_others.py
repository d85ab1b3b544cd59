"""Rights of roles that no code of ours takes: AWS's own services while they work for us, and readers of one tenant."""

from pricing_lake.aws.grants import BUCKET, CATALOG, ECS, PERSON, Condition, Grant, Role

TENANT_WORKGROUP = ("arn:aws:athena:{region}:{account}:workgroup/{workgroup}-{tenant}",)
_TENANT_RESULTS = ("arn:aws:s3:::{bucket}/{prefix}/athena-results/{tenant}/*",)
_BATCH_FILES = ("arn:aws:s3:::{bucket}/{prefix}/bedrock-batch/*",)
_UNLOADED_FILES = ("arn:aws:s3:::{bucket}/{prefix}/unload/*",)
_OWN_BUCKET = (Condition("StringEquals", "aws:ResourceAccount", ("{account}",)),)
_ASK = (
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetWorkGroup",
)


def _below(folder: str) -> tuple[Condition, ...]:
    return (Condition("StringLike", "s3:prefix", (f"{{prefix}}/{folder}*",)),)


SERVICES = (
    Grant(
        Role.BATCH, "ListBatchFiles", ("s3:ListBucket",), BUCKET, (*_below("bedrock-batch/"), *_OWN_BUCKET),
        "bedrock:CreateModelInvocationJob",
    ),
    Grant(
        Role.BATCH, "ExchangeBatchFiles", ("s3:GetObject", "s3:PutObject"), _BATCH_FILES, _OWN_BUCKET,
        "bedrock:CreateModelInvocationJob",
    ),
    Grant(
        Role.UNLOAD, "ListUnloadedFiles", ("s3:ListBucket",), BUCKET, _below("unload/"),
        "redshift-data:BatchExecuteStatement",
    ),
    Grant(
        Role.UNLOAD, "WriteUnloadedFiles", ("s3:PutObject",), _UNLOADED_FILES, _OWN_BUCKET,
        "redshift-data:BatchExecuteStatement",
    ),
    Grant(
        Role.EXECUTION, "ReadSecrets", ("secretsmanager:GetSecretValue",),
        ("arn:aws:secretsmanager:{region}:{account}:secret:pricing-lake/{stage}/*", "{database_secret_arn}"),
        behind=ECS,
    ),
    Grant(
        Role.EXECUTION, "WriteLogs", ("logs:CreateLogStream", "logs:PutLogEvents"),
        ("arn:aws:logs:{region}:{account}:log-group:/pricing-lake/{stage}:*",), behind=ECS,
    ),
    Grant(
        Role.EXECUTION, "PullImage",
        ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"),
        ("arn:aws:ecr:{region}:{account}:repository/pricing-lake",), behind=ECS,
    ),
    Grant(
        Role.EXECUTION, "LogInToImages", ("ecr:GetAuthorizationToken",), ("*",), behind=ECS,
        why_all="the token is the account's, not a repository's",
    ),
)  # fmt: skip
"""What AWS's own services do for a stage."""

READERS = (
    Grant(Role.READER, "AskAthena", _ASK, TENANT_WORKGROUP, behind=PERSON),
    Grant(
        Role.READER, "SeeTables", ("glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions"),
        CATALOG, behind=PERSON,
    ),
    Grant(
        Role.READER, "ReadGovernedRows", ("lakeformation:GetDataAccess",), ("*",), behind=PERSON,
        why_all="Lake Formation judges the table itself and filters rows; the action takes no resource",
    ),
    Grant(Role.READER, "FindResults", ("s3:GetBucketLocation",), BUCKET, behind=PERSON),
    Grant(
        Role.READER, "ListOwnResults", ("s3:ListBucket",), BUCKET, _below("athena-results/{tenant}/"), PERSON,
    ),
    Grant(
        Role.READER, "KeepOwnResults", ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
        _TENANT_RESULTS, behind=PERSON,
    ),
)  # fmt: skip
"""One tenant's readers: no file of a table, only what Lake Formation lets through and their own results."""
