data "aws_iam_policy_document" "assume_pipeline" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "pipeline" {
  name               = "pricing-lake-${local.stage}-pipeline"
  assume_role_policy = data.aws_iam_policy_document.assume_pipeline.json
}

resource "aws_iam_role_policy_attachment" "pipeline" {
  role       = aws_iam_role.pipeline.name
  policy_arn = aws_iam_policy.pipeline.arn
}

data "aws_iam_policy_document" "assume_execution" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "pricing-lake-${local.stage}-execution"
  assume_role_policy = data.aws_iam_policy_document.assume_execution.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = aws_iam_policy.execution.arn
}

data "aws_iam_policy_document" "assume_bedrock_batch" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["bedrock.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "bedrock_batch" {
  name               = "pricing-lake-${local.stage}-bedrock-batch"
  assume_role_policy = data.aws_iam_policy_document.assume_bedrock_batch.json
}

resource "aws_iam_role_policy_attachment" "bedrock_batch" {
  role       = aws_iam_role.bedrock_batch.name
  policy_arn = aws_iam_policy.bedrock_batch.arn
}

data "aws_iam_policy_document" "assume_redshift_unload" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "redshift_unload" {
  name               = "pricing-lake-${local.stage}-redshift-unload"
  assume_role_policy = data.aws_iam_policy_document.assume_redshift_unload.json
}

resource "aws_iam_role_policy_attachment" "redshift_unload" {
  role       = aws_iam_role.redshift_unload.name
  policy_arn = aws_iam_policy.redshift_unload.arn
}

data "aws_iam_policy_document" "assume_reader" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.reader_principal_arn]
    }
  }
}

resource "aws_iam_role" "reader" {
  for_each           = var.tenants
  name               = "pricing-lake-${local.stage}-reader-${each.value}"
  assume_role_policy = data.aws_iam_policy_document.assume_reader.json
}

resource "aws_iam_role_policy_attachment" "reader" {
  for_each   = var.tenants
  role       = aws_iam_role.reader[each.key].name
  policy_arn = aws_iam_policy.reader[each.key].arn
}

output "pipeline_role_arn" {
  description = "For `pricing-lake verify --role`."
  value       = aws_iam_role.pipeline.arn
}
