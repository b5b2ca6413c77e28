"""The probe of a container: it says what keeps its process from being ready."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from deploy.manifest import INTERNAL_PORT
from deploy.probe import problem_of
from services.kernel.process.settings import SoukSettings


def test_where_nobody_listens_nothing_is_ready():
    assert "does not respond" in problem_of("127.0.0.1:1")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
@pytest.mark.parametrize(("status", "problem"), [(200, ""), (503, "returned 503: not yet")])
def test_a_process_is_ready_when_its_page_says_so(host, status, problem):
    requests = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append((self.path, self.headers["Host"].partition(":")[0]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"not yet")

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.handle_request, daemon=True).start()

    reported = problem_of(f"{host}:{server.server_port}")

    server.server_close()
    assert requests == [("/readyz", "127.0.0.1")]
    assert reported.endswith(problem)
    assert bool(reported) == bool(problem)


def test_a_probe_asks_where_processes_listen_unless_told_otherwise():
    default = SoukSettings.model_fields["internal_listen"].default

    assert default == f"127.0.0.1:{INTERNAL_PORT}"
