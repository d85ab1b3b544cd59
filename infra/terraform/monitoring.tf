data "aws_iam_policy_document" "topic_key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${local.account}:root"]
    }
  }
  statement {
    sid       = "Alarms"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

# AWS's own key for SNS does not let CloudWatch publish.
resource "aws_kms_key" "topic" {
  description         = "Alarms of the Pricing Lake, stage ${local.stage}."
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.topic_key.json
}

resource "aws_sns_topic" "alarms" {
  name              = "pricing-lake-${local.stage}-alarms"
  kms_master_key_id = aws_kms_key.topic.key_id
}

resource "aws_sns_topic_subscription" "alarms" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "Alarms"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_cloudwatch_metric_alarm" "export_failed" {
  alarm_name          = "pricing-lake-${local.stage}-export-failed"
  alarm_description   = "A day's export was refused or broke."
  namespace           = "PricingLake"
  metric_name         = "ExportsFailed"
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  dimensions = {
    Stage = local.stage
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "no_export" {
  alarm_name          = "pricing-lake-${local.stage}-no-export"
  alarm_description   = "No export was completed in a day."
  namespace           = "PricingLake"
  metric_name         = "ExportsCompleted"
  statistic           = "Sum"
  period              = 86400
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  dimensions = {
    Stage = local.stage
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "progress_dropped" {
  alarm_name          = "pricing-lake-${local.stage}-progress-dropped"
  alarm_description   = "Progress could not be written: the lake goes on, but nobody can watch it."
  namespace           = "PricingLake"
  metric_name         = "ProgressWritesDropped"
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = 10
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  dimensions = {
    Stage = local.stage
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "athena_scanned" {
  alarm_name          = "pricing-lake-${local.stage}-athena-scanned"
  alarm_description   = "Queries read more in a day than ten of the largest may."
  namespace           = "AWS/Athena"
  metric_name         = "ProcessedBytes"
  statistic           = "Sum"
  period              = 86400
  evaluation_periods  = 1
  threshold           = var.scanned_per_day_bytes
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  dimensions = {
    WorkGroup = "pricing-lake-${local.stage}"
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "dagster_down" {
  alarm_name          = "pricing-lake-${local.stage}-dagster-down"
  alarm_description   = "The Dagster task does not run: no schedule fires."
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  statistic           = "SampleCount"
  period              = 300
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  dimensions = {
    ClusterName = "pricing-lake-${local.stage}"
    ServiceName = "dagster"
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "dagster_storage_low" {
  alarm_name          = "pricing-lake-${local.stage}-dagster-storage-low"
  alarm_description   = "Less than 4 GB are left for Dagster's runs and events."
  namespace           = "AWS/RDS"
  metric_name         = "FreeStorageSpace"
  statistic           = "Minimum"
  period              = 300
  evaluation_periods  = 3
  threshold           = 4000000000
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  dimensions = {
    DBInstanceIdentifier = "pricing-lake-${local.stage}-dagster"
  }
  alarm_actions = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_dashboard" "lake" {
  dashboard_name = "pricing-lake-${local.stage}"
  dashboard_body = <<-EOT
    {
      "widgets": [
        {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
          "metrics": [
            ["PricingLake", "ExportsCompleted", "Stage", "${local.stage}"],
            ["PricingLake", "ExportsFailed", "Stage", "${local.stage}"],
            ["PricingLake", "ProgressWritesDropped", "Stage", "${local.stage}"]
          ],
          "title": "Exports", "region": "${local.region}", "stat": "Sum", "period": 3600, "view": "timeSeries"
        }},
        {"type": "metric", "x": 12, "y": 0, "width": 12, "height": 6, "properties": {
          "metrics": [
            ["PricingLake", "RowsGood", "Stage", "${local.stage}"],
            ["PricingLake", "RowsQuarantined", "Stage", "${local.stage}"]
          ],
          "title": "Rows", "region": "${local.region}", "stat": "Sum", "period": 3600, "view": "timeSeries"
        }},
        {"type": "metric", "x": 0, "y": 6, "width": 12, "height": 6, "properties": {
          "metrics": [
            ["AWS/Athena", "ProcessedBytes", "WorkGroup", "pricing-lake-${local.stage}"],
            ["AWS/Athena", "TotalExecutionTime", "WorkGroup", "pricing-lake-${local.stage}"]
          ],
          "title": "Athena", "region": "${local.region}", "stat": "Sum", "period": 3600, "view": "timeSeries"
        }}
      ]
    }
  EOT
}
