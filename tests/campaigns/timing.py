"""Whether time tells another tenant's resource from one that does not exist.

Part of `make campaign-isolation`; `python -m tests.campaigns.timing [ROUNDS]`. Both are asked for
in turn, in a random order, over one connection. `told apart` is the chance that a random answer
about the other's took longer than a random answer about nobody's, beside the three standard errors
within which chance alone keeps it: 0.5 says that time tells nothing.

A shop's name is looked up at its first request, and nobody's is remembered for a few seconds. So
closed shops are compared with nobody's twice: by first requests, each for a name that the gateway
has forgotten meanwhile, and by the same two names again and again. The limits on look-ups would end
that soon, so it asks as many clients would, through a proxy that the gateway trusts.
"""

import asyncio
import random
import sys
import time
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from statistics import median

import httpx

from deploy.local.platform import LocalPlatform
from gateway.limits.plans import LOOKUPS
from gateway.tenancy.memory import UNKNOWN_SECONDS
from tests.campaigns.record import record, table
from tests.isolation.paired_tenants import paired_tenant
from tests.platform import another_gateway, running

ROUNDS = 3000
_WARM_UP = 200
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# First requests are so far apart that their look-ups stay below what one gateway may ask, and the
# suspended shops so many that each is forgotten before its turn comes again.
_APART = 1 / LOOKUPS.per_second
_SUSPENDED = 50 + int((UNKNOWN_SECONDS + 1) / (2 * _APART))
_BASE = "impactnutrition.com"

Asked = tuple[str, dict[str, str]]
"""A path, and the headers to ask for it with."""
_WAYS: dict[str, Callable[[str], Asked]] = {
    "host": lambda shop: ("/store/regions", {"Host": f"{shop}.{_BASE}"}),
    "prefix": lambda shop: (f"/t/{shop}/store/regions", {}),
    "header": lambda shop: ("/store/regions", {"X-Tenant-ID": shop}),
}


async def compared(
    http: httpx.AsyncClient,
    others: Iterator[Asked],
    nobodys: Iterator[Asked],
    *,
    rounds: int,
    apart: float = 0.0,
) -> list[str]:
    """Asks for both, so many seconds apart, and tells how alike the times are."""
    sides: list[tuple[Iterator[Asked], list[float]]] = [(others, []), (nobodys, [])]
    for number in range(rounds + _WARM_UP):
        for requests, took in random.sample(sides, 2):
            path, headers = next(requests)
            await asyncio.sleep(apart)
            began = time.perf_counter()
            answer = await http.get(path, headers=headers)
            seconds = time.perf_counter() - began
            assert answer.status_code == 404, (path, answer.text)
            if number >= _WARM_UP:
                took.append(seconds)
    (_, of_others), (_, of_nobodys) = sides
    bound = 3 * ((2 * rounds + 1) / (12 * rounds * rounds)) ** 0.5
    return [
        f"{1000 * median(of_others):.2f}",
        f"{1000 * median(of_nobodys):.2f}",
        f"{told_apart(of_others, of_nobodys):.3f}",
        f"0.5 ± {bound:.3f}",
    ]


def told_apart(ones: Sequence[float], others: Sequence[float]) -> float:
    """Gives the chance that one of the first took longer; half of it for a tie."""
    ranked = sorted(others)
    wins = sum((bisect_left(ranked, one) + bisect_right(ranked, one)) / 2 for one in ones)
    return wins / (len(ones) * len(others))


def _like(name: str) -> str:
    """Makes an id of the same form that is nobody's."""
    return name[:-10] + "".join(random.choice(_DIGITS) for _ in range(10))


