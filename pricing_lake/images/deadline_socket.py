"""Sockets whose time-out is one total for all reads until it is set again.

The standard sockets grant the whole time-out to every single read, so a server that drips bytes could hold a
reader for hours.
"""

import socket
import ssl
import time
from typing import Any


class DeadlineSocket(socket.socket):
    """A TCP socket: `settimeout(seconds)` starts a clock that all later reads share."""

    _deadline: float | None = None

    def settimeout(self, value: float | None, /) -> None:
        """Allow all reads from now on `value` seconds together; None or 0 act as on any socket."""
        self._deadline = time.monotonic() + value if value else None
        super().settimeout(value)

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        """Read like `socket.recv_into`; raises TimeoutError once the shared time is used up."""
        if self._deadline is not None:
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("timed out")
            super().settimeout(remaining)
        return super().recv_into(*arguments, **options)


class DeadlineTLSSocket(DeadlineSocket, ssl.SSLSocket):
    """The same over TLS; use it as `SSLContext.sslsocket_class`."""
