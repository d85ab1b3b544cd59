"""A Salesforce org of a test's own: OAuth, describe and Bulk API 2.0 query jobs over TLS, reached through a proxy.

simple-salesforce dials `https://*.salesforce.com:443` and nothing else. So the server is a CONNECT proxy too: named by
HTTPS_PROXY it answers for whatever host a client dials, with a certificate for the org's own name.
"""

import csv
import gzip
import io
import json
import re
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt

from pricing_lake.sources.salesforce_client import SalesforceClient, SalesforceOptions
from pricing_lake.sources.salesforce_login import SalesforceAccess
from pricing_lake_tests.sources.certificates import Authority, make_authority

HOST = "acme.my.salesforce.com"
CLIENT_ID, CLIENT_SECRET, USERNAME = "3MVG9.lake", "let-me-in", "lake@acme.example"
ACCOUNT_FIELDS = (
    "Id", "SystemModstamp", "IsDeleted", "Name", "Industry", "BillingCountry", "Type", "CreatedDate", "PersonEmail",
    "Email__c",
)  # fmt: skip
LEAD_FIELDS = (
    "Id", "SystemModstamp", "IsDeleted", "Name", "Email", "Company", "Country", "LeadSource", "Status", "IsConverted",
    "ConvertedAccountId", "ConvertedDate", "CreatedDate",
)  # fmt: skip
FINAL = ("JobComplete", "Failed", "Aborted")
_SOQL = re.compile(
    r"SELECT (?P<fields>[\w, ]+) FROM (?P<object>\w+) "
    r"WHERE SystemModstamp >= (?P<lo>\S+) AND SystemModstamp < (?P<hi>\S+)"
)

QUICK = SalesforceOptions(attempts=3, backoff_seconds=0.01, first_poll_seconds=0.01, longest_poll_seconds=0.05)

Fault = Callable[["Handler"], None]
Record = dict[str, str]


def record_id(prefix: str, number: int) -> str:
    return f"{prefix}{number:015d}"


def account(number: int, changed: str = "2026-03-01T10:00:00", **fields: str) -> Record:
    """An account as its fields are written in CSV; an empty one is null."""
    made = dict.fromkeys(ACCOUNT_FIELDS, "") | {"Id": record_id("001", number), "IsDeleted": "false"}
    made |= {"SystemModstamp": f"{changed}.000Z", "CreatedDate": "2025-01-01T00:00:00.000Z", "Name": f"Shop {number}"}
    return made | {"Industry": "Retail", "BillingCountry": "Ireland", "Type": "Customer"} | fields


def lead(number: int, changed: str = "2026-03-01T10:00:00", **fields: str) -> Record:
    made = dict.fromkeys(LEAD_FIELDS, "") | {"Id": record_id("00Q", number), "IsDeleted": "false"}
    made |= {"SystemModstamp": f"{changed}.000Z", "CreatedDate": "2025-01-01T00:00:00.000Z", "Name": f"Buyer {number}"}
    made |= {"Email": f"buyer{number}@example.com", "Company": "Acme", "Country": "Ireland", "LeadSource": "Web"}
    return made | {"Status": "Open", "IsConverted": "false"} | fields


@dataclass
class Job:
    """A query job; `rows` are what it found when it completed, and stay that way."""

    id: str
    operation: str
    soql: re.Match[str]
    version: str
    polls_left: int
    state: str = "UploadComplete"
    rows: list[list[str]] = field(default_factory=list)
    error: str = ""


