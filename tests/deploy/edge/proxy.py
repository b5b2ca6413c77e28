"""The nginx of deploy/edge in front of a gateway, on this machine."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from deploy.local import health, ports
from deploy.local.processes import Program, start
from tests.platform import temporary_state

CONFIG = Path(__file__).parents[3] / "deploy/edge/nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


def config(folder: Path, gateway: str, port: int) -> str:
    """The published configuration with this machine's addresses and folders in it."""
    text = CONFIG.read_text()
    for published, own in (
        ("server 127.0.0.1:8000;", f"server {gateway};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/dev/shm/souk-edge", str(folder / "cache")),  # noqa: S108
        ("http {", "http {" + "".join(
            f" {kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )),
    ):  # fmt: skip
        assert published in text
        text = text.replace(published, own)
    return text


@asynccontextmanager
async def nginx(gateway: str) -> AsyncIterator[str]:
    with temporary_state() as state:
        state.mkdir()
        state.chmod(0o755)  # its workers have an account of their own
        [port] = ports.free(1)
        path = state / "nginx.conf"
        path.write_text(config(state, gateway, port))
        more = f"daemon off; pid {state}/pid; error_log stderr;"
        program = Program(
            name="nginx",
            arguments=(str(NGINX), "-e", "stderr", "-c", str(path), "-g", more),
            environment={},
            folder=state,
        )
        child = await start(program, state / "nginx.log")
        url = f"http://127.0.0.1:{port}"
        try:
            await health.wait(child, lambda: answers(url))
            yield url
        finally:
            await child.stop()


async def answers(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"{url}/docs")).status_code < 500
        except httpx.TransportError:
            return False
