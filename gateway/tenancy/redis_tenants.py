"""Tenants in Redis, shared by all gateway processes and trusted only if verified.

A value is a hash: the configuration as bytes, its version, when the registry confirmed it, and a
MAC over all of it and the tenant's id, so that foreign data is never served. The key of a host, or
of a publishable key's digest, holds only a hint: the id of a tenant whose configuration must then
contain it.
"""

import asyncio
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from gateway.cache.redis import CALL_SECONDS, UNREACHABLE, CircuitBreaker, client, key
from gateway.tenancy.tenant import KnownTenant, parse_config
from services.kernel.process.backoff import Backoff
from services.kernel.process.secret_files import Secret

FRESH_SECONDS = 30.0
_EXPIRE_SECONDS = 24 * 3600
_CHANNEL = "souk:tenant-changed"

# An older version never replaces a newer one, in whatever order two gateways write.
_FENCED_PUT = """
if redis.call('TYPE', KEYS[1])['ok'] == 'hash' then
  local held = tonumber(redis.call('HGET', KEYS[1], 'version') or '')
  if held and held > tonumber(ARGV[1]) then return 0 end
else
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1],
  'version', ARGV[1], 'confirmed', ARGV[2], 'config', ARGV[3], 'mac', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""

_log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class CachedTenant:
    """A configuration from Redis, and whether the registry confirmed it recently."""

    tenant: KnownTenant
    is_fresh: bool


class RedisTenants:
    """Tenants in Redis; without Redis, methods find and store nothing, and raise nothing."""

    def __init__(self, url: str, keys: Secret[tuple[bytes, ...]]) -> None:
        """`keys` are for the MAC: the first signs, all of them verify."""
        self._keys = keys
        self._trusted_keys: set[bytes] = set()
        self._redis = client(url, timeout=CALL_SECONDS)
        # A connection of its own: no message for hours is no failure here.
        self._listener = client(url, timeout=None)
        self._call = CircuitBreaker().call

    async def answers(self) -> bool:
        return await self._call(lambda: self._redis.ping()) is True

    async def tenant(self, tenant_id: str) -> CachedTenant | None:
        fields = ("version", "confirmed", "config", "mac")
        name = key("tenant", tenant_id)
        values = await self._call(lambda: self._redis.hmget(name, fields))
        if not values or not any(values):
            return None
        cached = self._verified(tenant_id, values)
        if cached is None:
            await self._call(lambda: self._redis.delete(name))
        return cached

    def _verified(
        self, tenant_id: str, values: Sequence[bytes | str | None]
    ) -> CachedTenant | None:
        version, confirmed_at, config, mac = (_bytes(value) for value in values)
        content = (tenant_id, version, confirmed_at, config)
        matching = {key for key in self._keys() if hmac.compare_digest(mac, _mac(key, *content))}
        if not matching:
            return None
        self._trusted_keys |= matching
        tenant = parse_config(config)
        if tenant is None or tenant.id != tenant_id or str(tenant.version).encode() != version:
            return None
        # Bounded on both sides: what a clock that ran ahead confirmed would be fresh for ever.
        return CachedTenant(
            tenant, -FRESH_SECONDS < time.time() - float(confirmed_at) < FRESH_SECONDS
        )

    def has_lost_a_key(self) -> bool:
        """Returns, once, whether a key is gone that data was believed by.

        What it vouched for may be forged, and stays in memory if it claims a high version.
        """
        removed = self._trusted_keys.difference(self._keys())
        self._trusted_keys -= removed
        return bool(removed)

    async def put(self, tenant: KnownTenant, config: bytes) -> None:
        version, confirmed_at = str(tenant.version).encode(), str(time.time()).encode()
        mac = _mac(self._keys()[0], tenant.id, version, confirmed_at, config)
        name = key("tenant", tenant.id)
        arguments = (version, confirmed_at, config, mac, _EXPIRE_SECONDS)
        await self._call(lambda: self._redis.eval(_FENCED_PUT, 1, name, *arguments))

    async def owner_hint(self, kind: str, name: str) -> str | None:
        # No tenant's id is longer, while a foreign value may have any size.
        raw = await self._call(lambda: self._redis.getrange(key(kind, name), 0, 63))
        return _bytes(raw).decode("ascii", "replace") or None

    async def put_owner_hint(self, kind: str, name: str, tenant_id: str) -> None:
        await self._call(lambda: self._redis.set(key(kind, name), tenant_id, ex=_EXPIRE_SECONDS))

    async def delete_owner_hint(self, kind: str, name: str) -> None:
        await self._call(lambda: self._redis.delete(key(kind, name)))

    async def publish(self, tenant_id: str, version: int) -> None:
        """Notifies every gateway process; version 0 means that they must ask the registry."""
        message = json.dumps({"tenant": tenant_id, "version": version})
        await self._call(lambda: self._redis.publish(_CHANNEL, message))

    async def listen(
        self, on_change: Callable[[str, int], None], on_connect: Callable[[], None]
    ) -> None:
        """Listens for changes forever; after each new connection, all cached data is in doubt."""
        backoff = Backoff(0.1, 2.0)
        while True:
            try:
                async with self._listener.pubsub() as channel:
                    await channel.subscribe(_CHANNEL)
                    on_connect()
                    backoff.reset()
                    async for message in channel.listen():
                        _notify(message.get("data"), on_change)
            except UNREACHABLE as error:
                _log.warning("tenant_changes_unheard", error=type(error).__name__)
            await asyncio.sleep(backoff.next())

    async def close(self) -> None:
        await self._redis.aclose()
        await self._listener.aclose()


def _mac(key: bytes, tenant_id: str, *parts: bytes) -> bytes:
    content = b"".join(b"%d:%b" % (len(part), part) for part in (tenant_id.encode(), *parts))
    return hmac.digest(key, b"souk tenant cache\0" + content, "sha256")


def _bytes(value: bytes | str | None) -> bytes:
    """Narrows the client's type; it is configured not to decode."""
    return value if isinstance(value, bytes) else b""


def _notify(data: object, on_change: Callable[[str, int], None]) -> None:
    try:
        message = json.loads(data) if isinstance(data, bytes) else {}
        tenant_id, version = message["tenant"], message["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if isinstance(tenant_id, str) and isinstance(version, int):
        on_change(tenant_id, version)