@dataclass
class SalesforceOrg:
    """What the org holds and how it behaves; a test changes both while it runs.

    `faults` are (text that the request line contains, fault); each is used once, in order. `slow_polls` is how often a
    job is still running when it is asked for, `ends` what a job comes to, `counted` its own count.
    """

    records: dict[str, list[Record]] = field(default_factory=lambda: {"Account": [], "Lead": []})
    fields: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"Account": ACCOUNT_FIELDS, "Lead": LEAD_FIELDS})
    page_records: int = 100_000
    slow_polls: int = 1
    ends: str = "JobComplete"
    error: str = ""
    counted: Callable[[int], Any] = int
    locator: Callable[[int], str] = lambda start: b64encode(str(start).encode()).decode()
    instance_url: str = f"https://{HOST}"
    scopes: frozenset[str] = frozenset({"limits"})
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    public_key: bytes = b""
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    logins: int = 0
    port: int = 0
    ca: Path = Path()

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which a client finds the org; what would lead past the proxy is emptied."""
        proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), f"http://127.0.0.1:{self.port}")
        emptied = dict.fromkeys(("no_proxy", "NO_PROXY"), "")
        return proxy | emptied | {"SALESFORCE_CLIENT_SECRET": CLIENT_SECRET}

    def access(self, **changes: str) -> SalesforceAccess:
        right = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "ca_bundle": str(self.ca)}
        return SalesforceAccess(**({"domain": HOST} | right | changes))

    def client(self, options: SalesforceOptions = QUICK, **changes: str) -> SalesforceClient:
        return SalesforceClient(self.access(**changes), options)

    def upsert(self, name: str, *records: Record) -> None:
        kept = {record["Id"]: record for record in self.records[name]}
        self.records[name] = list((kept | {record["Id"]: record for record in records}).values())

    def count(self, text: str) -> int:
        return sum(text in line for line in self.log)

    def rows(self, job: Job) -> list[list[str]]:
        """What the job's SOQL finds now; deleted records only for queryAll."""
        lo, hi = (datetime.fromisoformat(job.soql[name]) for name in ("lo", "hi"))
        names = self.header(job)
        return [
            [record[name] for name in names]
            for record in self.records[job.soql["object"]]
            if (job.operation == "queryAll" or record["IsDeleted"] == "false")
            and lo <= datetime.fromisoformat(record["SystemModstamp"]) < hi
        ]

    def spelled(self, soql: re.Match[str]) -> dict[str, str]:
        """The object's fields by their name in small letters: SOQL does not mind case."""
        return {name.lower(): name for name in self.fields[soql["object"]]}

    def header(self, job: Job) -> list[str]:
        return [self.spelled(job.soql)[name] for name in _names(job.soql)]

    def proceed(self, job: Job) -> None:
        """One step of the state machine, taken whenever somebody asks."""
        if job.state in FINAL:
            return
        if job.polls_left:
            job.state, job.polls_left = "InProgress", job.polls_left - 1
            return
        job.state, job.error = self.ends, self.error
        if job.state == "JobComplete":
            job.rows = self.rows(job)


def status(code: int, document: Any = None, **headers: str) -> Fault:
    """Answer with a status; headers are written with `_` for `-`."""

    def fault(handler: "Handler") -> None:
        text = b"<html>busy</html>" if document is None else json.dumps(document).encode()
        handler.answer(code, text, {name.replace("_", "-"): value for name, value in headers.items()})

    return fault


def refusal(code: int, error: str, message: str = "") -> Fault:
    """Answer as Salesforce refuses."""
    return status(code, [{"errorCode": error, "message": message}])


def cut_off(handler: "Handler") -> None:
    """Answer rightly, but stop in the middle of the body."""
    handler.cut = True
    handler.serve()


def expired(handler: "Handler") -> None:
    """End every session, then answer as usual."""
    handler.org.tokens.clear()
    handler.serve()


