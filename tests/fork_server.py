"""Starts our processes as forks of one that has imported their code, which is most of a start.

There is one server for each module. Nothing but imports has run in it, so a fork does from there
what `python -m` would do. A test run replaces `processes.spawn`; campaigns and `make up` do not.
"""

import ast
import asyncio
import ctypes
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from deploy.local import processes
from deploy.local.processes import Program
from deploy.manifest import PROCESSES

_MODULES = frozenset(process.module for process in PROCESSES)
_PR_SET_PDEATHSIG = 1
_REQUEST_BYTES = 100_000
_WIDTH = 10
"""How long a process id is written, so that what follows is the exit code."""


class Fork:
    """A running fork, with what is used of `asyncio.subprocess.Process`."""

    stdin = None

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self._loop = asyncio.get_running_loop()
        self._status = status
        self._code: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(status, self._end)

    @property
    def returncode(self) -> int | None:
        return self._code.result() if self._code.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._code)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def _end(self) -> None:
        self._loop.remove_reader(self._status)
        self._code.set_result(int(os.read(self._status, _WIDTH) or -signal.SIGKILL))
        os.close(self._status)


class ForkServers:
    """The servers of a test run, each started when its module is first asked for."""

    def __init__(self) -> None:
        self._servers: dict[tuple[str, Path], tuple[subprocess.Popen[bytes], socket.socket]] = {}
        self._spawn = processes.spawn

    def start(self) -> None:
        if sys.platform == "linux":  # elsewhere, not all libraries survive a fork
            processes.spawn = self.spawn

    def stop(self) -> None:
        processes.spawn = self._spawn
        for process, requests in self._servers.values():
            requests.close()
            process.wait()

    async def spawn(self, program: Program, output: IO[bytes]) -> Any:
        """Forks a module of ours; starts anything else as always."""
        python, *more = program.arguments
        if python != sys.executable or more[0] != "-m" or more[1] not in _MODULES:
            return await self._spawn(program, output)
        requests = self._requests(more[1], program.folder)
        return Fork(*await asyncio.to_thread(_fork, requests, program, output))

    def _requests(self, module: str, folder: Path) -> socket.socket:
        if (module, folder) not in self._servers:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, "-m", "tests.fork_server", module, str(theirs.fileno())],
                    cwd=folder,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
            self._servers[module, folder] = process, ours
        return self._servers[module, folder][1]


def _fork(requests: socket.socket, program: Program, output: IO[bytes]) -> tuple[int, int]:
    """Asks a server for a fork; returns its process id, and where its exit code will be."""
    _, _, module, *arguments = program.arguments
    request = json.dumps([arguments, dict(program.environment), int(program.orphan_signal)])
    reading, writing = os.pipe()
    try:
        socket.send_fds(requests, [request.encode()], [output.fileno(), writing])
    finally:
        os.close(writing)
    pid = os.read(reading, _WIDTH)
    assert pid, f"{module} cannot be imported"
    return int(pid), reading


def serve(module: str, requests: socket.socket) -> list[str]:
    """Forks whenever it is asked to, until nobody can ask; returns in a fork, with its arguments.

    A request brings the file for the output, and a pipe for the process id and the exit code.
    """
    _import_as_main_does(module)
    gc.freeze()
    ended, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakeup.fileno())
    forks: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([requests, ended], [], [])
        if ended in ready:
            ended.recv(100)
            _report_ended(forks)
        if requests in ready:
            request, files, *_ = socket.recv_fds(requests, _REQUEST_BYTES, 2)
            if not request:
                raise SystemExit
            output, status = files
            if (pid := os.fork()) == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (requests, ended, wakeup):
                    one.close()
                for pipe in (status, *forks.values()):
                    os.close(pipe)
                return _become(json.loads(request), output)
            os.write(status, f"{pid:{_WIDTH}}".encode())
            os.close(output)
            forks[pid] = status


def _import_as_main_does(module: str) -> None:
    """Imports what a package's `__main__` imports, without running it."""
    spec = find_spec(f"{module}.__main__")
    assert spec is not None
    assert spec.origin is not None
    body = ast.parse(Path(spec.origin).read_bytes()).body
    imports: list[ast.stmt] = [one for one in body if isinstance(one, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, []), spec.origin, "exec"), {})  # noqa: S102 - our own code


def _report_ended(forks: dict[int, int]) -> None:
    for pid in list(forks):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            pipe = forks.pop(pid)
            with suppress(BrokenPipeError):  # nobody waits for it any more
                os.write(pipe, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(pipe)


def _become(request: tuple[list[str], dict[str, str], int], output: int) -> list[str]:
    """Makes a fork what a new process would be."""
    arguments, environment, orphan_signal = request
    server = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, orphan_signal, 0, 0, 0)
    if os.getppid() != server:
        raise SystemExit(1)
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    return arguments


if __name__ == "__main__":
    module, descriptor = sys.argv[1:]
    sys.argv[1:] = serve(module, socket.socket(fileno=int(descriptor)))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
