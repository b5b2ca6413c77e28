"""What every process counts, in Prometheus' format."""

import asyncio

from prometheus_client import CollectorRegistry, Info, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from services.kernel.operation.endpoints import Answer
from services.kernel.operation.version import VERSION

REGISTRY = CollectorRegistry()

Info("souk_build", "The version of this process.", registry=REGISTRY).info({"version": VERSION})


async def page(*registries: CollectorRegistry) -> Answer:
    """Returns all that these registries, or else the kernel's alone, have counted."""
    # In a thread, since a page of thousands of tenants takes a while.
    text = await asyncio.to_thread(_text, registries or (REGISTRY,))
    return Answer(200, text, CONTENT_TYPE_LATEST)


def _text(registries: tuple[CollectorRegistry, ...]) -> bytes:
    return b"".join(map(generate_latest, registries))
