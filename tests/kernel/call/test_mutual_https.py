"""HTTP over mutual TLS: one process alone is answered, and by the one that it meant."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from deploy.secrets.certificates import make_certificates
from services.kernel.call.mutual_https import http_client, protocol_for, server_context
from services.kernel.process.certificates import certificate_in


@pytest.fixture
def issued(tmp_path):
    make_certificates(tmp_path)
    return tmp_path


async def answers(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


@asynccontextmanager
async def serving(certificate):
    """Serves audit alone; gives the address."""
    config = uvicorn.Config(
        answers,
        port=0,
        lifespan="off",
        log_config=None,
        http=protocol_for("audit"),
        ssl_context_factory=lambda *_: server_context(certificate),
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    [listener] = server.servers
    try:
        yield f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def text_for(certificate, address, audience="witness"):
    async with http_client(audience, address, seconds=5, certificate=certificate) as client:
        return (await client.get("/")).text


async def test_one_process_alone_is_answered(issued):
    async with serving(certificate_in(issued / "witness")) as address:
        assert await text_for(certificate_in(issued / "audit"), address) == "here"
        for certificate in (certificate_in(issued / "commerce"), None):
            with pytest.raises(httpx.HTTPError):
                await text_for(certificate, address)


async def test_a_server_that_shows_another_process_is_not_asked(issued):
    ours = certificate_in(issued / "audit")
    async with serving(certificate_in(issued / "witness")) as address:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await text_for(ours, address, audience="gateway")


async def test_replaced_certificates_are_shown_without_a_restart(issued, monkeypatch):
    monkeypatch.setattr("services.kernel.process.secret_files.CHECK_SECONDS", 0.0)
    ours = certificate_in(issued / "audit")
    async with serving(certificate_in(issued / "witness")) as address:
        assert await text_for(ours, address) == "here"
        # All are of another authority now: who still showed the old would be refused.
        (issued / "ca.key").unlink()
        (issued / "ca.crt").unlink()
        make_certificates(issued)
        assert await text_for(ours, address) == "here"
