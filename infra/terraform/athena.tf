# Its named queries are made by `pricing-lake ensure`.
resource "aws_athena_workgroup" "lake" {
  name        = local.workgroup
  description = "Pricing Lake, stage ${local.stage}."
  state       = "ENABLED"
  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.scan_limit_bytes
    result_configuration {
      output_location = "s3://${local.bucket}/${local.prefix}/athena-results/"
      encryption_configuration {
        encryption_option = "SSE_S3"
      }
    }
  }
}

resource "aws_athena_workgroup" "tenant" {
  for_each    = var.tenants
  name        = "${local.workgroup}-${each.value}"
  description = "Pricing Lake, stage ${local.stage}, readers of ${each.value}."
  state       = "ENABLED"
  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.tenant_scan_limit_bytes
    result_configuration {
      output_location = "s3://${local.bucket}/${local.prefix}/athena-results/${each.value}/"
      encryption_configuration {
        encryption_option = "SSE_S3"
      }
    }
  }
}
