"""Waiting for a while, or until there is something to do."""

import asyncio


async def pause(seconds: float, *wakers: asyncio.Event) -> bool:
    """Waits up to `seconds` for one of the events; returns whether one was set."""
    waits = [asyncio.ensure_future(waker.wait()) for waker in wakers]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)
