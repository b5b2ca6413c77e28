"""Measures the platform: `make bench`, or `python -m tests.load [SECTION] [SECONDS]`.

Sections: requests, acts, buying, hot, logins, limits, keys, sharing, peers, curves, writes,
decisions, verify, stored, batches, growth, orders, layers; all of them when none is named. SECONDS
is how long a line of requests takes, 3 by default. Everything runs on this machine, the load
generator too, so each section measures a floor of its own, and ratios to it are what can be
compared.
"""

import sys

import uvloop

from tests.load.acts import each_act
from tests.load.batches import each_batch
from tests.load.bench import benching
from tests.load.buying import each_purchase
from tests.load.comparison import each_peer
from tests.load.curves import each_curve
from tests.load.growth import each_growth
from tests.load.hot import each_hot_read
from tests.load.inside import each_decision, each_write
from tests.load.layers import each_layer
from tests.load.logins import each_login
from tests.load.orders import each_order_read
from tests.load.pairs import limiter, publishable_key
from tests.load.requests import each_request
from tests.load.sharing import each_neighbour
from tests.load.stored import each_stored
from tests.load.verifying import each_event

ON_A_PLATFORM = {
    "requests": each_request,
    "acts": each_act,
    "buying": each_purchase,
    "hot": each_hot_read,
    "logins": each_login,
    "limits": limiter,
    "keys": publishable_key,
    "sharing": each_neighbour,
    "peers": each_peer,
    "curves": each_curve,
}
ALONE = {
    "writes": each_write,
    "decisions": each_decision,
    "verify": each_event,
    "stored": each_stored,
    "batches": each_batch,
    "growth": each_growth,
    "orders": each_order_read,
    "layers": each_layer,
}


async def main(seconds: float, sections: list[str]) -> None:
    if chosen := [ON_A_PLATFORM[name] for name in ON_A_PLATFORM if name in sections]:
        async with benching(seconds) as bench:
            for section in chosen:
                await section(bench)
    for name, measure in ALONE.items():
        if name in sections:
            await measure()


def parsed(arguments: list[str]) -> tuple[float, list[str]]:
    """Reads which sections are asked for, and for how many seconds a line."""
    known = [*ON_A_PLATFORM, *ALONE]
    names = [one for one in arguments if one in known]
    numbers = [one for one in arguments if one not in known]
    try:
        return float(numbers[0]) if numbers else 3.0, names or known
    except ValueError:
        raise SystemExit(f"souk: {numbers[0]} is none of {', '.join(known)}") from None


if __name__ == "__main__":
    uvloop.run(main(*parsed(sys.argv[1:])))
