"""A URI leads to a file system, or is refused in one line."""

from pathlib import Path

import pytest
from pyarrow import fs

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.files import files_at


@pytest.mark.parametrize("uri", ["file:///a folder/100%", "/a folder/100%", "file:///a folder/100%/"])
def test_a_folder_is_taken_as_it_is_written(uri: str) -> None:
    files, path = files_at(uri, "", "")
    assert isinstance(files, fs.LocalFileSystem)
    assert path == "/a folder/100%"


def test_a_bucket_with_its_prefix() -> None:
    files, path = files_at("s3://bucket/some/prefix/", "eu-west-1", "")
    assert isinstance(files, fs.S3FileSystem)
    assert (path, files.region) == ("bucket/some/prefix", "eu-west-1")


@pytest.mark.parametrize("uri", ["", "s3://", "s3:///", "gs://bucket/x", "folder", "file://folder", "https://a/b"])
def test_anything_else_is_refused(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="no place for files"):
        files_at(uri, "eu-west-1", "")


def test_nothing_is_made(tmp_path: Path) -> None:
    files_at(f"file://{tmp_path}/new", "", "")
    assert list(tmp_path.iterdir()) == []
