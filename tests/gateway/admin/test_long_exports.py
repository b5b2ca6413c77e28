"""An export goes on for as long as its caller may read the log, and no longer."""

import grpc
import pytest
from pydantic import RedisDsn
from souk.audit.v1.proof_service_pb2 import GetCheckpointRequest

from gateway.admin.exports import Export
from gateway.clients import Clients
from gateway.settings import GatewaySettings
from services.kernel.call.errors import PermissionDenied, from_rpc
from services.kernel.call.scope import Scope, bound
from tests.gateway.admin.test_evidence import shop  # noqa: F401 - a fixture

READ = frozenset({"event:read"})


@pytest.fixture
async def clients(platform):
    addresses = {name.replace("-", "_"): at for name, at in platform.addresses.items()}
    settings = GatewaySettings(
        secrets=platform.secrets,
        redis=RedisDsn("redis://127.0.0.1:1"),
        uploads="file:///nowhere",
        **{
            name: addresses[name]
            for name in ("tenant_registry", "catalog_opt_in", "commerce", "audit")
        },
    )
    made = Clients(settings)
    yield made
    await made.close()


@pytest.mark.parametrize("form", ["ndjson", "csv"])
async def test_an_export_ends_with_the_right_to_it(clients, shop, form):  # noqa: F811
    tenant = shop.rpartition("/")[2]
    scope, allowed = Scope(tenant, "admins/user_1", READ), [READ]
    with bound(scope):
        newest = await clients.proofs.GetCheckpoint(
            GetCheckpointRequest(parent=f"tenants/{tenant}")
        )

    async def permissions():
        return allowed.pop() if allowed else frozenset()

    async def read(parts):
        async for part in parts:
            exported.append(part)

    exported: list[object] = []
    export = Export(clients, scope, newest, permissions, lambda _: None)
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await read(getattr(export, form)())

    assert isinstance(from_rpc(refusal.value), PermissionDenied)
    assert f"tenants/{tenant}" in repr(exported)
    assert "tenants/paris" not in repr(exported)
