"""A child process that cannot outlive us, is logged, and is stopped in an orderly way."""

import asyncio
import os
import pwd
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_LAUNCHER = str(Path(__file__).with_name("launch.py"))
_LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Account:
    """An account of this machine that a child runs as."""

    uid: int
    gid: int


def unprivileged() -> Account | None:
    """Returns the account for servers that refuse to run as root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


@dataclass(frozen=True)
class Program:
    """What to run, and how to stop it."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    account: Account | None = None
    input: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    """The signal for an orderly stop."""
    orphan_signal: signal.Signals = signal.SIGKILL
    """The signal that the kernel sends if we die without stopping it."""
    stop_seconds: float = 25.0


@dataclass
class Child:
    """A running program."""

    program: Program
    log: Path
    process: asyncio.subprocess.Process
    started: float = field(default_factory=time.monotonic)
    expected: bool = False
    """Whether it was told to stop, so that its exit is expected."""

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    def log_tail(self, lines: int = 12) -> str:
        """Returns the last lines of its log."""
        with self.log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            text = file.read().decode(errors="replace")
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

    def describe_exit(self) -> str:
        """Describes how it ended, with the last lines of its log."""
        code = self.process.returncode or 0
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"{self.log.stem} ended ({how}). Last lines of {self.log}:\n{self.log_tail()}"

    def signal(self, number: signal.Signals) -> None:
        if self.running:
            self.process.send_signal(number)

    async def kill(self) -> None:
        """Kills it, like a crash."""
        self.expected = True
        self.signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> bool:
        """Stops it, or kills it after a timeout; returns whether it stopped by itself."""
        self.expected = True
        self.signal(self.program.stop_signal)
        self.signal(signal.SIGCONT)  # a paused process would not receive it
        try:
            await asyncio.wait_for(self.process.wait(), self.program.stop_seconds)
        except TimeoutError:
            await self.kill()
            return False
        return True


async def start(program: Program, log: Path) -> Child:
    """Starts a program and appends its output to `log`."""
    with _open_log(log) as output:
        process = await spawn(program, output)
    if process.stdin is not None:
        process.stdin.write(program.input.encode())
        process.stdin.close()
    return Child(program, log, process)


async def spawn(program: Program, output: IO[bytes]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *launch_command(program.arguments, program.account, program.orphan_signal),
        stdin=asyncio.subprocess.PIPE if program.input else asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=dict(program.environment),
        cwd=program.folder,
        start_new_session=True,  # Ctrl-C must reach only us; we stop the children in order
    )


def _open_log(log: Path) -> IO[bytes]:
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.old"))
    return log.open("ab")


def launch_command(
    arguments: Sequence[str], account: Account | None, orphan_signal: signal.Signals | None = None
) -> list[str]:
    """Returns the command that runs a program as an account, and ends it if we die."""
    number = "-" if orphan_signal is None else str(int(orphan_signal))
    ids = ("-", "-") if account is None else (str(account.uid), str(account.gid))
    return [sys.executable, "-IS", _LAUNCHER, *ids, number, str(os.getpid()), *arguments]
