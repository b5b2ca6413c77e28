"""As much of Kubernetes' API server as the Job `keys` needs: the Secrets of one namespace."""

import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

TOKEN, NAMESPACE = "a-token-of-the-job", "souk"


@dataclass
class ApiServer:
    """Answers at `port`; `account` is the folder that a pod of the Job would have."""

    account: Path
    port: int = 0
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)
    """Which Secret was written how, in order."""

    @property
    def environment(self) -> dict[str, str]:
        """What a kubelet tells every pod."""
        host = {"KUBERNETES_SERVICE_HOST": "127.0.0.1"}
        return host | {"KUBERNETES_SERVICE_PORT": str(self.port)}

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        top, _, name = path.partition(f"/api/v1/namespaces/{NAMESPACE}/secrets")
        name = name.removeprefix("/") or body.get("metadata", {}).get("name", "")
        found = self.secrets.get(name)
        if top or (method == "POST") == (found is not None):
            return (409 if found else 404), {"kind": "Status"}
        if method == "GET":
            return 200, found or {}
        version = (found or {}).get("metadata", {}).get("resourceVersion")
        if method == "PUT" and body["metadata"].get("resourceVersion") != version:
            return 409, {"kind": "Status"}
        self.writes.append((method, name))
        newer = {"metadata": {**body["metadata"], "resourceVersion": str(len(self.writes))}}
        self.secrets[name] = body | newer
        return 200, self.secrets[name]


@contextmanager
def running(folder: Path) -> Iterator[ApiServer]:
    """Serves over TLS while the block lasts."""
    account = folder / "account"
    account.mkdir(parents=True)
    server = ApiServer(account)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers["authorization"] == f"Bearer {TOKEN}":
                status, answer = server.answer(self.command, self.path, json.loads(body or b"{}"))
            else:
                status, answer = 401, {"kind": "Status"}
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - named by the library

        def log_message(self, *_: object) -> None: ...

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    server.port = listener.server_address[1]
    (account / "ca.crt").write_bytes(certificate.read_bytes())
    (account / "token").write_text(TOKEN)
    (account / "namespace").write_text(NAMESPACE)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test's API server")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "api.crt", folder / "api.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