async def closed_shops(
    platform: LocalPlatform, admin: httpx.AsyncClient, rounds: int
) -> list[list[str]]:
    """Compares suspended shops with shops that never were, by each way to name one."""
    rows = []
    trusting = another_gateway(platform, SOUK_TRUSTED_PROXIES="127.0.0.0/8")
    async with (
        trusting as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http,
    ):
        # Through the same gateway, so that it has them all in its memory, closed.
        suspended = [await _suspended(url, admin) for _ in range(_SUSPENDED)]
        # As many of nobody's, as often: what a name costs to read must not depend on its turn.
        nobodys = [_new_id() for _ in suspended]
        for way, request_for in _WAYS.items():
            for which, names, number, apart in (
                ("first", _SUSPENDED, rounds // 3, _APART),
                ("again", 1, rounds, 0.0),
            ):
                sides = [_of_many_clients(request_for, ids[:names]) for ids in (suspended, nobodys)]
                comparison = await compared(http, *sides, rounds=number, apart=apart)
                rows.append([f"a suspended shop by {way}, {which}", *comparison])
    return rows


async def _suspended(url: str, admin: httpx.AsyncClient) -> str:
    made = _new_id()
    body = {"id": made, "display_name": "Closed", "country_code": "fr",
            "currency_code": "eur", "default_locale": "fr"}  # fmt: skip
    for path in ("", f"/{made}/activate", f"/{made}/suspend"):
        answer = await admin.post(f"{url}/admin/tenants{path}", json=None if path else body)
        answer.raise_for_status()
    return made


def _new_id() -> str:
    return f"c{uuid.uuid4().hex[:12]}"


def _of_many_clients(request_for: Callable[[str], Asked], ids: Sequence[str]) -> Iterator[Asked]:
    for one in cycle(ids):
        path, headers = request_for(one)
        client = ".".join(str(random.randrange(1, 255)) for _ in range(3))
        yield path, {**headers, "X-Forwarded-For": f"10.{client}"}


async def run(rounds: int) -> list[list[str]]:
    async with (
        running() as platform,
        httpx.AsyncClient(base_url=platform.url, trust_env=False, timeout=20) as http,
    ):
        login = {"email": platform.admin_email, "password": platform.admin_password}
        token = (await http.post("/auth/user/emailpass", json=login)).json()["token"]
        async with httpx.AsyncClient(
            base_url=platform.url,
            trust_env=False,
            timeout=20,
            headers={"Authorization": f"Bearer {token}"},
        ) as admin:
            rows = await resources(platform, http, admin, rounds)
            return [*rows, *await closed_shops(platform, admin, rounds)]


async def resources(
    platform: LocalPlatform, http: httpx.AsyncClient, admin: httpx.AsyncClient, rounds: int
) -> list[list[str]]:
    """Compares what is another tenant's with what is nobody's."""
    paris, lyon = [await paired_tenant(platform, http, admin, letter) for letter in "pl"]
    # The third product is sold by the one shop alone.
    answer = await admin.get("/admin/products?status=published&limit=3")
    listing = answer.json()["products"][2]["id"]
    shop = f"/admin/tenants/{paris.id}/products"
    (await paris.http.post(shop, json={"product_id": listing})).raise_for_status()
    at_lyon = {"X-Tenant-ID": lyon.id}
    own = f"/admin/tenants/{lyon.id}/products"
    found = []
    for what, other, nobodys, headers in (
        ("a product in a shop", f"/store/products/{listing}",
         f"/store/products/{_like(listing)}", at_lyon),
        ("a listing, to an admin", f"{own}/{listing}", f"{own}/{_like(listing)}", {}),
        ("a tenant, to an admin", f"/admin/tenants/{paris.id}",
         f"/admin/tenants/{paris.id[:-6]}{random.randrange(16**6):06x}", {}),
    ):  # fmt: skip
        sides = [cycle([(path, headers)]) for path in (other, nobodys)]
        found.append([what, *await compared(lyon.http, *sides, rounds=rounds)])
    return found


def main() -> int:
    rows = asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
    head = ("what is asked for", "another's, ms", "nobody's, ms", "told apart", "by chance alone")
    lines = table(head, rows)
    print("\n".join(lines))
    record("timing", " ".join(["python -m tests.campaigns.timing", *sys.argv[1:]]), lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
