"""The closed vocabulary of reasons an image can fail for. No checks live here."""

from enum import StrEnum


class ImageReason(StrEnum):
    """Stable names that `ImageError.reason` carries and that image lanes and contracts count by."""

    NOT_FOUND = "image_not_found"
    """404, 410, a missing file, or a key that the store does not hold."""

    HTTP_STATUS = "image_http_status"
    """Any other answer but 200 that is no server fault, e.g. 403, or 429 after all attempts."""

    UNREACHABLE = "image_unreachable"
    """No name, no connection, no valid certificate, a reset, or 5xx after all attempts."""

    TIMEOUT = "image_timeout"
    """The deadline of an attempt passed before the last byte came."""

    TOO_LARGE = "image_too_large"
    """More bytes than the policy allows, counted after content decoding."""

    ADDRESS_REFUSED = "image_address_refused"
    """The host is or resolves to an address that is not public, or the port is not allowed."""

    SCHEME_REFUSED = "image_scheme_refused"
    """Unknown scheme, a scheme switched off, a user name or password in the URL, or no URL at all."""

    OUTSIDE_ROOT = "image_outside_root"
    """A path or key that leads out of the folder or store it must stay in."""

    TOO_MANY_REDIRECTS = "image_too_many_redirects"
    """More redirects than the policy allows."""

    NOT_AN_IMAGE = "image_not_an_image"
    """Neither JPEG, PNG nor WEBP by content; or not a regular file."""

    TOO_MANY_PIXELS = "image_too_many_pixels"
    """More pixels than may be decoded."""

    TRUNCATED = "image_truncated"
    """Cut short or damaged: fewer bytes than announced, or the pixels cannot be decoded."""

    EMBEDDING_INVALID = "embedding_invalid"
    """The embedder gave a vector of the wrong length, not finite, or all zeros."""

    EMBEDDING_REFUSED = "embedding_refused"
    """The model would not embed this picture, or failed on it every time it was asked."""
