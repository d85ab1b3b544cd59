"""What the lake's bucket must be: each aspect with how it is read, when it fits, and how it is set right."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pricing_lake.aws.account import Account
from pricing_lake.aws.explain import code_of, explained
from pricing_lake.aws.names import AwsNames
from pricing_lake.errors import ConfigurationError

OLD_VERSION_DAYS, RESULT_DAYS, UPLOAD_DAYS = 30, 30, 7
ALL_BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
UNSET = (
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
)


@dataclass(frozen=True)
class Aspect:
    """One setting of the bucket. `mend` is None when what is there must not be overwritten."""

    name: str
    wanted: str
    fits: bool
    mend: Callable[[], object] | None
    advice: str


@dataclass(frozen=True)
class Bucket:
    """The lake's bucket as seen by one account; every request names the account that must own it."""

    account: Account
    names: AwsNames

    def exists(self) -> bool:
        """Whether it is there, in this account and region.

        Raises ConfigurationError when it belongs to another account, may not be seen, or lies elsewhere.
        """
        from botocore.exceptions import ClientError

        try:
            answer = self._s3.head_bucket(**self._ours)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return False
            if status == 301:
                raise self._elsewhere(error.response["ResponseMetadata"]["HTTPHeaders"]) from error
            if status == 403:
                raise ConfigurationError(
                    f"bucket {self.names.bucket} belongs to another account than {self.account.identity.account}, or "
                    "this role may not see it; give PRICING_LAKE_BUCKET another name, or allow s3:ListBucket"
                ) from error
            with explained("s3", self.account.region):
                raise
        region = answer.get("BucketRegion") or self.account.region
        if region != self.account.region:
            raise self._elsewhere({"x-amz-bucket-region": region})
        return True

    def make(self) -> None:
        """Create it. Raises ConfigurationError when somebody else has a bucket of that name."""
        from botocore.exceptions import ClientError

        place = {"LocationConstraint": self.account.region}
        where = {} if self.account.region == "us-east-1" else {"CreateBucketConfiguration": place}
        try:
            self._s3.create_bucket(Bucket=self.names.bucket, **where)
        except ClientError as error:
            if code_of(error) == "BucketAlreadyOwnedByYou":  # somebody ran ensure at the same time
                return
            if code_of(error) == "BucketAlreadyExists":
                raise ConfigurationError(
                    f"another account has a bucket called {self.names.bucket}; give PRICING_LAKE_BUCKET another name"
                ) from error
            with explained("s3", self.account.region):
                raise

    def aspects(self, *, exists: bool) -> tuple[Aspect, ...]:
        """Every setting that matters; of a bucket that is not there yet none fits."""
        read = [self._encryption, self._versioning, self._public_access, self._lifecycle]
        if self._s3.meta.endpoint_url.startswith("https:"):  # over plain HTTP, an emulator's, it would shut us out too
            read.append(self._transport)
        return tuple(aspect(exists) for aspect in read)

    def _encryption(self, exists: bool) -> Aspect:
        rules = (
            self._read(exists, "get_bucket_encryption").get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        )
        used = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm") for rule in rules]
        wanted = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
        return Aspect(
            "encryption",
            "every object is encrypted at rest",
            any(used),
            self._put("put_bucket_encryption", ServerSideEncryptionConfiguration=wanted),
            "turn default encryption on",
        )

    def _versioning(self, exists: bool) -> Aspect:
        return Aspect(
            "versioning",
            "a deleted or overwritten file can be had back",
            self._read(exists, "get_bucket_versioning").get("Status") == "Enabled",
            self._put("put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"}),
            "turn versioning on",
        )

    def _public_access(self, exists: bool) -> Aspect:
        blocked = self._read(exists, "get_public_access_block").get("PublicAccessBlockConfiguration", {})
        return Aspect(
            "public access",
            "nothing can be made public",
            blocked == ALL_BLOCKED,
            self._put("put_public_access_block", PublicAccessBlockConfiguration=ALL_BLOCKED),
            "turn all four settings of Block Public Access on",
        )

    def _transport(self, exists: bool) -> Aspect:
        text = self._read(exists, "get_bucket_policy").get("Policy", "")
        statements = json.loads(text).get("Statement", []) if text else []
        mend = self._put("put_bucket_policy", Policy=json.dumps(self._tls_only()))
        return Aspect(
            "transport",
            "requests without TLS are denied",
            any(_denies_plain(statement) for statement in statements),
            None if statements else mend,
            f"add to the bucket's policy: {json.dumps(self._tls_only()['Statement'][0])}",
        )

    def _tls_only(self) -> dict[str, Any]:
        arn = f"arn:aws:s3:::{self.names.bucket}"
        deny = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [deny]}

    def _lifecycle(self, exists: bool) -> Aspect:
        stored = {
            rule.get("ID"): rule for rule in self._read(exists, "get_bucket_lifecycle_configuration").get("Rules", [])
        }
        wanted = {rule["ID"]: rule for rule in self._rules()}
        merged = {"Rules": list({**stored, **wanted}.values())}
        return Aspect(
            "lifecycle",
            f"old versions go after {OLD_VERSION_DAYS} days, query results after {RESULT_DAYS}",
            all(_same_rule(stored.get(name, {}), rule) for name, rule in wanted.items()),
            self._put("put_bucket_lifecycle_configuration", LifecycleConfiguration=merged),
            f"add the rules {', '.join(wanted)}",
        )

    def _rules(self) -> list[dict[str, Any]]:
        """Only below the lake's prefix: the bucket may hold other things."""
        lake = {"Filter": {"Prefix": f"{self.names.prefix}/"}, "Status": "Enabled"}
        results = {"Filter": {"Prefix": self.names.results_key}, "Status": "Enabled"}
        return [
            {
                "ID": "pricing-lake-old-versions",
                **lake,
                "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSION_DAYS},
            },
            {
                "ID": "pricing-lake-unfinished-uploads",
                **lake,
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS},
            },
            {"ID": "pricing-lake-query-results", **results, "Expiration": {"Days": RESULT_DAYS}},
        ]

    @property
    def _s3(self) -> Any:
        return self.account.client("s3")

    @property
    def _ours(self) -> dict[str, str]:
        return {"Bucket": self.names.bucket, "ExpectedBucketOwner": self.account.identity.account}

    def _read(self, exists: bool, operation: str) -> Mapping[str, Any]:
        """The setting, empty when it was never set."""
        from botocore.exceptions import ClientError

        if not exists:
            return {}
        with explained("s3", self.account.region):
            try:
                answer: Mapping[str, Any] = getattr(self._s3, operation)(**self._ours)
            except ClientError as error:
                if code_of(error) in UNSET:
                    return {}
                raise
        return answer

    def _put(self, operation: str, **setting: Any) -> Callable[[], object]:
        def put() -> None:
            with explained("s3", self.account.region):
                getattr(self._s3, operation)(**self._ours, **setting)

        return put

    def _elsewhere(self, headers: Mapping[str, str]) -> ConfigurationError:
        region = headers.get("x-amz-bucket-region", "another region")
        return ConfigurationError(
            f"bucket {self.names.bucket} lies in {region}, not in {self.account.region}; set AWS_REGION, or give "
            "PRICING_LAKE_BUCKET another name"
        )


def _denies_plain(statement: Mapping[str, Any]) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return statement.get("Effect") == "Deny" and str(condition).lower() in ("false", "['false']")


def _same_rule(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(stored.get(name) == value for name, value in wanted.items())
