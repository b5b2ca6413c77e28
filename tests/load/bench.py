"""What the sections of a run share: a platform, a shop, and the bytes of requests."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local.platform import LocalPlatform
from deploy.local.settings import RunnerSettings
from tests.load.generator import NextRequest
from tests.platform import running

PARIS = "paris.impactnutrition.com"
LIST = "/store/products?limit=20"
SHOPPER = {"host": PARIS}


@dataclass(frozen=True, slots=True)
class Bench:
    """A running platform; `admin` are the headers of its first admin, `seconds` a line's time."""

    platform: LocalPlatform
    client: httpx.AsyncClient
    admin: dict[str, str]
    seconds: float

    @property
    def port(self) -> int:
        return int(self.platform.url.rpartition(":")[2])

    async def post(self, path: str, body: object = None) -> httpx.Response:
        """Posts as the first admin, on the platform's own host."""
        answer = await self.client.post(path, json=body, headers=self.admin)
        assert answer.is_success, answer.text
        return answer


@asynccontextmanager
async def benching(seconds: float) -> AsyncIterator[Bench]:
    async with measured() as platform, httpx.AsyncClient(base_url=platform.url) as client:
        login = await client.post("/auth/user/emailpass", json=credentials(platform))
        headers = {"authorization": f"Bearer {login.json()['token']}"}
        yield Bench(platform, client, headers, seconds)


@asynccontextmanager
async def measured() -> AsyncIterator[LocalPlatform]:
    """Runs the world in the folder that SOUK_BENCH_STATE names, or else a new platform."""
    if folder := os.environ.get("SOUK_BENCH_STATE"):
        settings = RunnerSettings(state=Path(folder).absolute(), port=0)
        async with LocalPlatform(settings, seed=False) as platform:
            yield platform
    else:
        async with running() as platform:
            yield platform


def credentials(platform: LocalPlatform) -> dict[str, str]:
    return {"email": platform.admin_email, "password": platform.admin_password}


def request(method: str, path: str, headers: dict[str, str], body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"content-length: {len(content)}", "content-type: application/json"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def same(one: bytes) -> NextRequest:
    return lambda connection, n: one
