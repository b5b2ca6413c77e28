"""The processes of the local platform, their addresses and how to run them."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import ports
from deploy.local.postgres import Postgres
from deploy.local.processes import Program
from deploy.local.settings import RunnerSettings
from deploy.local.state import State
from deploy.local.valkey import Valkey
from deploy.manifest import BY_NAME, GATEWAY, PROCESSES, Process, Service

BACKUP = "backup"
ROOT = Path(__file__).resolve().parents[2]

# Set by the runner itself, or not to be passed on, above all the superuser's password.
_NOT_INHERITED = (
    *("SOUK_LISTEN", "SOUK_INTERNAL_LISTEN", "SOUK_POSTGRES", "SOUK_REDIS", "SOUK_SECRETS"),
    *(process.address_setting for process in PROCESSES),
)


class Topology:
    """The processes by name: ours, and postgres and valkey unless external ones are used."""

    def __init__(self, settings: RunnerSettings, state: State) -> None:
        self._settings = settings
        self._secrets = state.secrets
        self._state = state.folder
        self.mail = state.folder / "mail"
        names = [process.name for process in PROCESSES]
        postgres, valkey, *found = ports.free(2 + 2 * len(names))
        addresses = [f"127.0.0.1:{port}" for port in found]
        self.addresses = dict(zip(names, addresses[: len(names)], strict=True))
        if settings.port:
            self.addresses[GATEWAY.name] = f"127.0.0.1:{settings.port}"
        self.internal_addresses = dict(zip(names, addresses[len(names) :], strict=True))
        self.postgres = self.valkey = None
        if settings.postgres_admin is None:
            self.postgres = Postgres(state.folder, state.secrets, postgres)
        if settings.redis is None:
            self.valkey = Valkey(state.folder, state.secrets, valkey)

    @property
    def port(self) -> int:
        """The gateway's."""
        return int(self.addresses[GATEWAY.name].rpartition(":")[2])

    @property
    def servers(self) -> list[str]:
        """The embedded servers: PostgreSQL, Valkey, both or none."""
        embedded = {"postgres": self.postgres, "valkey": self.valkey}
        return [name for name, server in embedded.items() if server]

    @property
    def postgres_admin(self) -> str:
        return self.postgres.admin_url if self.postgres else str(self._settings.postgres_admin)

    @property
    def postgres_address(self) -> str:
        parts = urlsplit(self.postgres_admin)
        return f"{parts.hostname}:{parts.port or 5432}"

    @property
    def redis(self) -> str:
        return self.valkey.url if self.valkey else str(self._settings.redis)

    def program(self, name: str) -> Program:
        """Returns how to run the process; for PostgreSQL, also prepares the cluster."""
        if name == "postgres" and self.postgres:
            return self.postgres.prepare()
        if name == "valkey" and self.valkey:
            return self.valkey.prepare()
        if name == BACKUP:
            return self.backup()
        process = BY_NAME[name]
        return self.command(process, *(["serve"] if isinstance(process, Service) else []))

    def backup(self) -> Program:
        """Returns how to back up the embedded cluster."""
        environment = {
            "SOUK_POSTGRES_ADMIN": self.postgres_admin,
            "SOUK_STATE": str(self._state),
            "SOUK_BACKUP": str(self._settings.backup),
        }
        program = self._python(BACKUP, environment, "deploy.backup", "run")
        return replace(program, stop_seconds=60.0)  # it stores what it has received

    def command(self, process: Process, *arguments: str) -> Program:
        """Returns how to run a command of a process of ours, with its settings."""
        return self._python(process.name, self._settings_of(process), process.module, *arguments)

    def seed(self) -> Program:
        return self._python(
            "seed",
            {},
            "gateway.cli",
            *("seed", "--url", f"http://{self.addresses[GATEWAY.name]}"),
            *("--email", self._settings.admin),
            *("--password-file", str(self._secrets / "admin.password")),
        )

    def _settings_of(self, process: Process) -> dict[str, str]:
        process_settings = {
            BY_NAME[name].address_setting: self.addresses[name] for name in process.calls
        }
        process_settings["SOUK_LISTEN"] = self.addresses[process.name]
        process_settings["SOUK_INTERNAL_LISTEN"] = self.internal_addresses[process.name]
        if isinstance(process, Service):
            process_settings["SOUK_POSTGRES"] = self.postgres_address
        if process is GATEWAY:
            process_settings["SOUK_REDIS"] = self.redis
        for name, value in process.settings.items():
            path = value.format(volumes=self._state, volumes_url=self._state.as_uri())
            process_settings[name] = _inherited().get(name, path)
        return process_settings

    def _python(self, name: str, process_settings: dict[str, str], *words: str) -> Program:
        common = {
            "SOUK_SECRETS": str(self._secrets),
            "SOUK_ADMIN_EMAIL": self._settings.admin,
            "SOUK_BASE_DOMAIN": self._settings.base_domain,
        }
        return Program(
            name=name,
            arguments=(sys.executable, "-m", *words),
            environment=_inherited() | common | process_settings,
            folder=ROOT,
        )


def _inherited() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(_NOT_INHERITED)}
