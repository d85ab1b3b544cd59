"""IAM's policy simulator over a socket: which actions a role may do is told by the test, the wire is AWS's."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

RESULT = """<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>
<EvalResourceName>{resource}</EvalResourceName></member>"""
ANSWER = """<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>
</SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</SimulatePrincipalPolicyResponse>"""


@contextmanager
def running_iam(allowed: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the roles it was asked about. `allowed` are patterns such as `s3:Get*`."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        """AWS's query protocol."""

        def do_POST(self) -> None:
            fields = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            asked.append(fields["PolicySourceArn"])
            actions = [value for name, value in fields.items() if name.startswith("ActionNames.")]
            resources = [value for name, value in fields.items() if name.startswith("ResourceArns.")]
            results = [
                RESULT.format(action=action, resource=resource, decision=_decision(action, allowed))
                for action in actions
                for resource in resources
            ]
            text = ANSWER.format(results="".join(results)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _decision(action: str, allowed: Sequence[str]) -> str:
    return "allowed" if any(fnmatchcase(action, pattern) for pattern in allowed) else "implicitDeny"
