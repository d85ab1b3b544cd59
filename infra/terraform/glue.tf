# Its tables are made by `pricing-lake ensure`, from the contracts.
resource "aws_glue_catalog_database" "lake" {
  name         = local.database
  description  = "Pricing Lake, stage ${local.stage}: tables of pricing_lake/contracts."
  location_uri = "s3://${local.bucket}/${local.prefix}/warehouse/${local.database}.db"
  lifecycle {
    prevent_destroy = true
  }
}
