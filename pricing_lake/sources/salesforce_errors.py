"""What Salesforce's refusals and a broken connection mean, in the lake's words. Sends nothing."""

import re
from collections.abc import Mapping
from typing import Any

import requests
from simple_salesforce.exceptions import SalesforceError

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceSchemaError, SourceUnavailableError

PASSING = (429, 500, 502, 503, 504)
"""Statuses that another attempt may not meet."""

_LIMITS = re.compile(r"LIMIT_EXCEEDED|EXCEEDED_QUOTA|ExceededQuota|TooManyRequests|TXN_SECURITY_METERING")
_LATER = re.compile(r"SERVER_UNAVAILABLE|QUERY_TIMEOUT|REQUEST_RUNNING_TOO_LONG|UNABLE_TO_LOCK_ROW|ServerUnavailable")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,60}")
_LEADING_CODE = re.compile(rf"({_CODE.pattern})\s*(?::|\Z)")
_COLUMN = re.compile(r"No such column '([A-Za-z0-9_.]{1,120})'")


def explained(error: SalesforceError, host: str, path: str) -> PricingLakeError:
    """Return what a refusal means: its status and error codes decide, and its prose is not passed on.

    A 400 is about the query's object or fields, for nothing else of a request varies.
    """
    codes, prose = _told(error)
    named = ", ".join(codes) or "no reason"
    where = f"{host}: {path} answered {error.status} ({named})"
    if _LIMITS.search(named) or _LIMITS.search(prose):
        return SourceUnavailableError(f"{where}: the org has used up its calls; try again later, or raise its limit")
    if error.status in PASSING or _LATER.search(named) or _LATER.search(prose):
        return SourceUnavailableError(f"{where}; try again later")
    if error.status == 400:
        return SourceSchemaError(f"{where}{_lacks(prose)}; check the mapping and the rights to object and fields")
    if error.status == 403:
        return ConfigurationError(f"{where}; give the user API access and read rights")
    if error.status == 404:
        return SourceSchemaError(f"{where}; check the object's rights and SALESFORCE_API_VERSION")
    return ConfigurationError(f"{where}; check SALESFORCE_DOMAIN and SALESFORCE_API_VERSION")


def failed_job(state: str, message: str) -> PricingLakeError:
    """Return what the end of a job without results means; of its message only the leading code is passed on."""
    code = _LEADING_CODE.match(message.strip())
    named = f"{state}: {code[1]}" if code else state
    if _COLUMN.search(message) or (code and code[1].startswith("INVALID")):
        return SourceSchemaError(f"Salesforce's query job ended as {named}{_lacks(message)}; check the mapping")
    return SourceUnavailableError(f"Salesforce's query job ended as {named}; try again later")


def unreachable(error: requests.RequestException, host: str) -> PricingLakeError:
    """Return what a connection that did not come about, or broke off, means."""
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ConfigurationError(f"{host} has no valid certificate; check SALESFORCE_DOMAIN and SALESFORCE_CA_BUNDLE")
    if isinstance(error, requests.TooManyRedirects):
        return ConfigurationError(f"{host} redirects elsewhere; put the org's My Domain into SALESFORCE_DOMAIN")
    return SourceUnavailableError(f"{host} cannot be read ({type(error).__name__}); try again later")


def _lacks(prose: str) -> str:
    column = _COLUMN.search(prose)
    return f": it has no field {column[1]}" if column else ""


def _told(error: SalesforceError) -> tuple[list[str], str]:
    """Return the error codes of a refusal and its prose, whatever shape the body has."""
    content: Any = error.content
    entries = content if isinstance(content, list) else [content]
    told = [entry for entry in entries if isinstance(entry, Mapping)]
    codes = [str(entry.get("errorCode") or entry.get("error") or "") for entry in told]
    prose = " ".join(str(entry.get("message", "")) for entry in told)
    return [code for code in codes if _CODE.fullmatch(code)], prose
