"""PostgreSQL's own tools, and the server that they are used on."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.backup.store import BackupError


@dataclass(frozen=True)
class Tools:
    """The folder of the programs, and how they reach the server."""

    programs: Path
    environment: dict[str, str]

    @classmethod
    def for_server(cls, programs: Path, url: str) -> "Tools":
        """Passes the address on in the environment: arguments are visible to all users."""
        parts = urlsplit(url)
        return cls(
            programs,
            _plain_environment()
            | {
                "PGHOST": parts.hostname or "",
                "PGPORT": str(parts.port or 5432),
                "PGUSER": unquote(parts.username or "postgres"),
                "PGPASSWORD": unquote(parts.password or ""),
                "PGCONNECT_TIMEOUT": "10",
                "PGAPPNAME": "souk backup",
            },
        )

    @classmethod
    def without_server(cls, programs: Path) -> "Tools":
        return cls(programs, _plain_environment())

    def command(self, name: str, *arguments: str) -> list[str]:
        return [str(self.programs / name), *arguments]

    def run(self, name: str, *arguments: str) -> str:
        """Runs a tool to its end and returns what it prints.

        Raises:
            BackupError: it failed, with the last line of what it says.
        """
        done = subprocess.run(
            self.command(name, *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
        )
        if done.returncode != 0:
            raise BackupError(f"{name} failed: {last_line(done.stderr)}")
        return done.stdout

    def query(self, statement: str) -> list[str]:
        """Returns the fields of the one row that a statement gives."""
        output = self.run("psql", "-XAtq", "-d", "postgres", "-F", "\t", "-c", statement)
        return output.rstrip("\n").split("\t")


def last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it says nothing")


def _plain_environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
