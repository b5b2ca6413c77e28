"""A node of sorts: it runs rendered pods as local processes, as a kubelet would run containers.

A container gets its own command, environment and files. What differs is where things are: each pod
has a loopback address of its own, to which names of Services resolve, and each volume is a folder,
which replaces its mount path. PostgreSQL and Valkey are this machine's own.
"""

import asyncio
import base64
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from deploy.local import binaries
from deploy.local.postgres import Postgres
from deploy.local.processes import Child, Program, start, unprivileged
from tests.deploy.kubernetes.api_server import ApiServer
from tests.deploy.kubernetes.rendered import ROOT, Object, Workload, of_kind, settings, workloads

_PAUSE_SECONDS = 0.1
OF_THE_IMAGE = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
    "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'protos/gen'}",
    "PYTHONUNBUFFERED": "1",
}
"""What deploy/Dockerfile sets, for this checkout."""


class Node:
    """The pods of one overlay in a folder of their own."""

    def __init__(
        self, overlay: str, folder: Path, api: ApiServer, *, restarts: bool = False
    ) -> None:
        """With `restarts`, containers that end are started again, as a kubelet does."""
        self._restarts = restarts
        self._folder = folder
        self._api = api
        self._workloads = {one.name: one for one in workloads(overlay)}
        self._services = of_kind(overlay, "Service")
        # Of this process alone, so that test runs beside each other do not meet.
        network = f"127.{1 + os.getpid() // 250 % 250}.{os.getpid() % 250}"
        self.addresses = {
            name: f"{network}.{number}" for number, name in enumerate(self._workloads, 1)
        }
        self._elsewhere: dict[str, str] = {}
        self.running: dict[str, Child] = {}

    def use_postgres(self, postgres: Postgres) -> None:
        self._elsewhere["postgres:5432"] = f"127.0.0.1:{postgres.port}"

    @asynccontextmanager
    async def pods(self) -> AsyncIterator[None]:
        """Stops what runs when the block ends; each must end in its grace."""
        try:
            yield
        finally:
            ended = await asyncio.gather(*(child.stop() for child in self.running.values()))
        assert all(ended), f"not stopped in time: {dict(zip(self.running, ended, strict=True))}"

    async def finish(self, job: str) -> None:
        """Runs the containers of a Job, one after the other; each must succeed."""
        for number, container in enumerate(self._workloads[job].containers):
            program = self._program(self._workloads[job], container)
            child = await start(program, self._log(f"{job}-{number}"))
            await child.process.wait()
            assert child.process.returncode == 0, child.describe_exit()

    async def begin(self, name: str) -> None:
        """Starts the container of a pod that stays."""
        workload = self._workloads[name]
        [container] = workload.containers
        program = self._program(workload, container)
        self.running[name] = await start(program, self._log(name))

    async def begin_valkey(self) -> None:
        """Starts this machine's Valkey with the arguments that the image would get."""
        workload = self._workloads["valkey"]
        [container] = workload.containers
        program = self._program(workload, container)
        binary = await asyncio.to_thread(binaries.valkey, self._folder, unprivileged())
        arguments = (str(binary), *program.arguments[1:])
        program = Program("valkey", arguments, program.environment, Path("/"), stop_seconds=5)
        self.running["valkey"] = await start(program, self._log("valkey"))

    async def until_green(self, name: str) -> None:
        """Asks the probes of a pod as a kubelet does: startup, then readiness and liveness."""
        [container] = self._workloads[name].containers
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            await self._until_answered(name, container, container[kind])

    async def _until_answered(self, name: str, container: Object, probe: Object) -> None:
        ports = {one["name"]: one["containerPort"] for one in container["ports"]}
        request = probe["httpGet"]
        url = f"http://{self.addresses[name]}:{ports[request['port']]}{request['path']}"
        end = time.monotonic() + 120
        async with httpx.AsyncClient(trust_env=False, timeout=probe["timeoutSeconds"]) as client:
            while True:
                try:
                    status = (await client.get(url)).status_code
                except httpx.HTTPError as error:
                    status = 0
                    reason = repr(error)
                else:
                    reason = str(status)
                if 200 <= status < 400:
                    return
                child = self.running[name]
                assert child.running or self._restarts, child.describe_exit()
                if not child.running:
                    await self.begin(name)
                assert time.monotonic() < end, f"{url}: {reason}\n{child.log_tail()}"
                await asyncio.sleep(_PAUSE_SECONDS)

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _program(self, workload: Workload, container: Object) -> Program:
        folders = {
            mount["mountPath"]: self._volume(workload, mount["name"])
            for mount in container.get("volumeMounts", [])
        }
        environment = {
            name: self._local(value, workload, folders)
            for name, value in settings(workload, container).items()
        }
        words = container.get("command") or container["args"]
        python, *arguments = (self._local(word, workload, folders) for word in words)
        temporary = {"TMPDIR": str(self._folder)}  # in place of a /tmp of its own
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        grace = workload.pod.get("terminationGracePeriodSeconds", 30)
        return Program(
            name=workload.name,
            arguments=(sys.executable if python == "python" else python, *arguments),
            environment=OF_THE_IMAGE | temporary | self._api.environment | environment,
            folder=ROOT,
            stop_seconds=grace - pause,
        )

    def _local(self, text: str, workload: Workload, folders: dict[str, Path]) -> str:
        """Puts local addresses and folders in place of names, of all addresses and of mounts."""
        mounts = "|".join(re.escape(path) for path in folders)
        if found := re.match(rf"(file://|)({mounts})(?=/|$)", text):
            text = found[1] + str(folders[found[2]]) + text[found.end() :]
        text = re.sub(r"\b0\.0\.0\.0\b", self.addresses[workload.name], text)
        return self._resolved(text)

    def _resolved(self, text: str) -> str:
        for name, service in self._services.items():
            for port in service["spec"]["ports"]:
                known = f"{name}:{port['port']}"
                there = self._elsewhere.get(known, f"{self.addresses[name]}:{port['port']}")
                text = re.sub(rf"(?<![\w.-]){known}\b", there, text)
        return text

    def _volume(self, workload: Workload, name: str) -> Path:
        volume = workload.volume(name)
        if "projected" in volume:
            return self._api.account
        if claim := volume.get("persistentVolumeClaim"):
            folder = self._folder / "claims" / str(claim["claimName"])
        else:
            folder = self._folder / "pods" / workload.name / name
        folder.mkdir(parents=True, exist_ok=True)
        if secret := volume.get("secret"):
            self._fill(folder, secret)
        return folder

    def _fill(self, folder: Path, secret: Object) -> None:
        # A kubelet would wait for a Secret that is not there yet.
        data = self._api.secrets[secret["secretName"]]["data"]
        items = secret.get("items") or [{"key": key, "path": key} for key in data]
        for item in items:
            path = folder / item["path"]
            path.unlink(missing_ok=True)
            path.write_text(self._resolved(base64.b64decode(data[item["key"]]).decode()))
            path.chmod(secret["defaultMode"])
