"""File systems by URI, for every resource that keeps files: a local folder, or S3 with explicit patience."""

from typing import TYPE_CHECKING

from pricing_lake.errors import ConfigurationError

if TYPE_CHECKING:
    from pyarrow import fs

CONNECT_SECONDS, REQUEST_SECONDS, ATTEMPTS = 3, 60, 6


def files_at(uri: str, region: str, endpoint: str) -> "tuple[fs.FileSystem, str]":
    """The file system and the path behind `file:///folder` or `s3://bucket/prefix`; nothing is asked or made yet.

    pyarrow does not read AWS_ENDPOINT_URL, so `endpoint` is passed on; empty means AWS's own. Raises ConfigurationError
    for any other URI.
    """
    from pyarrow import fs

    scheme, separator, path = uri.partition("://")
    if not separator and uri.startswith("/"):
        scheme, path = "file", uri
    if scheme == "file" and path.startswith("/"):
        return fs.LocalFileSystem(), path.rstrip("/") or "/"
    if scheme == "s3" and path.strip("/"):
        return _s3(region, endpoint), path.strip("/")
    raise ConfigurationError(f"{uri!r} is no place for files; give s3://bucket/prefix or file:///folder")


def _s3(region: str, endpoint: str) -> "fs.S3FileSystem":
    from pyarrow import fs

    return fs.S3FileSystem(
        region=region or None,
        endpoint_override=endpoint or None,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        # A small file is one PUT instead of three requests of a multipart upload.
        allow_delayed_open=True,
    )
