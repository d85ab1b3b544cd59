"""The lake's account on AWS: what must be there, making it, and proving it. Plain boto3; no Dagster and no settings.

ensure_* yields what is there and what would have to change; verify_* only looks. Iceberg itself is in `lake`.
"""
