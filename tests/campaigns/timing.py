"""Whether time tells another tenant's resource from one that does not exist.

Part of `make campaign-isolation`; `python -m tests.campaigns.timing`. Both are asked for in turn,
in a random order, over one connection. `told apart` is the chance that a random answer about the
other's took longer than a random answer about nobody's, beside the three standard errors within
which chance alone keeps it: 0.5 says that time tells nothing.
"""

import asyncio
import random
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import median

import httpx

from tests.campaigns.record import record, table
from tests.isolation.twins import Twin, twin
from tests.platform import running

ROUNDS = 3000
_WARM_UP = 200
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


async def compared(shop: Twin, other: str, nobodys: str, headers: dict[str, str]) -> list[str]:
    """Asks for both, and tells how alike the times are."""
    took: dict[str, list[float]] = {other: [], nobodys: []}
    for number in range(ROUNDS + _WARM_UP):
        for path in random.sample([other, nobodys], 2):
            began = time.perf_counter()
            answer = await shop.http.get(path, headers=headers)
            seconds = time.perf_counter() - began
            assert answer.status_code == 404, (path, answer.text)
            if number >= _WARM_UP:
                took[path].append(seconds)
    apart = told_apart(took[other], took[nobodys])
    bound = 3 * ((2 * ROUNDS + 1) / (12 * ROUNDS * ROUNDS)) ** 0.5
    return [
        f"{1000 * median(took[other]):.2f}",
        f"{1000 * median(took[nobodys]):.2f}",
        f"{apart:.3f}",
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


async def run() -> list[list[str]]:
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
            paris, lyon = [await twin(platform, http, admin, letter) for letter in "pl"]
            # The third product is sold by the one shop alone.
            asked = await admin.get("/admin/products?status=published&limit=3")
            listing = asked.json()["products"][2]["id"]
            shop = f"/admin/tenants/{paris.id}/products"
            (await paris.http.post(shop, json={"product_id": listing})).raise_for_status()
            at_lyon = {"X-Tenant-ID": lyon.id}
            own = f"/admin/tenants/{lyon.id}/products"
            return [
                [what, *await compared(lyon, other, nobodys, headers)]
                for what, other, nobodys, headers in (
                    ("a product in a shop", f"/store/products/{listing}",
                     f"/store/products/{_like(listing)}", at_lyon),
                    ("a listing, to an admin", f"{own}/{listing}", f"{own}/{_like(listing)}", {}),
                    ("a tenant, to an admin", f"/admin/tenants/{paris.id}",
                     f"/admin/tenants/{paris.id[:-6]}{random.randrange(16**6):06x}", {}),
                )
            ]  # fmt: skip


def main() -> int:
    rows = asyncio.run(run())
    head = ("what is asked for", "another's, ms", "nobody's, ms", "told apart", "by chance alone")
    lines = table(head, rows)
    print("\n".join(lines))
    record("timing", "python -m tests.campaigns.timing", lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
