"""The embedded Valkey, which speaks Redis's protocol."""

import os
import secrets
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from deploy.local import binaries
from deploy.local.processes import Program, unprivileged


class Valkey:
    """A cache that starts empty.

    Nothing is saved: Redis holds only what the registry can provide again, so an empty cache is
    always correct, while a restored one might be stale.
    """

    def __init__(self, state: Path, secrets_folder: Path, port: int) -> None:
        self._state = state
        self.port = port
        self._password_file = secrets_folder / "redis.password"

    @property
    def url(self) -> str:
        return f"redis://:{self._password_file.read_text()}@127.0.0.1:{self.port}/0"

    def prepare(self) -> Program:
        if not self._password_file.exists():
            descriptor = os.open(self._password_file, os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
        account = unprivileged()
        binary = binaries.valkey(self._state, account)
        return Program(
            name="valkey",
            # The settings are passed on standard input, because arguments are visible to all users.
            arguments=(str(binary), "-"),
            input="\n".join(
                (
                    "bind 127.0.0.1",
                    f"port {self.port}",
                    f"requirepass {self._password_file.read_text()}",
                    'save ""',
                    "appendonly no",
                    "maxmemory 256mb",
                    "maxmemory-policy allkeys-lru",
                    "",
                )
            ),
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            folder=Path("/"),
            account=account,
            stop_seconds=5.0,
        )

    async def is_ready(self) -> bool:
        """Returns whether it accepts commands."""
        async with Redis.from_url(self.url, socket_timeout=1, retry=None) as client:
            try:
                await client.ping()
            except (OSError, RedisError):
                return False
        return True