@contextmanager
def serving(org: SalesforceOrg, folder: Path, *hosts: str) -> Iterator[SalesforceOrg]:
    """Serve on a free port of this machine; `org.port` is the proxy's, `org.ca` who signed for `hosts`."""
    authority = make_authority(folder, *(hosts or (HOST,)))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _bound(org, authority))
    server.daemon_threads = True
    org.port, org.ca = server.server_port, authority.ca
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield org
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """One connection: CONNECT first, then TLS and the org's requests."""

    org: SalesforceOrg
    context: ssl.SSLContext
    protocol_version = "HTTP/1.1"
    timeout = 10
    cut = False

    def handle(self) -> None:
        with suppress(OSError):  # whoever asked has left, or does not trust the certificate
            super().handle()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.request.close()

    def do_CONNECT(self) -> None:
        self.org.log.append(f"CONNECT {self.path}")
        self.send_response(200)
        self.end_headers()
        self.request = self.context.wrap_socket(self.connection, server_side=True)
        self.setup()
        self.close_connection = False  # http.client asks for the tunnel in HTTP/1.0

    def do_GET(self) -> None:
        self.org.log.append(f"{self.command} {self.path}")
        length = int(self.headers.get("Content-Length") or 0)
        self.sent = self.rfile.read(length)
        for number, (text, fault) in enumerate(self.org.faults):
            if text in f"{self.command} {self.path}":
                del self.org.faults[number]
                fault(self)
                return
        self.serve()

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def serve(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/services/oauth2/token":
            self._log_in(dict(parse_qsl(self.sent.decode())))
            return
        found = re.fullmatch(r"/services/data/v(\d+\.\d)/(.*)", parts.path)
        if self.headers["Authorization"] not in {f"Bearer {token}" for token in self.org.tokens}:
            self.refuse(401, "INVALID_SESSION_ID", "Session expired or invalid")
        elif not found:
            self.refuse(404, "NOT_FOUND", "The requested resource does not exist")
        else:
            self._api(found[1], found[2], dict(parse_qsl(parts.query)))

    def answer(self, code: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 200:
            body, headers = gzip.compress(body), {**(headers or {}), "Content-Encoding": "gzip"}
        self.send_response(code)
        for name, value in {"Sforce-Limit-Info": "api-usage=18/15000", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.cut:
            body, self.cut, self.close_connection = body[: len(body) // 2], False, True
        self.wfile.write(body)

    def refuse(self, code: int, error: str, message: str) -> None:
        refusal(code, error, message)(self)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.org.clock(), usegmt=True)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""

    def _log_in(self, form: Mapping[str, str]) -> None:
        self.org.logins += 1
        refused = self._refused_login(form)
        if refused:
            status(400, {"error": refused[0], "error_description": refused[1]})(self)
            return
        token = f"00D!{self.org.logins}"
        self.org.tokens.add(token)
        self.answer(200, json.dumps({"access_token": token, "instance_url": self.org.instance_url}).encode())

    def _refused_login(self, form: Mapping[str, str]) -> tuple[str, str] | None:
        if form["grant_type"] == "client_credentials":
            given = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            return None if given == f"{CLIENT_ID}:{CLIENT_SECRET}" else ("invalid_client", "invalid client credentials")
        try:
            claims = jwt.decode(
                form["assertion"], self.org.public_key, ["RS256"], audience="https://login.salesforce.com"
            )
        except jwt.PyJWTError as error:
            return "invalid_grant", str(error)
        return None if (claims["iss"], claims["sub"]) == (CLIENT_ID, USERNAME) else ("invalid_grant", "unknown user")

    def _api(self, version: str, path: str, query: Mapping[str, str]) -> None:
        described = re.fullmatch(r"sobjects/(\w+)/describe", path)
        job = re.fullmatch(r"jobs/query/(\w+)(/results)?", path)
        if not path:
            self.answer(200, b'{"limits": "/services/data/limits"}')
        elif described:
            self._describe(described[1])
        elif path == "limits/recordCount" and "limits" in self.org.scopes:
            name = query["sObjects"]
            count = {"count": len(self.org.records.get(name, ())), "name": name}
            self.answer(200, json.dumps({"sObjects": [count]}).encode())
        elif path == "limits/recordCount":
            self.refuse(403, "INSUFFICIENT_ACCESS", "View Setup and Configuration is needed")
        elif path == "jobs/query" and self.command == "POST":
            self._create(version, json.loads(self.sent))
        elif job and job[1] in self.org.jobs:
            found = self.org.jobs[job[1]]
            self._results(found, version, query) if job[2] else self._job(found)
        else:
            self.refuse(404, "NOT_FOUND", "The requested resource does not exist")

    def _describe(self, name: str) -> None:
        if name not in self.org.fields:
            self.refuse(404, "NOT_FOUND", "The requested resource does not exist")
            return
        fields = [{"name": field, "label": field} for field in self.org.fields[name]]
        self.answer(200, json.dumps({"name": name, "queryable": True, "fields": fields}).encode())

    def _create(self, version: str, wanted: Mapping[str, str]) -> None:
        soql = _SOQL.fullmatch(wanted["query"])
        if not soql:
            self.refuse(400, "API_ERROR", "MALFORMED_QUERY: unexpected token")
        elif soql["object"] not in self.org.fields:
            self.refuse(400, "API_ERROR", f"INVALID_TYPE: sObject type '{soql['object']}' is not supported")
        elif unknown := [name for name in _names(soql) if name not in self.org.spelled(soql)]:
            text = f"INVALID_FIELD: ERROR at Row:1:Column:8 No such column '{unknown[0]}' on entity"
            self.refuse(400, "API_ERROR", text)
        elif len(set(_names(soql))) < len(_names(soql)):
            self.refuse(400, "API_ERROR", "MALFORMED_QUERY: duplicate field selected")
        else:
            job = Job(record_id("750", len(self.org.jobs)), wanted["operation"], soql, version, self.org.slow_polls)
            self.org.jobs[job.id] = job
            self._tell(job)

    def _job(self, job: Job) -> None:
        if self.command == "DELETE":
            if job.state not in FINAL:
                self.refuse(400, "API_ERROR", "Error encountered when deleting the job: it is not terminated")
                return
            del self.org.jobs[job.id]
            self.answer(204)
            return
        if self.command == "PATCH" and job.state not in FINAL:
            job.state = json.loads(self.sent)["state"]
        elif self.command == "GET":
            self.org.proceed(job)
        self._tell(job)

    def _tell(self, job: Job) -> None:
        told: dict[str, Any] = {"id": job.id, "state": job.state, "operation": job.operation}
        if job.state == "JobComplete":
            told["numberRecordsProcessed"] = self.org.counted(len(job.rows))
        if job.error:
            told["errorMessage"] = job.error
        self.answer(200, json.dumps(told).encode())

    def _results(self, job: Job, version: str, query: Mapping[str, str]) -> None:
        if job.state != "JobComplete":
            self.refuse(412, "JOB_NOT_COMPLETE", f"Current status: {job.state}")
        elif version != job.version:
            self.refuse(409, "API_ERROR", "use the version that made the job")
        elif "text/csv" not in self.headers["Accept"]:
            self.refuse(406, "NOT_ACCEPTABLE", "results are CSV")
        else:
            start = int(b64decode(query["locator"])) if "locator" in query else 0
            end = start + min(self.org.page_records, int(query["maxRecords"]))
            rows = job.rows[start:end]
            text = io.StringIO()
            writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerows([self.org.header(job), *rows])
            locator = self.org.locator(end) if end < len(job.rows) else "null"
            headers = {"Sforce-NumberOfRecords": str(len(rows)), "Sforce-Locator": locator, "Content-Type": "text/csv"}
            self.answer(200, text.getvalue().encode(), headers)


def _names(soql: re.Match[str]) -> list[str]:
    return [name.lower() for name in soql["fields"].split(", ")]


def _bound(org: SalesforceOrg, authority: Authority) -> type[Handler]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server)
    return type("BoundHandler", (Handler,), {"org": org, "context": context})
