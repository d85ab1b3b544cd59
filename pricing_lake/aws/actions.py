"""Which IAM actions one request to AWS needs, and on whose behalf a module of ours makes it. Grants nothing."""

from collections.abc import Iterable

from pricing_lake.aws.grants import Role

_SERVICES = {"bedrock-runtime": "bedrock"}
"""Services whose actions are named after another one."""

_ACTIONS: dict[str, tuple[str, ...]] = {
    "sts:GetCallerIdentity": (),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
}
"""Requests whose action has another name, or that need several or none."""

_OF_DEPLOYER = (
    "pricing_lake.aws.ensure",
    "pricing_lake.aws.verify",
    "pricing_lake.aws.bucket",
    "pricing_lake.cli.ensure",
    "pricing_lake.cli.verify",
)


def actions_of(operation: str) -> tuple[str, ...]:
    """The actions that `service:Operation`, in botocore's names, needs.

    AWS's Service Authorization Reference lists them; most are named like the operation.
    """
    service, _, name = operation.partition(":")
    return _ACTIONS.get(operation, (f"{_SERVICES.get(service, service)}:{name}",))


def role_behind(modules: Iterable[str]) -> Role:
    """The role in which a request is made, by the modules of ours that lead to it."""
    return Role.DEPLOYER if any(module.startswith(_OF_DEPLOYER) for module in modules) else Role.PIPELINE
