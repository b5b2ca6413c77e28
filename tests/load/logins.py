"""Logins a second, against bare argon2 with the same parameters on the same two threads."""

import asyncio
import time

from services.kernel.call.passwords import THREADS, Passwords
from tests.load import table
from tests.load.bench import Bench, credentials, request, same
from tests.load.generator import load

CONNECTIONS = (1, THREADS, 16)


async def each_login(bench: Bench) -> None:
    login = request(
        "POST", "/auth/user/emailpass", {"host": "localhost"}, credentials(bench.platform)
    )
    table.head("Logins")
    for at_once in CONNECTIONS:
        floor = await _bare(at_once, bench.seconds)
        table.rate("argon2 alone (the floor)", floor, floor, at_once=at_once)
        result = await load(bench.port, at_once, bench.seconds, same(login))
        table.line("login", at_once, result, floor)


async def _bare(at_once: int, seconds: float) -> float:
    """Compares a password over and over, so many at once; gives how often a second."""
    passwords = Passwords()
    stored = await passwords.hash("a password")
    began, done = time.perf_counter(), 0

    async def one() -> None:
        nonlocal done
        while time.perf_counter() < began + seconds:
            await passwords.match(stored, "a password")
            done += 1

    await asyncio.gather(*(one() for _ in range(at_once)))
    return done / (time.perf_counter() - began)
