"""urllib3 connections that dial only addresses the guard allowed.

Because every connection of the pool manager is made here, a redirect or a name that resolves differently the
second time cannot get around the guard.
"""

import socket
import ssl
import time
from functools import cached_property
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from pricing_lake.errors import ImageError
from pricing_lake.images.address_guard import ResolvedAddress, resolve_allowed
from pricing_lake.images.deadline_socket import DeadlineSocket, DeadlineTLSSocket
from pricing_lake.images.fetch_policy import FetchPolicy
from pricing_lake.images.reasons import ImageReason

_UNKNOWN_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class _GuardedHTTPConnection(HTTPConnection):
    """Dials checked addresses itself; everything above the socket stays urllib3's."""

    def __init__(self, *arguments: Any, policy: FetchPolicy, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._policy = policy

    def _new_conn(self) -> socket.socket:
        host = self._dns_host
        # `timeout` is what the request of this moment has left, see `http_download`.
        deadline = time.monotonic() + float(self.timeout or self._policy.deadline_seconds)
        try:
            return _dial(resolve_allowed(host, self.port, self._policy), deadline)
        except UnicodeError:
            raise ImageError(ImageReason.SCHEME_REFUSED, "the host name is malformed; correct it") from None
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except socket.gaierror as error:
            if error.errno in _UNKNOWN_NAME:
                raise ImageError(ImageReason.UNREACHABLE, f"{host} has no address; correct the host name") from error
            raise NewConnectionError(self, "the name service failed") from error
        except OSError as error:
            raise NewConnectionError(self, "no address of the host accepted") from error


class _GuardedHTTPSConnection(_GuardedHTTPConnection, HTTPSConnection):
    """The same under TLS: the certificate is verified against the host name, not the dialled address."""


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTPConnection


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPSConnection


class GuardedPoolManager(PoolManager):
    """Keeps connections open per host, for all threads of a fetch; knows no proxy and no cookies."""

    def __init__(self, policy: FetchPolicy) -> None:
        super().__init__(num_pools=2 * policy.concurrency, maxsize=policy.concurrency)
        self._policy = policy
        self.pool_classes_by_scheme = {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}

    def _new_pool(
        self, scheme: str, host: str, port: int, request_context: dict[str, Any] | None = None
    ) -> HTTPConnectionPool:
        options = {**(request_context or self.connection_pool_kw), "policy": self._policy}
        if scheme == "https":
            options["ssl_context"] = self._tls_context
        return super()._new_pool(scheme, host, port, options)

    @cached_property
    def _tls_context(self) -> ssl.SSLContext:
        """Trusts the machine's certificate authorities; SSL_CERT_FILE names others, as OpenSSL defines."""
        context = ssl.create_default_context()
        context.sslsocket_class = DeadlineTLSSocket
        return context


def _dial(addresses: list[ResolvedAddress], deadline: float) -> socket.socket:
    """Connect to the first address that accepts; each gets an equal share of the time that is left.

    The shares keep one silent address, e.g. of a broken IPv6 route, from using up everything.
    """
    failure = OSError("the host has no address")
    for position, resolved in enumerate(addresses):
        connection = DeadlineSocket(resolved.family, resolved.kind, resolved.protocol)
        try:
            connection.settimeout(_time_left(deadline) / (len(addresses) - position))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect(resolved.address)
            connection.settimeout(_time_left(deadline))
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _time_left(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("timed out")
    return remaining
