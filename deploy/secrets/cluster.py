"""Creates the platform's secrets as Secrets of a Kubernetes namespace.

`python -m deploy.secrets.cluster ACCOUNT [announce|switch NAME…]`: ACCOUNT is the folder with a
service account's token. The Secret `secrets` receives everything, and only Jobs mount it;
`secrets-{process}` receives that process's own. Files that the operator has put into the Secret
`secrets-operator`, such as stripe.json, are handed out like the others. Running it again changes
only what differs.
"""

import base64
import os
import ssl
import sys
import tempfile
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from deploy.manifest import PROCESSES
from deploy.secrets import handout
from deploy.secrets.files import write

ALL, OPERATOR = "secrets", "secrets-operator"
_TRY_SECONDS = 10.0

Files: TypeAlias = dict[str, str]
"""Texts by file name."""


class Secrets:
    """The Secrets of the namespace that a service account belongs to."""

    def __init__(self, account: Path) -> None:
        host, port = (os.environ[f"KUBERNETES_SERVICE_{part}"] for part in ("HOST", "PORT"))
        namespace, token = ((account / name).read_text() for name in ("namespace", "token"))
        bracketed = f"[{host}]" if ":" in host else host
        self._client = httpx.Client(
            base_url=f"https://{bracketed}:{port}/api/v1/namespaces/{namespace}",
            headers={"Authorization": f"Bearer {token}"},
            verify=ssl.create_default_context(cafile=account / "ca.crt"),
            trust_env=False,
            timeout=_TRY_SECONDS,
        )
        self._read: dict[str, dict[str, Any] | None] = {}

    def read(self, name: str) -> Files:
        """Reads the files of a Secret; none if there is no such Secret."""
        answer = self._client.get(f"/secrets/{name}")
        self._read[name] = None if answer.status_code == 404 else answer.raise_for_status().json()
        data = (self._read[name] or {}).get("data") or {}
        return {file: base64.b64decode(text).decode() for file, text in data.items()}

    def store(self, name: str, files: Files) -> None:
        """Makes these the files of a Secret, unless somebody changed it since it was read.

        Raises:
            httpx.HTTPStatusError: somebody did (409), or the account may not.
        """
        if name not in self._read:
            self.read(name)
        data = {file: base64.b64encode(text.encode()).decode() for file, text in files.items()}
        if (found := self._read[name]) is None:
            metadata = {"name": name, "labels": {"app.kubernetes.io/part-of": "souk"}}
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
            self._client.post("/secrets", json=secret).raise_for_status()
        elif found.get("data") != data:
            # With the resourceVersion that was read, by which the API server notices a change.
            self._client.put(f"/secrets/{name}", json={**found, "data": data}).raise_for_status()


def hand_out(secrets: Secrets, *step: str) -> None:
    """Creates what is missing, takes a step of a rotation, and stores what each process needs."""
    with tempfile.TemporaryDirectory() as work:
        everything, copies = Path(work, "secrets"), Path(work, "handout")
        operators = secrets.read(OPERATOR)
        everything.mkdir()
        for name, text in (secrets.read(ALL) | operators).items():
            write(everything / name, text)
        names = [process.name for process in PROCESSES]
        for name in (*names, "postgres"):
            (copies / name).mkdir(parents=True)
        handout.main([str(everything), str(copies), *step])
        # First of all: what is in use must never be lost.
        made = _files(everything)
        secrets.store(ALL, {name: made[name] for name in made.keys() - operators.keys()})
        for name in names:
            secrets.store(f"{ALL}-{name}", _files(copies / name))
        # The server's own password, and for `provision` the URL with it.
        superuser = {handout.ADMIN: made[handout.ADMIN]}
        secrets.store(f"{ALL}-postgres", _files(copies / "postgres") | superuser)


def _files(folder: Path) -> Files:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def main(arguments: list[str]) -> None:
    match arguments:
        case [account] | [account, "announce" | "switch", *_]:
            try:
                hand_out(Secrets(Path(account)), *arguments[1:])
            except httpx.HTTPError as error:
                raise SystemExit(f"souk: the API server: {error}") from None
        case _:
            raise SystemExit(
                "usage: python -m deploy.secrets.cluster ACCOUNT [announce|switch NAME…]"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
