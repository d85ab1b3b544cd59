"""The bucket's policy, which `ensure` sets over TLS alone: here it is read and written over the emulator's HTTP."""

import json

import pytest

from pricing_lake.aws.account import Account
from pricing_lake.aws.bucket import Bucket
from pricing_lake_tests.aws.moto_server import client, environment
from pricing_lake_tests.infra.cloudformation import of_type
from pricing_lake_tests.infra.stage import ACCOUNT, NAMES
from pricing_lake_tests.infra.statements import comparables


@pytest.fixture
def bucket(moto: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in environment(moto, "http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    place = {"LocationConstraint": NAMES.region}
    s3 = client("s3", moto)
    if NAMES.bucket not in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=NAMES.bucket, CreateBucketConfiguration=place)
    s3.delete_bucket_policy(Bucket=NAMES.bucket)
    return Bucket(Account(NAMES.region, moto), NAMES)


def test_a_bucket_without_a_policy_gets_the_template_s(bucket: Bucket, moto: str) -> None:
    before = bucket._transport(exists=True)
    assert not before.fits
    assert before.mend is not None
    before.mend()
    assert bucket._transport(exists=True).fits
    stored = json.loads(client("s3", moto).get_bucket_policy(Bucket=NAMES.bucket)["Policy"])["Statement"]
    (template,) = [each for each in of_type("S3::BucketPolicy") if each.name == "BucketPolicy"]
    assert comparables(stored) == comparables(template.properties["PolicyDocument"]["Statement"])


def test_somebody_else_s_policy_is_never_overwritten(bucket: Bucket, moto: str) -> None:
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{NAMES.bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    client("s3", moto).put_bucket_policy(Bucket=NAMES.bucket, Policy=policy)
    found = bucket._transport(exists=True)
    assert (found.fits, found.mend) == (False, None)
