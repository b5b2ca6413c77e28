"""Backup and restore as a drill: `make drill`, `python -m tests.campaigns.drill`.

A platform under load is backed up; a moment is noted; more is done, which gateways, Redis, the
witness and a receipt then know of; the database is destroyed, and restored to the moment.
Writes what it measured into docs/operations.md. Ends with 1 when anything is not as it must be.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from pydantic import RedisDsn

from deploy.backup.secret_files import make_key
from deploy.backup.store import Store
from deploy.local import health, ports
from deploy.local.platform import LocalPlatform
from deploy.local.postgres import Postgres
from deploy.local.processes import start
from deploy.local.settings import RunnerSettings
from deploy.local.topology import ROOT
from deploy.local.valkey import Valkey
from tests.campaigns.record import record
from tests.faults.ledger import COLLECTION, Ledger, read_databases
from tests.faults.load import Load
from tests.faults.shops import HOSTS, open_shops, token
from tests.platform import temporary_state

WRITES = 60
"""How many writes there are before the moment, and again after it."""
_PATIENCE_SECONDS = 60.0
_PAGE = ROOT / "docs" / "operations.md"


class Destroyed(Exception):
    """The database is gone, in the middle of the load."""


def say(line: str) -> None:
    print(f"drill: {line}", flush=True)


@dataclass
class Drill:
    """One run, with what it remembers of before the database was destroyed."""

    state: Path
    redis: str
    ledger: Ledger = field(default_factory=Ledger)
    before: Ledger = field(default_factory=Ledger)
    """The notes as they were at the moment."""
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))
    receipts: dict[str, Path] = field(default_factory=dict)
    """What was kept as evidence, of before and of after the moment."""
    lost_event: str = ""
    product: str = ""

    @property
    def folder(self) -> Path:
        return self.state.parent

    def platform(self) -> LocalPlatform:
        settings = RunnerSettings(
            state=self.state, port=0, redis=RedisDsn(self.redis), backup=self.folder / "backups"
        )
        return LocalPlatform(settings, seed=False)

    async def restore(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "deploy.backup", "restore", *arguments]
        environment = os.environ | {
            "SOUK_STATE": str(self.state),
            "SOUK_BACKUP": str(self.folder / "backups"),
        }
        return await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True
        )

    async def until_destroyed(self) -> None:
        """Runs the platform, notes the moment under load, and destroys the database under load."""
        async with self.platform() as platform, _admin(platform) as admin:
            await open_shops(admin)
            load = Load((platform.url,), str(admin.headers["authorization"])[7:], self.ledger)
            try:
                async with load.on():
                    await self._before_the_moment(platform, admin)
                    await self._after_the_moment(platform, admin)
                    await platform.kill("postgres")
                    shutil.rmtree(self.state / "postgres" / "data")
                    raise Destroyed
            except* Destroyed:
                say("the database is destroyed, under load")

    async def _before_the_moment(self, platform: LocalPlatform, admin: httpx.AsyncClient) -> None:
        await _until(lambda: bool(Store(self.folder / "backups").bases()), "a base backup")
        say("a base backup was taken under load")
        self.ledger.begin()
        await self.ledger.wait_for_answers(reads=1, writes=WRITES, within=600)
        await self._keep_receipt("before", admin)
        self.moment = datetime.now(UTC)
        self.before = Ledger(
            intended=set(self.ledger.intended), acknowledged=set(self.ledger.acknowledged)
        )
        say(f"the moment: {self.moment.isoformat()}, {len(self.before.acknowledged)} acts are done")

    async def _after_the_moment(self, platform: LocalPlatform, admin: httpx.AsyncClient) -> None:
        """Does what must not be there later, and makes everybody know of it."""
        page = (await admin.get("/store/products", headers=HOSTS["paris"])).json()
        self.product = page["products"][0]["id"]
        await _done(admin.post(f"/admin/products/{self.product}", json={"title": "canari-paris 2"}))
        await _done(
            admin.post("/admin/tenants/paris/domains", json={"host": "later.canari-paris.fr"})
        )
        while "canari-paris 2" not in await _shown(admin, "paris.impactnutrition.com"):
            await asyncio.sleep(0.05)
        self.ledger.begin()
        await self.ledger.wait_for_answers(reads=20, writes=WRITES, within=600)
        self.lost_event = await self._keep_receipt("after", admin)
        seen = self.state / "witness" / "seen"
        size = seen.stat().st_size
        await _until(lambda: seen.stat().st_size > size, "the witness")
        refused = await self.restore("--to", "latest")
        assert refused.returncode == 1, "restored beside a running platform"
        assert "already running" in refused.stderr, refused.stderr
        say("a restore beside the running platform was refused")

    async def _keep_receipt(self, name: str, admin: httpx.AsyncClient) -> str:
        made = await _done(admin.post("/admin/collections", json={"title": f"Reçu {name}"}))
        event = made.headers["x-audit-event"].rpartition("/")[2]
        path = f"/admin/tenants/hq/audit-events/{event}/receipt"
        for notes in (self.ledger.intended, self.ledger.acknowledged):
            notes.add((COLLECTION, f"Reçu {name}"))
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (answer := await admin.get(path)).status_code != 200:
                await asyncio.sleep(0.1)
        self.receipts[name] = self.folder / f"{name}.json"
        self.receipts[name].write_text(answer.text)
        return event

    async def lost_at_the_latest(self) -> tuple[int, float]:
        """Restores all that there is elsewhere; returns how many collections it lacks."""
        scratch = self.folder / "scratch"
        (scratch / "postgres").mkdir(parents=True)
        for folder in (scratch, scratch / "postgres"):
            folder.chmod(0o711)
        began = time.monotonic()
        done = await self.restore("--to", "latest", "--data", str(scratch / "postgres" / "data"))
        assert done.returncode == 0, done.stdout + done.stderr
        took = time.monotonic() - began
        postgres = Postgres(scratch, self.state / "secrets", ports.free(1)[0])
        child = await start(await asyncio.to_thread(postgres.prepare), scratch / "log")
        try:
            await health.wait(child, postgres.is_ready)
            connection = await asyncpg.connect(postgres.admin_url, database="catalog_opt_in")
            titles = {row[0] for row in await connection.fetch("SELECT title FROM collection")}
            await connection.close()
        finally:
            await child.stop()
        acknowledged = {title for kind, title in self.ledger.acknowledged if kind == COLLECTION}
        return len(acknowledged - titles), took

    async def restored(self) -> float:
        """Restores to the moment and starts; returns how long it took until a shop was served."""
        began = time.monotonic()
        done = await self.restore("--to", self.moment.isoformat())
        print(done.stdout, end="", flush=True)
        assert done.returncode == 0, done.stderr
        log = self.state / "logs" / "audit.log"
        end = log.stat().st_size
        async with self.platform() as platform, _admin(platform) as admin:
            text = await _shown(admin, "paris.impactnutrition.com")
            took = time.monotonic() - began
            assert "canari-paris" in text
            assert "canari-paris 2" not in text, "newer than what was restored"
            unknown = await admin.get("/store/products", headers={"Host": "later.canari-paris.fr"})
            assert unknown.status_code == 404, "a domain of after the moment, from Redis"
            say("gateways serve nothing newer, though Redis was not emptied")
            state = await read_databases(platform)
            state.check(self.before)
            say(
                f"{sum(state.events.values())} acts, their events and {state.trees.checkpoints}"
                " checkpoints fit; all of before the moment is there, and nothing of after it"
            )
            await self._check_evidence(platform, admin)
            await _done(admin.post("/admin/collections", json={"title": "Saison nouvelle"}))
            await _until(lambda: b"audit_witness_refuses" in log.read_bytes()[end:], "the witness")
            line = next(
                json.loads(line)
                for line in log.read_bytes()[end:].splitlines()
                if b"audit_witness_refuses" in line
            )
            say(f"the witness says what was lost: {line['reason']}")
        return took

    async def _check_evidence(self, platform: LocalPlatform, admin: httpx.AsyncClient) -> None:
        path = f"/admin/tenants/hq/audit-events/{self.lost_event}/receipt"
        assert (await admin.get(path)).status_code == 404
        export = self.folder / "hq.ndjson"
        export.write_text((await admin.get("/admin/tenants/hq/audit-events/export")).text)
        good = await self._verify(export, "before")
        assert good.returncode == 0, good.stdout
        bad = await self._verify(export, "after")
        assert bad.returncode == 1, bad.stdout
        assert "missing" in bad.stdout, bad.stdout
        say(f"the receipt of before the moment: {good.stdout.strip().splitlines()[0]}")
        say(f"the receipt of after it: {bad.stdout.strip().splitlines()[0]}")

    async def _verify(self, export: Path, receipt: str) -> subprocess.CompletedProcess[str]:
        secrets = self.state / "secrets"
        command = [
            *(sys.executable, "-m", "gateway.cli", "audit", "verify", str(export)),
            *("--key", str(secrets / "checkpoint.pub")),
            *("--service-keys", str(secrets / "services.pub")),
            *("--checkpoint", str(self.receipts[receipt])),
        ]
        return await asyncio.to_thread(
            partial(
                subprocess.run,
                command,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )


async def run(folder: Path) -> list[str]:
    """Does the drill in a folder; returns what was measured, in Markdown."""
    state = folder / "state"
    os.environ["SOUK_BACKUP_RECIPIENT"] = make_key(folder / "private.key")
    os.environ["SOUK_BACKUP_IDENTITY"] = str(folder / "private.key")
    os.environ["SOUK_LOGINS_PER_MINUTE"] = "100000"
    async with _redis(folder) as redis:
        drill = Drill(state, redis)
        await drill.until_destroyed()
        lost, latest_seconds = await drill.lost_at_the_latest()
        say(
            f"RPO: of {len(drill.ledger.acknowledged)} acknowledged acts, {lost} collections"
            f" are not in the backup; restoring all of it took {latest_seconds:.1f} s"
        )
        took = await drill.restored()
    say(f"RTO: a shop was served {took:.1f} s after the restore began")
    megabytes = sum(f.stat().st_size for f in (folder / "backups").rglob("*.gz*")) >> 20
    return [
        f"RPO: of {len(drill.ledger.acknowledged)} acknowledged acts, {lost} collections were"
        " missing in the backup when the database was destroyed under load.",
        f"RTO: {took:.1f} s from the command to the first page of a shop, of a backup of"
        f" {megabytes} MB.",
    ]


@asynccontextmanager
async def _redis(folder: Path) -> AsyncIterator[str]:
    """Runs a Valkey that outlives the platform, with all that it remembers."""
    (folder / "redis").mkdir(mode=0o711)
    valkey = Valkey(folder, folder / "redis", ports.free(1)[0])
    child = await start(await asyncio.to_thread(valkey.prepare), folder / "redis" / "log")
    try:
        await health.wait(child, valkey.is_ready)
        yield valkey.url
    finally:
        await child.stop()


@asynccontextmanager
async def _admin(platform: LocalPlatform) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {await token(platform)}"}
    async with httpx.AsyncClient(
        base_url=platform.url, headers=headers, timeout=20, trust_env=False
    ) as admin:
        yield admin


async def _done(request: Any) -> httpx.Response:
    answer: httpx.Response = await request
    assert answer.status_code == 200, answer.text
    return answer


async def _shown(client: httpx.AsyncClient, host: str) -> str:
    return (await _done(client.get("/store/products", headers={"Host": host}))).text


async def _until(true: Any, what: str) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not true():
            await asyncio.sleep(0.1)
    say(f"seen: {what}")


def main() -> int:
    with temporary_state() as state:
        measured = asyncio.run(run(state.parent))
    record("drill", "make drill", measured, page=_PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
