"""Which requests to AWS the code under test makes, in whatever test: botocore's as they leave, pyarrow's as they come.

A request of botocore is the package's when the innermost frame of ours is one of `pricing_lake`; a test's own requests
do not count. pyarrow's S3 client is C++ and has no frames of ours: its requests are seen where they arrive, at moto.
A process that a test starts is not watched.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

from pricing_lake.aws.actions import actions_of, role_behind
from pricing_lake.aws.grants import ECS, PERSON, Role
from pricing_lake.aws.policies import GRANTS

PACKAGE, TESTS = "pricing_lake.", "pricing_lake_tests."
ANY = "any"
"""The role of a call whose caller cannot be seen."""
_WSGI = "moto.moto_server.werkzeug_app"


@dataclass(frozen=True, order=True)
class Call:
    """One kind of request, `glue:GetTable`, and the role it is made in."""

    operation: str
    role: str


@dataclass
class Recorder:
    """Every kind of call that this process has made so far."""

    calls: set[Call] = field(default_factory=set)
    _installed: bool = False

    def install(self) -> None:
        """Watch botocore from now on."""
        from botocore.endpoint import Endpoint

        if self._installed:
            return
        self._installed = True
        send = Endpoint.make_request

        @functools.wraps(send)
        def watched(endpoint: Any, operation_model: Any, request_dict: Any) -> Any:
            self.note(f"{operation_model.service_model.service_name}:{operation_model.name}", _modules())
            return send(endpoint, operation_model, request_dict)

        Endpoint.make_request = watched

    def install_at_moto(self) -> None:
        """Watch what arrives at moto, once its server is loaded: loading it here would slow every test run."""
        application = getattr(sys.modules.get(_WSGI), "DomainDispatcherApplication", None)
        if application is None or hasattr(application, "watched_by_recorder"):
            return
        application.watched_by_recorder = True
        answer: Callable[[Any, Any, Any], Any] = application.__call__

        @functools.wraps(answer)
        def watched(app: Any, environ: dict[str, Any], start_response: Any) -> Any:
            if "aws-sdk-cpp" in environ.get("HTTP_USER_AGENT", ""):
                self.calls.update(Call(f"s3:{name}", ANY) for name in s3_operations(environ))
            return answer(app, environ, start_response)

        application.__call__ = watched

    def note(self, operation: str, modules: Iterable[str]) -> None:
        """Keep a call whose innermost module of ours is the package's, or that has none."""
        ours = [module for module in modules if module.startswith((PACKAGE, TESTS))]
        own = list(takewhile(lambda module: not module.startswith(TESTS), ours))
        if own or not ours:
            self.calls.add(Call(operation, role_behind(own).value if own else ANY))

    def not_granted(self) -> list[str]:
        """Calls whose action their role does not have; of any role, the pipeline's."""
        return sorted(
            f"{call.role} calls {call.operation}: grant it {action} (pricing_lake/aws/grants*.py)"
            for call in self.calls
            for action in actions_of(call.operation)
            if action not in _granted(Role.PIPELINE if call.role == ANY else Role(call.role))
        )

    def not_called(self) -> list[str]:
        """Actions that are granted to a role of ours and that no call needs, nor a service behind one."""
        operations = {call.operation for call in self.calls}
        needed = {(call.role, action) for call in self.calls for action in actions_of(call.operation)}
        unused = []
        for grant in GRANTS:
            if grant.behind in (ECS, PERSON) or grant.behind in operations:
                continue
            without = [a for a in grant.actions if not {(grant.role.value, a), (ANY, a)} & needed]
            unused += [f"{grant.role} need not have {action} ({grant.sid})" for action in without]
        return unused


RECORDER = Recorder()


@cache
def _granted(role: Role) -> frozenset[str]:
    return frozenset(action for grant in GRANTS if grant.role is role for action in grant.actions)


def _modules() -> Iterator[str]:
    """Names of the modules on the stack, the innermost first."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name != __name__:
            yield name
        frame = frame.f_back


def s3_operations(environ: dict[str, Any]) -> list[str]:
    """Names of the S3 operations in one request that came over HTTP, in path style; a copy is two."""
    method = environ["REQUEST_METHOD"]
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    key = environ.get("PATH_INFO", "").lstrip("/").partition("/")[2]
    if not key:
        if method == "POST" and "delete" in query:
            return ["DeleteObjects"]
        return [{"GET": "ListObjectsV2", "HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}[method]]
    if "uploadId" in query or "uploads" in query:
        return [
            {"PUT": "UploadPart", "DELETE": "AbortMultipartUpload", "GET": "ListParts"}.get(method)
            or ("CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload")
        ]
    if method == "PUT" and "HTTP_X_AMZ_COPY_SOURCE" in environ:
        return ["CopyObject"]
    return [{"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[method]]
