"""Rights of whoever runs `ensure` and `verify`. A stage's own role never has them."""

from pricing_lake.aws.grants import (
    BUCKET,
    CATALOG,
    FILES,
    PARAMETER,
    PROGRESS,
    WORKGROUP,
    Grant,
    Role,
)

_BUCKET_SETTINGS = (
    "EncryptionConfiguration",
    "BucketVersioning",
    "BucketPublicAccessBlock",
    "BucketPolicy",
    "LifecycleConfiguration",
)
_TABLE_SETTINGS = (
    "dynamodb:DescribeTable",
    "dynamodb:CreateTable",
    "dynamodb:UpdateTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:UpdateTimeToLive",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:UpdateContinuousBackups",
)
_LAKE_FORMATION = (
    "lakeformation:GetLFTag",
    "lakeformation:CreateLFTag",
    "lakeformation:UpdateLFTag",
    "lakeformation:GetResourceLFTags",
    "lakeformation:AddLFTagsToResource",
    "lakeformation:GetDataCellsFilter",
    "lakeformation:CreateDataCellsFilter",
    "lakeformation:UpdateDataCellsFilter",
    "lakeformation:ListPermissions",
    "lakeformation:GrantPermissions",
)

DEPLOYER = (
    Grant(
        Role.DEPLOYER,
        "SetUpBucket",
        (
            "s3:ListBucket",
            "s3:CreateBucket",
            *(f"s3:{verb}{name}" for name in _BUCKET_SETTINGS for verb in ("Get", "Put")),
        ),
        BUCKET,
    ),
    Grant(Role.DEPLOYER, "TryFiles", ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"), FILES),
    Grant(
        Role.DEPLOYER,
        "SetUpTables",
        (
            "glue:GetDatabase",
            "glue:CreateDatabase",
            "glue:GetTable",
            "glue:GetTables",
            "glue:CreateTable",
            "glue:UpdateTable",
        ),
        CATALOG,
    ),
    Grant(Role.DEPLOYER, "SetUpProgressTable", _TABLE_SETTINGS, PROGRESS),
    Grant(Role.DEPLOYER, "LookForShopConnection", ("ssm:GetParameter",), PARAMETER),
    Grant(
        Role.DEPLOYER,
        "SetUpWorkgroup",
        (
            "athena:GetWorkGroup",
            "athena:CreateWorkGroup",
            "athena:UpdateWorkGroup",
            "athena:ListNamedQueries",
            "athena:GetNamedQuery",
            "athena:CreateNamedQuery",
            "athena:UpdateNamedQuery",
            "athena:StartQueryExecution",
            "athena:GetQueryExecution",
            "athena:GetQueryResults",
        ),
        WORKGROUP,
    ),
    Grant(
        Role.DEPLOYER,
        "LetAthenaCount",
        ("s3:GetBucketLocation",),
        BUCKET,
        behind="athena:StartQueryExecution",
    ),
    Grant(
        Role.DEPLOYER,
        "SetUpAlarms",
        ("cloudwatch:PutMetricAlarm",),
        ("arn:aws:cloudwatch:{region}:{account}:alarm:pricing-lake-{stage}-*",),
    ),
    Grant(
        Role.DEPLOYER,
        "SeeAlarms",
        ("cloudwatch:DescribeAlarms",),
        ("*",),
        why_all="a list of alarms by name is judged on all alarms of the region",
    ),
    Grant(
        Role.DEPLOYER,
        "SetUpDashboard",
        ("cloudwatch:GetDashboard", "cloudwatch:PutDashboard"),
        ("arn:aws:cloudwatch::{account}:dashboard/pricing-lake-{stage}",),
    ),
    Grant(
        Role.DEPLOYER,
        "JudgeRoles",
        ("iam:SimulatePrincipalPolicy",),
        ("arn:aws:iam::{account}:role/pricing-lake-{stage}-*",),
    ),
    Grant(
        Role.DEPLOYER,
        "SetUpLakeFormation",
        _LAKE_FORMATION,
        ("*",),
        why_all="Lake Formation's actions take no resource; its own administrators decide who may tag what",
    ),
)
