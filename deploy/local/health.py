"""Checks whether a process is ready to serve."""

import asyncio
import functools
import ssl
import time
from collections.abc import Awaitable, Callable

import httpx

from deploy.local.processes import Child, Program
from deploy.local.state import CannotStart

READY_SECONDS = 120.0
_PAUSE_SECONDS = 0.05


async def wait(child: Child, is_ready: Callable[[], Awaitable[bool]]) -> None:
    """Waits until the process is ready.

    Raises:
        CannotStart: it ended, or was not ready within READY_SECONDS; with the end of its log.
    """
    end = time.monotonic() + READY_SECONDS
    while not await is_ready():
        if not child.running:
            raise CannotStart(f"{child.describe_exit()}")
        if time.monotonic() > end:
            raise CannotStart(
                f"{child.program.name} was not ready within {READY_SECONDS:.0f} s."
                f" Last lines of {child.log}:\n{child.log_tail()}"
            )
        await asyncio.sleep(_PAUSE_SECONDS)


# Loading the trust store takes longer than a response, and this is called repeatedly.
_tls = functools.cache(ssl.create_default_context)


async def is_ready(program: Program) -> bool:
    """Returns whether a process of ours says that it is ready."""
    url = f"http://{program.environment['SOUK_INTERNAL_LISTEN']}/readyz"
    async with httpx.AsyncClient(trust_env=False, timeout=2, verify=_tls()) as client:
        try:
            return (await client.get(url)).is_success
        except httpx.HTTPError:
            return False
