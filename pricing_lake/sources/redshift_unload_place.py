"""Where an UNLOAD writes and by which token it is found again. Text and names only: nothing is run or read here."""

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.window import Window

TOKEN_HOURS = 4
"""How long one token is used. The Data API remembers it for 8 hours, so within this time it is sure to."""

CLOSED = ".closed"
"""Ending of the empty file that says: this unload has been read, or is of no use; the next one is another."""

_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<prefix>[A-Za-z0-9!_.*()=/-]+)")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9+=.@_/-]+")


@dataclass(frozen=True)
class UnloadOptions:
    """Where to unload to (`s3://bucket/prefix`), with which role, and how large files may get, in MB.

    `role` is `default` or the ARN of a role, or several in a chain separated by commas. Raises ConfigurationError.
    """

    uri: str
    role: str = "default"
    max_file_megabytes: int = 256

    def __post_init__(self) -> None:
        if not _URI.fullmatch(self.uri) or not self._segments:
            raise ConfigurationError(
                "REDSHIFT_UNLOAD_URI must be s3://bucket/prefix, with letters, digits and !_.*()=- only"
            )
        if self.role != "default" and not all(map(_ROLE.fullmatch, self.role.split(","))):
            raise ConfigurationError("REDSHIFT_IAM_ROLE must be default or the ARN of a role (arn:aws:iam::…:role/…)")
        if not 5 <= self.max_file_megabytes <= 6_200:
            raise ConfigurationError("REDSHIFT_MAX_FILE_MB must be from 5 to 6200")

    @property
    def root(self) -> str:
        """Return the folder to unload to, as `bucket/prefix`."""
        return "/".join(self._segments)

    @property
    def _segments(self) -> list[str]:
        bucket, _, prefix = self.uri.removeprefix("s3://").partition("/")
        segments = [segment for segment in prefix.split("/") if segment]
        return [bucket, *segments] if segments else []


@dataclass(frozen=True)
class Place:
    """The folder of one unload; its name ends in the token that runs it. Paths are `bucket/key`."""

    window_folder: str
    token: str

    @property
    def folder(self) -> str:
        """Return where the unload writes."""
        return f"{self.window_folder}/{self.token}"

    @property
    def manifest(self) -> str:
        """Return the file that lists what was written: UNLOAD adds `manifest` to its prefix."""
        return f"{self.folder}/manifest"

    @property
    def closed(self) -> str:
        """Return the file whose being there says that this unload is done with."""
        return f"{self.folder}{CLOSED}"


def window_folder(options: UnloadOptions, table: str, window: Window) -> str:
    """Return the folder of all unloads of one window, as `bucket/key`."""
    return f"{options.root}/{table}/{window.lo:%Y%m%dT%H%M%S}-{window.hi:%Y%m%dT%H%M%S}"


def next_place(folder: str, identity: Collection[str], now: datetime, done: Collection[str]) -> Place:
    """Return the first place of these hours that is not among the closed ones (`done` are their paths).

    The token is made of `identity` (all that decides what is unloaded), of the hours, and of how many unloads
    of the same were closed before: whoever asks for the same gets the same until it is closed.
    """
    hours = f"{now:%Y-%m-%d}/{now.hour // TOKEN_HOURS}"
    return next(place for place in _places(folder, (*identity, hours)) if place.closed not in done)


def _places(folder: str, identity: tuple[str, ...]) -> Iterator[Place]:
    number = 0
    while True:
        text = "\x1f".join((*identity, str(number)))
        yield Place(folder, hashlib.sha256(text.encode()).hexdigest()[:40])
        number += 1


def unload_statement(select: str, place: Place, options: UnloadOptions) -> str:
    """Return the UNLOAD of a SELECT into a place. The SELECT becomes a literal, so its quotes are doubled."""
    if "\\" in select:
        raise ConfigurationError("a statement for UNLOAD must not hold a backslash: Redshift reads it as an escape")
    role = "default" if options.role == "default" else f"'{options.role}'"
    literal = select.replace("'", "''")
    return (
        f"UNLOAD ('{literal}') TO 's3://{place.folder}/' IAM_ROLE {role}"
        f" FORMAT AS PARQUET MANIFEST VERBOSE MAXFILESIZE {options.max_file_megabytes} MB"
    )
