"""The gateway's Redis client: gives up quickly; no request depends on it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import redis.asyncio as redis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

CALL_SECONDS = 0.05
PAUSE_SECONDS = 1.0

# uvloop raises RuntimeError for a pooled connection that was reset.
UNREACHABLE = (RedisError, OSError, TimeoutError, RuntimeError)

T = TypeVar("T")
_log = structlog.get_logger("gateway")


def key(kind: str, *parts: str) -> str:
    """Makes a Redis key; the lengths of the parts keep different names from colliding."""
    return f"souk:{kind}" + "".join([f":{len(part)}:{part}" for part in parts])


def client(url: str, timeout: float | None) -> redis.Redis:
    # The library's defaults wait forever for a paused Redis and seconds for a dead one.
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=16,
        timeout=CALL_SECONDS,
        socket_timeout=timeout,
        socket_connect_timeout=CALL_SECONDS if timeout else 1.0,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0 if timeout else 5,
    )
    return redis.Redis.from_pool(pool)


class CircuitBreaker:
    """Calls Redis, unless it failed a moment ago, so that requests do not wait repeatedly."""

    def __init__(self) -> None:
        self._open_until = 0.0

    async def call(self, function: Callable[[], Awaitable[T]]) -> T | None:
        if time.monotonic() < self._open_until:
            return None
        try:
            async with asyncio.timeout(2 * CALL_SECONDS):
                return await function()
        except redis.ResponseError:
            return None  # A key of the wrong type: Redis works, but the value is not ours.
        except UNREACHABLE as error:
            self._open_until = time.monotonic() + PAUSE_SECONDS
            _log.warning("redis_unanswering", error=type(error).__name__)
            return None
