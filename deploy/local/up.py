"""`souk up`: runs the platform in the foreground until it is told to stop."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from deploy.local.platform import LocalPlatform
from deploy.local.processes import Child
from deploy.local.settings import RunnerSettings
from deploy.local.state import AlreadyRunning, CannotStart
from deploy.manifest import GATEWAY

_FIRST_PAUSE, _LONGEST_PAUSE, _CALM = 0.5, 15.0, 60.0


def run(settings: RunnerSettings, *, seed: bool) -> int:
    """Runs the platform; returns 0 after a requested stop, 1 if it cannot start."""
    began = time.monotonic()

    def report(line: str) -> None:
        print(f"souk {time.monotonic() - began:6.1f} s  {line}", flush=True)

    try:
        asyncio.run(_run(settings, seed=seed, report=report))
    except (AlreadyRunning, CannotStart) as error:
        report(str(error))
        return 1
    return 0


async def _run(settings: RunnerSettings, *, seed: bool, report: Callable[[str], None]) -> None:
    platform = LocalPlatform(settings, seed=seed, report=report)
    work = asyncio.create_task(_serve(platform, report))
    stops = 0

    def stop() -> None:
        nonlocal stops
        stops += 1
        if stops == 1:
            report("stopping; press Ctrl-C again to stop immediately")
            work.cancel()
        else:
            platform.abandon()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await work
    report("stopped")


async def _serve(platform: LocalPlatform, report: Callable[[str], None]) -> None:
    report(f"starting with the state folder {platform.state.folder}")
    async with platform, asyncio.TaskGroup() as revivals:
        report(f"everything is healthy: {platform.url}")
        print(_welcome(platform), flush=True)
        pauses: dict[str, float] = {}
        while True:
            child = await platform.ended.get()
            report(child.describe_exit())
            revivals.create_task(_revive(platform, child, pauses, report))


async def _revive(
    platform: LocalPlatform, child: Child, pauses: dict[str, float], report: Callable[[str], None]
) -> None:
    """Restarts a process, with growing pauses while it keeps ending."""
    name = child.program.name
    while True:
        calm = time.monotonic() - child.started > _CALM
        pauses[name] = _FIRST_PAUSE if calm else min(_LONGEST_PAUSE, 2 * pauses.get(name, 0.25))
        report(f"{name} will be restarted in {pauses[name]:.1f} s")
        await asyncio.sleep(pauses[name])
        try:
            return await platform.start(name)
        except CannotStart as error:
            report(str(error))


def _welcome(platform: LocalPlatform) -> str:
    url, admin = platform.url, platform.admin_email
    base, internal = platform.settings.base_domain, platform.internal_urls[GATEWAY.name]
    file, mail = platform.secrets / "admin.password", platform.topology.mail
    named = os.environ.get("SOUK_STATE")
    down = f"SOUK_STATE={named} make down" if named else "make down"
    return f"""
  Storefronts, selected by the Host header:
    curl -s -H 'Host: paris.{base}' '{url}/store/products?limit=2'
    curl -s -H 'Host: impactnutrition.com.tn' '{url}/store/products?limit=2'

  Admin API, documented at {url}/docs
    log in with    {admin}  /  {platform.admin_password}
    TOKEN=$(curl -s {url}/auth/user/emailpass -H 'Content-Type: application/json' \\
      -d '{{"email":"{admin}","password":"'"$(cat {file})"'"}}' | cut -d '"' -f 4)
    curl -s -H "Authorization: Bearer $TOKEN" {url}/admin/tenants

  Shoppers buy as docs/storefront.md shows. Customers with orders, and the admin's password:
    camille@example.com and hugo@example.com in Paris, camille@… and amira@… at the head office

  E-mail to admins and shoppers goes to {mail} unless SOUK_MAIL is set.
  For operators: {internal}/readyz and {internal}/metrics
  Logs are in {platform.state.logs}. Ctrl-C or `{down}` stops the platform; its data is kept.
"""
