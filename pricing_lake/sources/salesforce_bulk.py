"""One query job of Bulk API 2.0 from its creation to its removal, and its pages of CSV. Parses no record.

simple-salesforce's own `bulk2` hides the job's id and count, does not renew a session and cannot delete a job, so
the job's five calls are made here.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from simple_salesforce.bulk2 import JobState, Operation

from pricing_lake.errors import PricingLakeError, SourceDataError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.salesforce_client import SalesforceClient
from pricing_lake.sources.salesforce_errors import failed_job

JOBS = "jobs/query"
_RUNNING = (JobState.open, JobState.upload_complete, JobState.in_progress)


@dataclass(frozen=True)
class QueryJob:
    """A job that is complete: `records` is Salesforce's own count of what its query found."""

    id: str
    records: int


@dataclass(frozen=True)
class Page:
    """Some of a job's records as CSV with a header line, and how many Salesforce says there are."""

    body: bytes
    records: int


@contextmanager
def completed_job(client: SalesforceClient, soql: str) -> Iterator[QueryJob]:
    """Run `soql` as a queryAll job, deleted records included, and give it when it is complete.

    The job is deleted afterwards, aborted before if it still runs. Raises SourceUnavailableError when it takes longer
    than `job_seconds`, was aborted or failed for a passing reason; SourceSchemaError when it failed by its query.
    """
    wanted = {
        "operation": Operation.query_all.value,
        "query": soql,
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    job = _text(client.document("POST", JOBS, body=wanted), "id")
    try:
        yield _awaited(client, job)
    finally:
        _remove(client, job)


def pages(client: SalesforceClient, job: QueryJob) -> Iterator[Page]:
    """Give a job's pages until Salesforce names no further one; each is asked for when it is taken.

    A page can be had as often as wanted, so one that breaks off is asked for again as a whole.
    """
    locator, seen = "", set()
    while True:
        query: dict[str, Any] = {"maxRecords": client.options.page_records}
        if locator:
            query["locator"] = locator
        answer = client.call("GET", f"{JOBS}/{job.id}/results", query=query, accept="text/csv")
        yield Page(answer.content, _records_in(answer.headers, answer.content))
        locator = answer.headers.get("Sforce-Locator", "null")
        if locator in ("", "null"):
            return
        if locator in seen:
            raise SourceDataError("Salesforce names a page of results twice; run again, and report it if it stays")
        seen.add(locator)


def _awaited(client: SalesforceClient, job: str) -> QueryJob:
    options = client.options
    deadline = time.monotonic() + options.job_seconds
    pause = options.first_poll_seconds
    while True:
        time.sleep(pause)
        found = client.document("GET", f"{JOBS}/{job}")
        state = _text(found, "state")
        if state == JobState.job_complete:
            return QueryJob(job, _count(found.get("numberRecordsProcessed"), "numberRecordsProcessed"))
        if state not in _RUNNING:
            raise failed_job(state, str(found.get("errorMessage", "")))
        if time.monotonic() > deadline:
            raise SourceUnavailableError(
                f"Salesforce's query job is still {state} after {options.job_seconds:g} s; try again later"
            )
        pause = min(pause * 1.5, options.longest_poll_seconds)


def _remove(client: SalesforceClient, job: str) -> None:
    """Delete a job, aborting it first if it still runs; one that resists is left to Salesforce, which keeps it a week.

    Nothing is raised: whatever ended the read must be told, not what went wrong with the broom.
    """
    with suppress(PricingLakeError):
        try:
            client.call("DELETE", f"{JOBS}/{job}")
        except SourceSchemaError:  # it still runs
            client.call("PATCH", f"{JOBS}/{job}", body={"state": JobState.aborted.value})
            client.call("DELETE", f"{JOBS}/{job}")


def _records_in(headers: Mapping[str, str], body: bytes) -> int:
    if not body and "Sforce-NumberOfRecords" not in headers:
        return 0
    return _count(headers.get("Sforce-NumberOfRecords"), "Sforce-NumberOfRecords")


def _count(value: object, name: str) -> int:
    text = str(value)
    if not text.isdecimal():
        raise SourceDataError(f"Salesforce tells no count in {name}; run again, and report it if it stays")
    return int(text)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise SourceDataError(f"Salesforce's query job has no {name}; check SALESFORCE_API_VERSION")
    return value
