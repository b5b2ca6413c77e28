"""Rate limits for tenants, their callers and client addresses."""

from gateway.limits.kinds import Holder, Kind, kind_of
from gateway.limits.limiter import Limiter, Verdict
from gateway.limits.plans import Limit
from gateway.limits.redis_counts import RedisCounts

__all__ = ["Holder", "Kind", "Limit", "Limiter", "RedisCounts", "Verdict", "kind_of"]
