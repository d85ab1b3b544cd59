"""Which files a file:// URL may name."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch import FetchPolicy, fetch_image
from pricing_lake.images.reasons import ImageReason


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    root.mkdir()
    (root / "a.jpg").write_bytes(b"inside")
    (tmp_path / "secret.jpg").write_bytes(b"outside")
    (tmp_path / "pictures-of-others").mkdir()
    (tmp_path / "pictures-of-others" / "a.jpg").write_bytes(b"outside")
    return root


@pytest.fixture
def allowing(policy: FetchPolicy, root: Path) -> FetchPolicy:
    return replace(policy, image_root=root)


def _reason(url: str, policy: FetchPolicy) -> str:
    with pytest.raises(ImageError) as caught:
        fetch_image(url, policy)
    return caught.value.reason


@pytest.mark.parametrize("prefix", ["file://", "file://localhost", "FILE://", "file:"])
def test_a_file_below_the_root_is_read(allowing: FetchPolicy, root: Path, prefix: str) -> None:
    assert fetch_image(f"{prefix}{root}/a.jpg", allowing) == b"inside"


def test_a_name_with_escaped_characters_is_read(allowing: FetchPolicy, root: Path) -> None:
    path = root / "zwei Schuhe? 100 % #ö.jpg"
    path.write_bytes(b"inside")
    assert fetch_image(path.as_uri(), allowing) == b"inside"


def test_without_a_root_file_urls_are_refused(policy: FetchPolicy, root: Path) -> None:
    assert _reason((root / "a.jpg").as_uri(), policy) == ImageReason.SCHEME_REFUSED


@pytest.mark.parametrize(
    "tail",
    [
        "/../secret.jpg",
        "/%2e%2e/secret.jpg",
        "/..%2fsecret.jpg",
        "/x/../a.jpg",
        "/../no-such-file.jpg",
        "-of-others/a.jpg",
        "",
        "/",
        "/.",
    ],
)
def test_a_path_out_of_the_root_is_refused_whether_or_not_it_exists(
    allowing: FetchPolicy, root: Path, tail: str
) -> None:
    assert _reason(f"file://{root}{tail}", allowing) == ImageReason.OUTSIDE_ROOT


def test_a_link_may_lead_elsewhere_inside_but_not_outside(allowing: FetchPolicy, root: Path) -> None:
    (root / "inner.jpg").symlink_to(root / "a.jpg")
    (root / "outer.jpg").symlink_to(root.parent / "secret.jpg")
    (root / "folder").symlink_to(root.parent)
    (root / "loop.jpg").symlink_to(root / "loop.jpg")
    assert fetch_image((root / "inner.jpg").as_uri(), allowing) == b"inside"
    for name in ("outer.jpg", "folder/secret.jpg", "loop.jpg"):
        assert _reason(f"file://{root}/{name}", allowing) == ImageReason.OUTSIDE_ROOT


def test_a_root_that_is_itself_a_link_works(policy: FetchPolicy, root: Path) -> None:
    (root.parent / "link").symlink_to(root)
    through_link = replace(policy, image_root=root.parent / "link")
    assert fetch_image(f"file://{root.parent}/link/a.jpg", through_link) == b"inside"


def test_folders_fifos_and_devices_are_no_images(allowing: FetchPolicy, root: Path) -> None:
    os.mkfifo(root / "fifo.jpg")  # opening it for reading would wait for a writer for ever
    (root / "folder.jpg").mkdir()
    for name in ("fifo.jpg", "folder.jpg"):
        assert _reason((root / name).as_uri(), allowing) == ImageReason.NOT_AN_IMAGE
    devices = replace(allowing, image_root=Path("/dev"))
    assert _reason("file:///dev/zero", devices) == ImageReason.NOT_AN_IMAGE


@pytest.mark.parametrize(
    "url",
    [
        "file://server/share/a.jpg",
        "file://127.0.0.1/a.jpg",
        "file:a.jpg",
        "file:///a.jpg?x=1",
        "file:///a.jpg#x",
        "file:///a%00.jpg",
        "file://[bad/a.jpg",
    ],
)
def test_what_names_no_local_file_is_refused(allowing: FetchPolicy, url: str) -> None:
    assert _reason(url, allowing) == ImageReason.SCHEME_REFUSED


@pytest.mark.parametrize("name", ["gone.jpg", "a.jpg/b.jpg"])
def test_a_missing_file_is_not_found(allowing: FetchPolicy, root: Path, name: str) -> None:
    assert _reason(f"file://{root}/{name}", allowing) == ImageReason.NOT_FOUND


def test_a_name_too_long_is_an_image_error(allowing: FetchPolicy, root: Path) -> None:
    assert _reason(f"file://{root}/{'x' * 300}.jpg", allowing) in set(ImageReason)


def test_the_byte_limit_holds_for_files(allowing: FetchPolicy, root: Path) -> None:
    url = (root / "a.jpg").as_uri()
    assert fetch_image(url, replace(allowing, max_bytes=6)) == b"inside"
    assert _reason(url, replace(allowing, max_bytes=5)) == ImageReason.TOO_LARGE
