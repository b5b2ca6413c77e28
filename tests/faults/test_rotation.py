"""Every secret is replaced, again and again, while two shops are read and written."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from deploy.secrets.creation import MAKERS
from deploy.secrets.kinds import PASSWORDS
from deploy.secrets.rotation import REPLACEABLE
from tests.platform import connect

ROUNDS = 2
HOSTS = {"paris": "paris.impactnutrition.com", "hq": "impactnutrition.com.tn"}


class Load:
    """Clients that ask without a pause, and note each answer that is not what it should be."""

    def __init__(self, url: str, token: str, key: str) -> None:
        self.url = url
        self.bearing = [{"Authorization": f"Bearer {credential}"} for credential in (token, key)]
        self.request_count = 0
        self.failed: list[str] = []

    @asynccontextmanager
    async def on(self):
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=15) as http:
            tasks = [
                asyncio.create_task(client(http)) for client in (self.shop, self.read, self.write)
            ]
            yield http
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(result) for result in results} == {asyncio.CancelledError}

    async def shop(self, http):
        while True:
            for tenant, host in HOSTS.items():
                answer = await self.ask(http, "GET", "/store/regions", headers={"Host": host})
                if answer is not None and f"reg_{tenant}" not in answer.text:
                    self.failed.append(f"{tenant} is shown {answer.text}")

    async def read(self, http):
        while True:
            for headers in self.bearing:
                await self.ask(http, "GET", "/admin/tenants/paris", headers=headers)
            await self.ask(http, "GET", "/admin/tenants/hq/domains", headers=self.bearing[0])

    async def write(self, http):
        number = 0
        while True:
            for headers in self.bearing:
                number += 1
                body = {"settings": {"rotation": number}}
                await self.ask(http, "PATCH", "/admin/tenants/paris", headers=headers, json=body)

    async def ask(self, http, method, path, **options):
        self.request_count += 1
        answer = await http.request(method, path, **options)
        if answer.status_code == 200:
            return answer
        self.failed.append(f"{method} {path}: {answer.status_code} {answer.text}")
        return None


async def rotated(platform):
    """Replaces everything, as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.secrets", "rotate", str(platform.secrets), "all"),
        env=os.environ | {"SOUK_POSTGRES_ADMIN": platform.topology.postgres_admin},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


def texts(platform):
    return {name: (platform.secrets / name).read_text() for name in MAKERS}


@pytest.mark.timeout(300)
async def test_every_secret_is_replaced_several_times_without_a_failed_request(
    platform, admin, admin_token, record_property
):
    body = {"type": "secret", "title": "ERP", "permissions": ["tenant:read", "tenant:write"]}
    made = (await admin.post("/admin/tenants/paris/api-keys", json=body)).raise_for_status()
    load = Load(platform.url, admin_token, made.json()["api_key"]["token"])
    login = {"email": platform.admin_email, "password": platform.admin_password}

    async with load.on() as http:
        for _ in range(ROUNDS):
            before = texts(platform)
            await rotated(platform)
            after = texts(platform)
            assert {name for name in REPLACEABLE if after[name] != before[name]} == REPLACEABLE
            answer = await load.ask(http, "POST", "/auth/user/emailpass", json=login)
            load.bearing.append({"Authorization": f"Bearer {answer.json()['token']}"})

    assert load.failed == []
    assert load.request_count > 20 * ROUNDS
    record_property("requests", load.request_count)
    # The passwords of before open nothing, and those of now do.
    connection = await connect(platform, "tenant-registry", "app")
    await connection.close()
    role = "tenant_registry_app"
    host, _, port = platform.topology.postgres_address.rpartition(":")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host=host,
            port=int(port),
            user=role,
            database="tenant_registry",
            password=before[f"{role}.password"],
        )
    assert f"{role}.password" in PASSWORDS
