"""Salesforce's accounts and leads as sources: the records that last changed in a window, deleted ones included.

Login, query jobs and fields live next door; casting to the contract is the caller's part.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from simple_salesforce.api import Salesforce

from pricing_lake.errors import ConfigurationError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.salesforce_bulk import QueryJob, completed_job, pages
from pricing_lake.sources.salesforce_client import SalesforceClient, as_document, server_time
from pricing_lake.sources.salesforce_fields import ObjectFields, account_fields, lead_fields
from pricing_lake.sources.window import Control, Window

NAME = "salesforce"


@dataclass(frozen=True)
class RecordsRead:
    """One window of records being read; see `window.Read`."""

    schema: pa.Schema
    control: Control
    batches: Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class SalesforceFacts:
    """What a look at one object found. A positive skew means that Salesforce's clock is ahead of ours.

    `missing_objects` and `missing_columns` are what the user cannot see, be it absent or withheld. The estimate of
    the rows and the API calls left of today's are None where Salesforce does not tell. The clock has whole seconds.
    """

    server_version: str
    latency_seconds: float
    clock_skew_seconds: float
    missing_objects: tuple[str, ...]
    missing_columns: tuple[str, ...]
    rows_estimate: int | None
    calls_left: int | None


class SalesforceRecords:
    """The records of one object by the time of their last change, from one queryAll job a window.

    A job's result is fixed when it completes, so its own count and its pages speak of the same records. SystemModstamp
    moves with every change: a record is in one window only, that of its last change.
    """

    name = NAME

    def __init__(self, client: SalesforceClient, fields: ObjectFields) -> None:
        self._client = client
        self._fields = fields

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch: the contract's columns as text."""
        return self._fields.schema

    @contextmanager
    def read(self, window: Window) -> Iterator[RecordsRead]:
        """Open the records of a window of whole seconds; the count held against them is the job's own.

        Raises SourceSchemaError naming the fields that are missing, and what `SalesforceClient.call` and
        `completed_job` raise.
        """
        soql = self._fields.soql(window)
        with self._job(soql) as job:
            batches = (batch for page in pages(self._client, job) for batch in self._fields.batches(page))
            yield RecordsRead(self.schema, Control(job.records, None), batches)

    def now(self) -> datetime:
        """Return the org's clock in UTC; a change shows in queries some time after it, so a reader stays behind it."""
        return self._client.now()

    def probe(self) -> SalesforceFacts:
        """Log in, compare clocks and describe the object: what is missing is reported, an org out of reach raises."""
        self._client.now()  # logs in, so that the latency is that of one call
        sent = time.time()
        root = self._client.call("GET", "")
        answered = time.time()
        missing_objects, missing_columns = self._missing()
        usage = Salesforce.parse_api_usage(root.headers.get("Sforce-Limit-Info", "")).get("api-usage")
        return SalesforceFacts(
            server_version=f"API {self._client.access.api_version}",
            latency_seconds=answered - sent,
            clock_skew_seconds=server_time(root).timestamp() - int((sent + answered) / 2),
            missing_objects=missing_objects,
            missing_columns=missing_columns,
            rows_estimate=self._rows_estimate(),
            calls_left=usage.total - usage.used if usage else None,
        )

    @contextmanager
    def _job(self, soql: str) -> Iterator[QueryJob]:
        """Run the query. Salesforce names one wrong field at most, and not always: the object itself names them all."""
        with ExitStack() as stack:
            try:
                job = stack.enter_context(completed_job(self._client, soql))
            except SourceSchemaError as error:
                raise self._named(error) from None
            yield job

    def _named(self, error: SourceSchemaError) -> SourceSchemaError:
        missing_objects, missing_columns = self._missing()
        if missing_objects:
            return SourceSchemaError(f"{self._fields.object} does not exist for this user; give the right to read it")
        if missing_columns:
            return SourceSchemaError(
                f"{self._fields.object} has no field {', '.join(missing_columns)} that this user may read; give the "
                f"right, or map the column in [{self._fields.setting}]",
                missing=missing_columns,
            )
        return error

    def _missing(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        path = f"sobjects/{self._fields.object}/describe"
        try:
            described = as_document(self._client.call("GET", path), path)
        except SourceSchemaError:
            return (self._fields.object,), ()
        offered = {str(field["name"]) for field in described.get("fields", ()) if isinstance(field, Mapping)}
        return (), self._fields.missing(offered)

    def _rows_estimate(self) -> int | None:
        """Return Salesforce's cached count of the object; a user may lack the right to it."""
        path = "limits/recordCount"
        try:
            told = self._client.document("GET", path, query={"sObjects": self._fields.object})
            return next(int(entry["count"]) for entry in told["sObjects"])
        except (ConfigurationError, SourceSchemaError, SourceUnavailableError, KeyError, StopIteration):
            return None


class SalesforceAccounts(SalesforceRecords):
    """Accounts; `mapping` names the fields that differ from the defaults."""

    def __init__(self, client: SalesforceClient, mapping: Mapping[str, str]) -> None:
        super().__init__(client, account_fields(mapping))


class SalesforceLeads(SalesforceRecords):
    """Leads; `mapping` names the fields that differ from the defaults."""

    def __init__(self, client: SalesforceClient, mapping: Mapping[str, str]) -> None:
        super().__init__(client, lead_fields(mapping))
