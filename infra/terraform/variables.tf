variable "stage" {
  description = "Stage of the lake."
  type        = string
  validation {
    condition     = contains(["dev", "staging", "prod"], var.stage)
    error_message = "The stage is dev, staging or prod."
  }
}

variable "region" {
  description = "Where the lake is."
  type        = string
  default     = "eu-west-1"
}

variable "bedrock_region" {
  description = "Where the model is asked."
  type        = string
  default     = "us-east-1"
}

variable "carousel_table" {
  description = "DynamoDB table of Carousel's sales."
  type        = string
  default     = "carousel-sales"
}

variable "redshift_workgroup_arn" {
  description = "ARN of the Redshift Serverless workgroup that is read."
  type        = string
}

variable "alarm_email" {
  description = "Address that is told of alarms; it confirms by a link in the first mail."
  type        = string
}

variable "scan_limit_bytes" {
  description = "Bytes that one query may read; PRICING_LAKE_ATHENA_SCAN_LIMIT_GB of 1024^3 bytes."
  type        = number
  default     = 107374182400
}

variable "scanned_per_day_bytes" {
  description = "Bytes that all queries of a day may read before somebody is told; ten times scan_limit_bytes."
  type        = number
  default     = 1073741824000
}

variable "tenants" {
  description = "Tenants that have readers of their own."
  type        = set(string)
  default     = []
}

variable "reader_principal_arn" {
  description = "Who may take the readers' roles, e.g. the role that people sign in with."
  type        = string
  default     = ""
}

variable "tenant_scan_limit_bytes" {
  description = "Bytes that one query of a reader may read."
  type        = number
  default     = 10737418240
}

variable "vpc_id" {
  description = "The network that the task and its database live in."
  type        = string
}

variable "private_subnet_ids" {
  description = "Subnets of two zones at least, without a route from the internet; with one to AWS and to the sources."
  type        = list(string)
}

variable "operator_cidr" {
  description = "From where Dagit may be opened, e.g. the VPN. It asks for no password, so never 0.0.0.0/0."
  type        = string
  validation {
    condition     = can(regex("^(10|172|192)\\..*/[0-9]+$", var.operator_cidr))
    error_message = "Dagit is opened from a private network."
  }
}

variable "source_cidr" {
  description = "Where the shops' databases and brokers are."
  type        = string
  default     = "10.0.0.0/8"
}

variable "multi_az" {
  description = "Whether the database has a standby in another zone."
  type        = bool
  default     = true
}

variable "image" {
  description = "Image with its digest (a rollback is the old one)."
  type        = string
}

variable "task_cpu" {
  description = "CPU units of the task."
  type        = string
  default     = "2048"
}

variable "task_memory" {
  description = "Megabytes of the task."
  type        = string
  default     = "8192"
}
