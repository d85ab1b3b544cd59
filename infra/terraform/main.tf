# The same stage as infra/cloudformation describes, resource by resource: a test compares them.
# Parsed and compared, never planned or applied (docs/deployment.md).
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.60"
    }
  }
}

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

locals {
  stage                  = var.stage
  account                = data.aws_caller_identity.current.account_id
  region                 = var.region
  bedrock_region         = var.bedrock_region
  bucket                 = "carousel-${var.stage}-analytics"
  prefix                 = "pricing-intelligence"
  database               = "pricing_intelligence_${var.stage}"
  workgroup              = "pricing-lake-${var.stage}"
  progress_table         = "bg-remover-${var.stage}-smartgo-export-progress"
  parameter              = "tf/${var.stage}/smartgo/database/config"
  model                  = "amazon.titan-embed-image-v1"
  carousel_table         = var.carousel_table
  redshift_workgroup_arn = var.redshift_workgroup_arn
  database_host          = aws_db_instance.dagster.address
  database_secret_arn    = aws_db_instance.dagster.master_user_secret[0].secret_arn
}
