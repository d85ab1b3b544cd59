locals {
  mounts = [
    { sourceVolume = "home", containerPath = "/var/lib/pricing-lake" },
    { sourceVolume = "tmp", containerPath = "/tmp" },
  ]
  environment = [
    { name = "PRICING_LAKE_STAGE", value = local.stage },
    { name = "AWS_REGION", value = local.region },
    { name = "BEDROCK_REGION", value = local.bedrock_region },
    { name = "PRICING_LAKE_EMBEDDER", value = "bedrock" },
    { name = "PRICING_LAKE_ALARM_TOPIC", value = "arn:aws:sns:${local.region}:${local.account}:pricing-lake-${local.stage}-alarms" },
    { name = "DAGSTER_POSTGRES_HOST", value = local.database_host },
  ]
  secrets = [
    { name = "DAGSTER_POSTGRES_PASSWORD", valueFrom = "${local.database_secret_arn}:password::" },
    { name = "PRICING_LAKE_MASKING_KEY", valueFrom = aws_secretsmanager_secret.masking_key.arn },
  ]
  containers = [
    {
      name                   = "code"
      image                  = var.image
      essential              = true
      readonlyRootFilesystem = true
      command                = ["dagster", "code-server", "start", "--host", "127.0.0.1", "--port", "4000", "--module-name", "pricing_lake.definitions"]
      healthCheck = {
        command     = ["CMD-SHELL", "dagster api grpc-health-check --port 4000"]
        interval    = 30
        timeout     = 10
        retries     = 5
        startPeriod = 60
      }
      mountPoints = local.mounts
      environment = local.environment
      secrets     = local.secrets
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.lake.name
          "awslogs-region"        = local.region
          "awslogs-stream-prefix" = "code"
        }
      }
    },
    {
      name                   = "webserver"
      image                  = var.image
      essential              = true
      readonlyRootFilesystem = true
      command                = ["dagster-webserver", "--host", "0.0.0.0", "--port", "3000", "--workspace", "/opt/pricing-lake/workspace.yaml"]
      dependsOn              = [{ containerName = "code", condition = "HEALTHY" }]
      portMappings           = [{ containerPort = 3000, protocol = "tcp" }]
      healthCheck = {
        command     = ["CMD-SHELL", "python -c \"import urllib.request as r; r.urlopen('http://127.0.0.1:3000/server_info', timeout=4)\""]
        interval    = 30
        timeout     = 10
        retries     = 5
        startPeriod = 60
      }
      mountPoints = local.mounts
      environment = local.environment
      secrets     = local.secrets
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.lake.name
          "awslogs-region"        = local.region
          "awslogs-stream-prefix" = "webserver"
        }
      }
    },
    {
      name                   = "daemon"
      image                  = var.image
      essential              = true
      readonlyRootFilesystem = true
      command                = ["dagster-daemon", "run", "--workspace", "/opt/pricing-lake/workspace.yaml"]
      dependsOn              = [{ containerName = "code", condition = "HEALTHY" }]
      healthCheck = {
        command     = ["CMD-SHELL", "dagster-daemon liveness-check"]
        interval    = 30
        timeout     = 10
        retries     = 5
        startPeriod = 60
      }
      mountPoints = local.mounts
      environment = local.environment
      secrets     = local.secrets
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.lake.name
          "awslogs-region"        = local.region
          "awslogs-stream-prefix" = "daemon"
        }
      }
    },
  ]
}

resource "aws_ecs_cluster" "lake" {
  name = "pricing-lake-${local.stage}"
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_cloudwatch_log_group" "lake" {
  name              = "/pricing-lake/${local.stage}"
  retention_in_days = 90
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_ecs_task_definition" "dagster" {
  family                   = "pricing-lake-${local.stage}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.task_cpu
  memory                   = var.task_memory
  task_role_arn            = aws_iam_role.pipeline.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode(local.containers)
  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }
  volume {
    name = "home"
  }
  volume {
    name = "tmp"
  }
}

resource "aws_ecs_service" "dagster" {
  name             = "dagster"
  cluster          = aws_ecs_cluster.lake.id
  task_definition  = aws_ecs_task_definition.dagster.arn
  launch_type      = "FARGATE"
  platform_version = "1.4.0"
  # One daemon at a time: the old task stops before the new one starts.
  desired_count                      = 1
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    assign_public_ip = false
    subnets          = var.private_subnet_ids
    security_groups  = [aws_security_group.task.id]
  }
}
