"""Reads file:// images, and only regular files strictly below one folder.

For stages that keep their sample pictures on disk; HTTP lives in `http_download`.
"""

import os
import stat
from pathlib import Path, PurePosixPath
from urllib.parse import unquote_to_bytes, urlsplit

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch_policy import FetchPolicy
from pricing_lake.images.reasons import ImageReason


def read_local_image(url: str, policy: FetchPolicy) -> bytes:
    """Return the bytes of the file that a file:// URL names.

    Symbolic links are followed as long as they stay below `policy.image_root`. A path outside is refused
    the same way whether or not something is there. Raises ImageError: image_scheme_refused,
    image_outside_root, image_not_found, image_not_an_image (a folder, FIFO or device), image_too_large,
    image_unreachable (no permission).
    """
    if policy.image_root is None:
        raise ImageError(ImageReason.SCHEME_REFUSED, "file:// is switched off; set image_root to allow it")
    path = _path_below(policy.image_root, _path_of(url))
    try:
        return _read_regular_file(path, policy.max_bytes)
    except (FileNotFoundError, NotADirectoryError):
        raise ImageError(ImageReason.NOT_FOUND, f"no file {path.name}; correct the URL") from None
    except OSError as error:
        raise ImageError(
            ImageReason.UNREACHABLE, f"cannot read {path.name} ({error.strerror}); give the lake access to it"
        ) from error


def _path_of(url: str) -> str:
    malformed = ImageError(ImageReason.SCHEME_REFUSED, "the URL is not file:///path; correct it")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise malformed from None
    path = os.fsdecode(unquote_to_bytes(parts.path))
    plain = parts.netloc in ("", "localhost") and not parts.query and not parts.fragment
    if not plain or not path.startswith("/") or "\0" in path:
        raise malformed
    return path


def _path_below(root: Path, text: str) -> Path:
    """The file behind all symbolic links, refused unless it lies strictly below the root."""
    outside = ImageError(ImageReason.OUTSIDE_ROOT, "the path leaves image_root; move the file below it")
    if ".." in PurePosixPath(text).parts:
        raise outside
    try:
        path = Path(text).resolve()
    except (RuntimeError, OSError):  # a loop of symbolic links, or a name too long
        raise outside from None
    if root.resolve() not in path.parents:
        raise outside
    return path


def _read_regular_file(path: Path, max_bytes: int) -> bytes:
    """Open without waiting for a FIFO's writer and without following a link put there meanwhile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ImageError(ImageReason.NOT_AN_IMAGE, f"{path.name} is not a regular file; put the image itself there")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(max_bytes + 1)
    finally:
        os.close(descriptor)
    if len(data) > max_bytes:
        raise ImageError(ImageReason.TOO_LARGE, f"{path.name} has more than {max_bytes} bytes; use a smaller image")
    return data
