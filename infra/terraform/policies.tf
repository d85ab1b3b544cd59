# Written by `make docs` from pricing_lake/aws/grants*.py; change it there.

data "aws_iam_policy_document" "pipeline" {
  statement {
    sid       = "ListBucket"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::${local.bucket}"]
  }

  statement {
    sid = "KeepFiles"
    actions = [
      "s3:GetObject",
      "s3:PutObject",
      "s3:DeleteObject",
    ]
    resources = ["arn:aws:s3:::${local.bucket}/${local.prefix}/*"]
  }

  statement {
    sid       = "EndUploads"
    actions   = ["s3:AbortMultipartUpload"]
    resources = ["arn:aws:s3:::${local.bucket}/${local.prefix}/*"]
  }

  statement {
    sid = "CommitTables"
    actions = [
      "glue:GetDatabase",
      "glue:GetTable",
      "glue:CreateDatabase",
      "glue:CreateTable",
      "glue:UpdateTable",
    ]
    resources = [
      "arn:aws:glue:${local.region}:${local.account}:catalog",
      "arn:aws:glue:${local.region}:${local.account}:database/${local.database}",
      "arn:aws:glue:${local.region}:${local.account}:table/${local.database}/*",
    ]
  }

  statement {
    sid       = "ReadShopConnection"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:aws:ssm:${local.region}:${local.account}:parameter/${local.parameter}"]
  }

  statement {
    sid = "ReadCarousel"
    actions = [
      "dynamodb:Query",
      "dynamodb:DescribeTable",
    ]
    resources = [
      "arn:aws:dynamodb:${local.region}:${local.account}:table/${local.carousel_table}",
      "arn:aws:dynamodb:${local.region}:${local.account}:table/${local.carousel_table}/index/*",
    ]
  }

  statement {
    sid = "RunRedshiftStatements"
    actions = [
      "redshift-data:ExecuteStatement",
      "redshift-data:BatchExecuteStatement",
    ]
    resources = ["${local.redshift_workgroup_arn}"]
  }

  statement {
    # a statement has no ARN; the condition keeps it to those of the role itself
    sid = "FollowOwnRedshiftStatements"
    actions = [
      "redshift-data:DescribeStatement",
      "redshift-data:GetStatementResult",
    ]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "redshift-data:statement-owner-iam-userid"
      values   = ["&{aws:userid}"]
    }
  }

  statement {
    sid       = "LogInToRedshift"
    actions   = ["redshift-serverless:GetCredentials"]
    resources = ["${local.redshift_workgroup_arn}"]
  }

  statement {
    sid       = "EmbedPictures"
    actions   = ["bedrock:InvokeModel"]
    resources = ["arn:aws:bedrock:${local.bedrock_region}::foundation-model/${local.model}"]
  }

  statement {
    sid     = "EmbedInBatches"
    actions = ["bedrock:CreateModelInvocationJob"]
    resources = [
      "arn:aws:bedrock:${local.region}::foundation-model/${local.model}",
      "arn:aws:bedrock:${local.region}:${local.account}:model-invocation-job/*",
    ]
  }

  statement {
    sid       = "FollowBatches"
    actions   = ["bedrock:GetModelInvocationJob"]
    resources = ["arn:aws:bedrock:${local.region}:${local.account}:model-invocation-job/*"]
  }

  statement {
    sid       = "HandBatchesToBedrock"
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::${local.account}:role/pricing-lake-${local.stage}-bedrock-batch"]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["bedrock.amazonaws.com"]
    }
  }

  statement {
    sid = "RecordProgress"
    actions = [
      "dynamodb:UpdateItem",
      "dynamodb:Query",
    ]
    resources = [
      "arn:aws:dynamodb:${local.region}:${local.account}:table/${local.progress_table}",
      "arn:aws:dynamodb:${local.region}:${local.account}:table/${local.progress_table}/index/*",
    ]
  }

  statement {
    # metrics have no ARN; the condition keeps it to the lake's own
    sid       = "Count"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["PricingLake"]
    }
  }

  statement {
    sid = "AskAthena"
    actions = [
      "athena:StartQueryExecution",
      "athena:GetQueryExecution",
      "athena:GetQueryResults",
    ]
    resources = ["arn:aws:athena:${local.region}:${local.account}:workgroup/${local.workgroup}"]
  }

  statement {
    sid       = "LetAthenaReadAndKeepResults"
    actions   = ["s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::${local.bucket}"]
  }

  statement {
    # Lake Formation judges the table itself; the action takes no resource
    sid       = "LetAthenaReadGovernedTables"
    actions   = ["lakeformation:GetDataAccess"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "pipeline" {
  name   = "pricing-lake-${local.stage}-pipeline"
  policy = data.aws_iam_policy_document.pipeline.json
}

data "aws_iam_policy_document" "deployer" {
  statement {
    sid = "SetUpBucket"
    actions = [
      "s3:ListBucket",
      "s3:CreateBucket",
      "s3:GetEncryptionConfiguration",
      "s3:PutEncryptionConfiguration",
      "s3:GetBucketVersioning",
      "s3:PutBucketVersioning",
      "s3:GetBucketPublicAccessBlock",
      "s3:PutBucketPublicAccessBlock",
      "s3:GetBucketPolicy",
      "s3:PutBucketPolicy",
      "s3:GetLifecycleConfiguration",
      "s3:PutLifecycleConfiguration",
    ]
    resources = ["arn:aws:s3:::${local.bucket}"]
  }

  statement {
    sid = "TryFiles"
    actions = [
      "s3:GetObject",
      "s3:PutObject",
      "s3:DeleteObject",
    ]
    resources = ["arn:aws:s3:::${local.bucket}/${local.prefix}/*"]
  }

  statement {
    sid = "SetUpTables"
    actions = [
      "glue:GetDatabase",
      "glue:CreateDatabase",
      "glue:GetTable",
      "glue:GetTables",
      "glue:CreateTable",
      "glue:UpdateTable",
    ]
    resources = [
      "arn:aws:glue:${local.region}:${local.account}:catalog",
      "arn:aws:glue:${local.region}:${local.account}:database/${local.database}",
      "arn:aws:glue:${local.region}:${local.account}:table/${local.database}/*",
    ]
  }

  statement {
    sid = "SetUpProgressTable"
    actions = [
      "dynamodb:DescribeTable",
      "dynamodb:CreateTable",
      "dynamodb:UpdateTable",
      "dynamodb:DescribeTimeToLive",
      "dynamodb:UpdateTimeToLive",
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:UpdateContinuousBackups",
    ]
    resources = ["arn:aws:dynamodb:${local.region}:${local.account}:table/${local.progress_table}"]
  }

  statement {
    sid       = "LookForShopConnection"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:aws:ssm:${local.region}:${local.account}:parameter/${local.parameter}"]
  }

  statement {
    sid = "SetUpWorkgroup"
    actions = [
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
    ]
    resources = ["arn:aws:athena:${local.region}:${local.account}:workgroup/${local.workgroup}"]
  }

  statement {
    sid       = "LetAthenaCount"
    actions   = ["s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::${local.bucket}"]
  }

  statement {
    sid       = "SetUpAlarms"
    actions   = ["cloudwatch:PutMetricAlarm"]
    resources = ["arn:aws:cloudwatch:${local.region}:${local.account}:alarm:pricing-lake-${local.stage}-*"]
  }

  statement {
    # a list of alarms by name is judged on all alarms of the region
    sid       = "SeeAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"]
  }

  statement {
    sid = "SetUpDashboard"
    actions = [
      "cloudwatch:GetDashboard",
      "cloudwatch:PutDashboard",
    ]
    resources = ["arn:aws:cloudwatch::${local.account}:dashboard/pricing-lake-${local.stage}"]
  }

  statement {
    sid       = "JudgeRoles"
    actions   = ["iam:SimulatePrincipalPolicy"]
    resources = ["arn:aws:iam::${local.account}:role/pricing-lake-${local.stage}-*"]
  }

  statement {
    # Lake Formation's actions take no resource; its own administrators decide who may tag what
    sid = "SetUpLakeFormation"
    actions = [
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
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "deployer" {
  name   = "pricing-lake-${local.stage}-deployer"
  policy = data.aws_iam_policy_document.deployer.json
}

data "aws_iam_policy_document" "bedrock_batch" {
  statement {
    sid       = "ListBatchFiles"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::${local.bucket}"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${local.prefix}/bedrock-batch/*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = ["${local.account}"]
    }
  }

  statement {
    sid = "ExchangeBatchFiles"
    actions = [
      "s3:GetObject",
      "s3:PutObject",
    ]
    resources = ["arn:aws:s3:::${local.bucket}/${local.prefix}/bedrock-batch/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = ["${local.account}"]
    }
  }
}

resource "aws_iam_policy" "bedrock_batch" {
  name   = "pricing-lake-${local.stage}-bedrock-batch"
  policy = data.aws_iam_policy_document.bedrock_batch.json
}

data "aws_iam_policy_document" "redshift_unload" {
  statement {
    sid       = "ListUnloadedFiles"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::${local.bucket}"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${local.prefix}/unload/*"]
    }
  }

  statement {
    sid       = "WriteUnloadedFiles"
    actions   = ["s3:PutObject"]
    resources = ["arn:aws:s3:::${local.bucket}/${local.prefix}/unload/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = ["${local.account}"]
    }
  }
}

resource "aws_iam_policy" "redshift_unload" {
  name   = "pricing-lake-${local.stage}-redshift-unload"
  policy = data.aws_iam_policy_document.redshift_unload.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid     = "ReadSecrets"
    actions = ["secretsmanager:GetSecretValue"]
    resources = [
      "arn:aws:secretsmanager:${local.region}:${local.account}:secret:pricing-lake/${local.stage}/*",
      "${local.database_secret_arn}",
    ]
  }

  statement {
    sid = "WriteLogs"
    actions = [
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]
    resources = ["arn:aws:logs:${local.region}:${local.account}:log-group:/pricing-lake/${local.stage}:*"]
  }

  statement {
    sid = "PullImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:GetDownloadUrlForLayer",
      "ecr:BatchGetImage",
    ]
    resources = ["arn:aws:ecr:${local.region}:${local.account}:repository/pricing-lake"]
  }

  statement {
    # the token is the account's, not a repository's
    sid       = "LogInToImages"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "execution" {
  name   = "pricing-lake-${local.stage}-execution"
  policy = data.aws_iam_policy_document.execution.json
}

data "aws_iam_policy_document" "reader" {
  for_each = var.tenants
  statement {
    sid = "AskAthena"
    actions = [
      "athena:StartQueryExecution",
      "athena:StopQueryExecution",
      "athena:GetQueryExecution",
      "athena:GetQueryResults",
      "athena:GetWorkGroup",
    ]
    resources = ["arn:aws:athena:${local.region}:${local.account}:workgroup/${local.workgroup}-${each.value}"]
  }

  statement {
    sid = "SeeTables"
    actions = [
      "glue:GetDatabase",
      "glue:GetTable",
      "glue:GetTables",
      "glue:GetPartitions",
    ]
    resources = [
      "arn:aws:glue:${local.region}:${local.account}:catalog",
      "arn:aws:glue:${local.region}:${local.account}:database/${local.database}",
      "arn:aws:glue:${local.region}:${local.account}:table/${local.database}/*",
    ]
  }

  statement {
    # Lake Formation judges the table itself and filters rows; the action takes no resource
    sid       = "ReadGovernedRows"
    actions   = ["lakeformation:GetDataAccess"]
    resources = ["*"]
  }

  statement {
    sid       = "FindResults"
    actions   = ["s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::${local.bucket}"]
  }

  statement {
    sid       = "ListOwnResults"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::${local.bucket}"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${local.prefix}/athena-results/${each.value}/*"]
    }
  }

  statement {
    sid = "KeepOwnResults"
    actions = [
      "s3:GetObject",
      "s3:PutObject",
      "s3:AbortMultipartUpload",
    ]
    resources = ["arn:aws:s3:::${local.bucket}/${local.prefix}/athena-results/${each.value}/*"]
  }
}

resource "aws_iam_policy" "reader" {
  for_each = var.tenants
  name     = "pricing-lake-${local.stage}-reader-${each.value}"
  policy   = data.aws_iam_policy_document.reader[each.key].json
}
