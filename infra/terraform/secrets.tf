# Places for secrets, without any value: a person puts each value once (docs/deployment.md), so none is in a state file.
resource "aws_secretsmanager_secret" "masking_key" {
  name        = "pricing-lake/${local.stage}/masking-key"
  description = "PRICING_LAKE_MASKING_KEY - base64 of 32 random bytes. Lost, no new row matches an old token."
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_secretsmanager_secret" "snowflake_private_key" {
  name        = "pricing-lake/${local.stage}/snowflake-private-key"
  description = "SNOWFLAKE_PRIVATE_KEY - PEM of the Snowflake user's key."
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_secretsmanager_secret" "salesforce_client_secret" {
  name        = "pricing-lake/${local.stage}/salesforce-client-secret"
  description = "SALESFORCE_CLIENT_SECRET - of the connected app."
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_ssm_parameter" "sales_source" {
  name        = "/pricing-lake/${local.stage}/smartgo-parameter"
  type        = "String"
  description = "Name of the SecureString that holds the shop's connection; not the connection itself."
  value       = "/${local.parameter}"
}
