"""Every exception the lake raises on purpose, as one tree whose branches the retry policy reads. Nothing else.

PricingLakeError
├── PermanentError              trying again cannot help: somebody must change something
│   ├── ConfigurationError      a setting, URL, mapping or stage name is wrong
│   │   └── ChangesUnknownError the source cannot tell which of its days changed
│   ├── SourceSchemaError       the source lacks a table or column that the contract needs
│   ├── SourceDataError         the source answers, but contradicts itself (control count, cursor)
│   ├── ContractError           a contract, or a table against its contract, is malformed
│   ├── QueryError              a saved query or its parameters cannot be run
│   └── RefusedError            a day failed its gate: nothing of it was published
├── TransientError              the same call may succeed later
│   ├── SourceUnavailableError  refused, timed out, reset
│   └── CommitConflictError     another writer changed the same window
└── ImageError                  one image cannot be used; `reason` names the lane entry
"""

from collections.abc import Mapping, Sequence


class PricingLakeError(Exception):
    """Base of all errors raised on purpose; its text is one line that says what to do next."""


class PermanentError(PricingLakeError):
    """Trying again cannot help."""


class ConfigurationError(PermanentError):
    """A setting, URL, mapping or stage name is wrong."""


class ChangesUnknownError(ConfigurationError):
    """The source cannot tell which of its days changed; everything else about it may be well."""


class SourceSchemaError(PermanentError):
    """The source lacks a table or a column that the contract needs.

    Where it is known, `missing` names the columns, and `columns` those that are there, with their types.
    """

    def __init__(self, message: str, missing: Sequence[str] = (), columns: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.missing = tuple(missing)
        self.columns = dict(columns or {})


class SourceDataError(PermanentError):
    """The source contradicts itself, e.g. its control count differs from the rows it sent."""


class ContractError(PermanentError):
    """A contract is malformed, or a table differs from its contract."""


class QueryError(PermanentError):
    """A saved query does not exist, or its parameters cannot be bound."""


class RefusedError(PermanentError):
    """A day failed its gate; nothing of it was published."""


class TransientError(PricingLakeError):
    """The same call may succeed later."""


class SourceUnavailableError(TransientError):
    """The source refused, timed out or dropped the connection."""


class CommitConflictError(TransientError):
    """Another writer changed the same window between plan and commit."""


class ImageError(PricingLakeError):
    """One image cannot be used. `reason` is the stable name that the image lane counts by."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
