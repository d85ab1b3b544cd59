"""One stage with made-up ids, as the names object derives it and as the templates' parameters give it."""

from pathlib import Path

from pricing_lake.aws.names import AwsNames

INFRA = Path(__file__).parents[2] / "infra"
ACCOUNT, REGION, STAGE, TENANT = "123456789012", "eu-west-1", "dev", "acme"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:pricing-lake-{STAGE}-alarms"
NAMES = AwsNames(
    stage=STAGE,
    region=REGION,
    bedrock_region="us-east-1",
    bucket=f"carousel-{STAGE}-analytics",
    prefix="pricing-intelligence",
    database=f"pricing_intelligence_{STAGE}",
    workgroup=f"pricing-lake-{STAGE}",
    progress_table=f"bg-remover-{STAGE}-smartgo-export-progress",
    parameter=f"/tf/{STAGE}/smartgo/database/config",
    alarm_topic=TOPIC,
)
GIVEN = {
    "stage": STAGE,
    "region": REGION,
    "redshift_workgroup_arn": f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:workgroup/0-1-2",
    "database_secret_arn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-1",
    "masking_key_secret_arn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:pricing-lake/{STAGE}/masking-key-1",
    "database_host": "db.internal",
    "alarm_email": "somebody@example.org",
    "reader_principal_arn": f"arn:aws:iam::{ACCOUNT}:role/people",
    "vpc_id": "vpc-1",
    "private_subnet_ids": "subnet-1,subnet-2",
    "operator_cidr": "10.9.0.0/16",
    "task_security_group_id": "sg-task",
    "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/pricing-lake@sha256:00",
}
"""What a deployer gives; everything else has a default in both."""

WORDS = {
    "stage": STAGE,
    "account": ACCOUNT,
    "region": REGION,
    "bedrock_region": NAMES.bedrock_region,
    "bucket": NAMES.bucket,
    "prefix": NAMES.prefix,
    "database": NAMES.database,
    "workgroup": NAMES.workgroup,
    "progress_table": NAMES.progress_table,
    "parameter": NAMES.parameter.lstrip("/"),
    "model": "amazon.titan-embed-image-v1",
    "carousel_table": "carousel-sales",
    "redshift_workgroup_arn": GIVEN["redshift_workgroup_arn"],
    "database_secret_arn": GIVEN["database_secret_arn"],
    "own_user_id": "${aws:userid}",
    "tenant": TENANT,
}
"""What words in braces of `pricing_lake.aws.grants` are for this stage."""
