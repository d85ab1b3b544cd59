"""Makes the lake's bucket and sets right what may be set right without harm. What it must be is in `bucket`."""

from collections.abc import Iterator

from pricing_lake.aws.bucket import Bucket
from pricing_lake.aws.findings import Step, fail, ok, to_make, to_mend

KIND = "bucket"


def ensure_bucket(bucket: Bucket) -> Iterator[Step]:
    """The bucket, then each of its settings. Raises ConfigurationError when it is not ours to use."""
    name, exists = bucket.names.bucket, bucket.exists()
    if exists:
        yield ok(KIND, name, f"in {bucket.account.region}, owned by {bucket.account.identity.account}")
    else:
        yield to_make(KIND, name, f"a bucket in {bucket.account.region}", bucket.make)
    for aspect in bucket.aspects(exists=exists):
        label = f"{name} {aspect.name}"
        if aspect.fits:
            yield ok(KIND, label, aspect.wanted)
        elif aspect.mend is None:
            yield fail(KIND, label, f"not so: {aspect.wanted}; the policy that is there is not ours", aspect.advice)
        else:
            yield (to_mend if exists else to_make)(KIND, label, aspect.wanted, aspect.mend)
