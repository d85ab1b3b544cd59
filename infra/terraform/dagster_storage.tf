resource "aws_security_group" "task" {
  name        = "pricing-lake-${local.stage}-dagster-task"
  description = "The Dagster task."
  vpc_id      = var.vpc_id
  ingress {
    protocol    = "tcp"
    from_port   = 3000
    to_port     = 3000
    cidr_blocks = [var.operator_cidr]
    description = "Dagit"
  }
  egress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
    description = "AWS and pictures"
  }
  egress {
    protocol    = "tcp"
    from_port   = 1024
    to_port     = 65535
    cidr_blocks = [var.source_cidr]
    description = "Sources and storage"
  }
}

resource "aws_security_group" "database" {
  name        = "pricing-lake-${local.stage}-dagster-storage"
  description = "PostgreSQL of Dagster, from its task alone."
  vpc_id      = var.vpc_id
  ingress {
    protocol        = "tcp"
    from_port       = 5432
    to_port         = 5432
    security_groups = [aws_security_group.task.id]
    description     = "PostgreSQL"
  }
  # It begins no connection of its own; without this block AWS would allow all.
  egress {
    protocol    = "tcp"
    from_port   = 5432
    to_port     = 5432
    cidr_blocks = ["127.0.0.1/32"]
    description = "Nowhere"
  }
}

resource "aws_db_subnet_group" "dagster" {
  name        = "pricing-lake-${local.stage}-dagster"
  description = "Private subnets of Dagster's storage."
  subnet_ids  = var.private_subnet_ids
}

resource "aws_db_parameter_group" "dagster" {
  name        = "pricing-lake-${local.stage}-dagster"
  description = "TLS or nothing."
  family      = "postgres17"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "dagster" {
  identifier                          = "pricing-lake-${local.stage}-dagster"
  db_name                             = "dagster"
  engine                              = "postgres"
  engine_version                      = "17.11"
  instance_class                      = "db.t4g.small"
  allocated_storage                   = 20
  max_allocated_storage               = 100
  storage_type                        = "gp3"
  storage_encrypted                   = true
  publicly_accessible                 = false
  multi_az                            = var.multi_az
  backup_retention_period             = 14
  deletion_protection                 = true
  copy_tags_to_snapshot               = true
  auto_minor_version_upgrade          = true
  iam_database_authentication_enabled = true
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  performance_insights_enabled        = true
  username                            = "dagster"
  # RDS makes the password, keeps it in Secrets Manager and changes it; no state file ever holds it.
  manage_master_user_password = true
  db_subnet_group_name        = aws_db_subnet_group.dagster.name
  parameter_group_name        = aws_db_parameter_group.dagster.name
  vpc_security_group_ids      = [aws_security_group.database.id]
  final_snapshot_identifier   = "pricing-lake-${local.stage}-dagster-last"
}
