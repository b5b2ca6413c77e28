"""Counters in Redis, shared by all gateway processes; uses Redis' clock, as theirs may differ.

A key holds the time in microseconds when the limit is fully available again (GCRA), and expires
then. Foreign values in a key count as nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.cache.redis import CALL_SECONDS, CircuitBreaker, client
from gateway.limits.plans import Limit

_MICROSECONDS = 1_000_000

_DEBT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function debt(key)
  local held = redis.pcall('GET', key)
  local ends = type(held) == 'string' and tonumber(held) or now
  if ends >= now and ends <= now + 86400000000 then return ends - now end
  return 0
end
local function keep(key, debt)
  redis.call('SET', key, string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000) + 1)
end
"""
# Spends one request of each limit, or nothing if one limit has none left.
_SPEND = f"""{_DEBT}
local debts, refused = {{}}, 0
for i, key in ipairs(KEYS) do
  debts[i] = debt(key)
  if refused == 0 and debts[i] + ARGV[2 * i - 1] > ARGV[2 * i] + 0 then refused = i end
end
if refused == 0 then
  for i, key in ipairs(KEYS) do
    debts[i] = debts[i] + ARGV[2 * i - 1]
    keep(key, debts[i])
  end
end
return {{refused, unpack(debts)}}
"""
# Adds what was spent locally; the debt never exceeds twice the tolerance.
_ADD = f"""{_DEBT}
local debts = {{}}
for i, key in ipairs(KEYS) do
  debts[i] = math.min(debt(key) + ARGV[2 * i - 1], math.max(debt(key), 2 * ARGV[2 * i]))
  keep(key, debts[i])
end
return debts
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Redis' result: the limit that refused, if any, and each limit's debt in seconds."""

    refused: Limit | None
    debts: tuple[float, ...]


class RedisCounts:
    """The counters in Redis; methods return None if Redis does not answer."""

    def __init__(self, url: str) -> None:
        self._redis = client(url, timeout=CALL_SECONDS)
        self._call = CircuitBreaker().call
        self._spend = self._redis.register_script(_SPEND)
        self._add = self._redis.register_script(_ADD)

    async def spend(self, limits: Sequence[Limit]) -> Spent | None:
        """Counts one request against all limits, or against none if one refuses it."""
        figures = [(limit.quota.interval, limit.quota.tolerance) for limit in limits]
        answer = await self._call(
            lambda: self._spend(keys=[limit.key for limit in limits], args=_flat(figures))
        )
        if not answer:
            return None
        refused, *debts = answer
        return Spent(limits[refused - 1] if refused else None, _seconds(debts))

    async def add(self, counted: Sequence[tuple[Limit, int]]) -> tuple[float, ...] | None:
        """Adds locally counted requests and returns each limit's debt in seconds."""
        figures = [
            (number * limit.quota.interval, limit.quota.tolerance) for limit, number in counted
        ]
        debts = await self._call(
            lambda: self._add(keys=[limit.key for limit, _ in counted], args=_flat(figures))
        )
        return _seconds(debts) if debts else None

    async def close(self) -> None:
        await self._redis.aclose()


def _flat(figures: Sequence[tuple[float, float]]) -> list[int]:
    return [round(seconds * _MICROSECONDS) for pair in figures for seconds in pair]


def _seconds(debts: Sequence[int]) -> tuple[float, ...]:
    return tuple(debt / _MICROSECONDS for debt in debts)
