"""Takes audit leaves to the audit service. (Being written: only the shape that the server starts is here.)"""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.kernel.server import Runtime


async def run(name: str, runtime: "Runtime", stopping: asyncio.Event) -> None:
    """Delivers until `stopping`, then once more; `name` is the service's."""
    await stopping.wait()
