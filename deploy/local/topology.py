"""The processes of the local platform, their addresses and how to run them."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import ports
from deploy.local.postgres import Postgres
from deploy.local.processes import Program
from deploy.local.settings import RunnerSettings
from deploy.local.state import State
from deploy.local.valkey import Valkey
from deploy.secrets.creation import DATABASES

ROOT = Path(__file__).resolve().parents[2]
SERVICES = tuple(database.replace("_", "-") for database in DATABASES)

# Set by the runner itself, or not to be passed on, above all the superuser's password.
_OURS = (
    *("SOUK_LISTEN", "SOUK_POSTGRES", "SOUK_REDIS"),
    *("SOUK_AUDIT", "SOUK_SECRETS", "SOUK_WITNESS"),
)


class Plan:
    """The processes by name: ours, and postgres and valkey unless external ones are used."""

    def __init__(self, settings: RunnerSettings, state: State) -> None:
        self._settings = settings
        self._secrets = state.secrets
        self.mail = state.folder / "mail"
        self._state = state.folder
        gateway, postgres, valkey, witness, *services = ports.free(4 + len(SERVICES))
        self.witness = f"127.0.0.1:{witness}"
        self.port = settings.port or gateway
        self.addresses = {
            name: f"127.0.0.1:{port}" for name, port in zip(SERVICES, services, strict=True)
        }
        self.postgres = self.valkey = None
        if settings.postgres_admin is None:
            self.postgres = Postgres(state.folder, state.secrets, postgres)
        if settings.redis is None:
            self.valkey = Valkey(state.folder, state.secrets, valkey)

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
        if name == "gateway":
            return self._python(name, self._gateway_settings(), "gateway")
        if name == "witness":
            return self._python(name, self._witness_settings(), "services.witness")
        return self.command(name, "serve")

    def command(self, service: str, command: str) -> Program:
        module = f"services.{service.replace('-', '_')}"
        return self._python(service, self._service_settings(service), module, command)

    def seed(self, url: str) -> Program:
        return self._python(
            "seed",
            {},
            "gateway.cli",
            *("seed", "--url", url),
            *("--email", self._settings.admin),
            *("--password-file", str(self._secrets / "admin.password")),
        )

    def _service_settings(self, name: str) -> dict[str, str]:
        own = {
            "SOUK_LISTEN": self.addresses[name],
            "SOUK_POSTGRES": self.postgres_address,
            "SOUK_AUDIT": self.addresses["audit"],
            "SOUK_WITNESS": self.witness,
        }
        if name == "tenant-registry":
            own["SOUK_MAIL"] = os.environ.get("SOUK_MAIL", self.mail.as_uri())
        return own

    def _witness_settings(self) -> dict[str, str]:
        file = self._state / "witness" / "seen"
        return {"SOUK_LISTEN": self.witness, "SOUK_WITNESS_FILE": str(file)}

    def _gateway_settings(self) -> dict[str, str]:
        services = {
            f"SOUK_{name.replace('-', '_').upper()}": address
            for name, address in self.addresses.items()
        }
        return services | {"SOUK_LISTEN": f"127.0.0.1:{self.port}", "SOUK_REDIS": self.redis}

    def _python(self, name: str, own: dict[str, str], *words: str) -> Program:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
        common = {
            "SOUK_SECRETS": str(self._secrets),
            "SOUK_ADMIN_EMAIL": self._settings.admin,
            "SOUK_BASE_DOMAIN": self._settings.base_domain,
        }
        return Program(
            name=name,
            arguments=(sys.executable, "-m", *words),
            environment=inherited | common | own,
            folder=ROOT,
        )
