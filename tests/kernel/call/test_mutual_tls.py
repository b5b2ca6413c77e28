"""Mutual TLS between processes: who shows no certificate of the right process gets no answer."""

import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import grpc
import pytest
from grpc_health.v1 import health, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse
from souk.tenant_registry.v1 import tenant_pb2 as tenants
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb
from souk.tenant_registry.v1 import tenant_registry_service_pb2_grpc as pb_grpc

from deploy.secrets.certificates import LIFETIME, make_certificates
from deploy.secrets.creation import make_secrets
from services.kernel.call.client import TAKES_CALLS, channel
from services.kernel.call.credentials import METADATA_KEY, Signer, Verifier, callers
from services.kernel.call.errors import ServiceError
from services.kernel.call.mutual_tls import is_peer, server_credentials
from services.kernel.call.scope import Scope, bound
from services.kernel.process.certificates import Certificate, certificate_in
from services.kernel.process.secret_files import Fixed

SCOPE = Scope("paris", "services/commerce", frozenset({"event:record"}))
REQUEST = pb.GetTenantRequest(name="tenants/paris")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    make_secrets(folder)
    return folder


@pytest.fixture
def issued(tmp_path):
    make_certificates(tmp_path)
    return tmp_path


class Registry:
    """Answers who may call by scope and certificate; keeps the certificate of the last caller."""

    def __init__(self, secrets):
        known = Fixed(callers((secrets / "callers.json").read_text()))
        self._verifier = Verifier(known, "tenant-registry")
        self.peer_certificate = b""

    def __getattr__(self, method):
        return self._serve

    async def _serve(self, request, context):
        [self.peer_certificate] = context.auth_context()["x509_pem_cert"]
        token = dict(context.invocation_metadata())[METADATA_KEY]
        try:
            scope = self._verifier.verify(token, partial(is_peer, context))
        except ServiceError as error:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, error.reason)
        return tenants.Tenant(name=f"tenants/{scope.tenant}")


@asynccontextmanager
async def serving(secrets, certificate):
    registry, server, status = Registry(secrets), grpc.aio.server(), health.aio.HealthServicer()
    pb_grpc.add_TenantRegistryServiceServicer_to_server(registry, server)  # type: ignore[arg-type]
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    await status.set(TAKES_CALLS, HealthCheckResponse.SERVING)
    port = server.add_secure_port("127.0.0.1:0", server_credentials(certificate))
    await server.start()
    try:
        yield registry, f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@asynccontextmanager
async def calling(secrets, address, certificate, *, signer="commerce", audience="tenant-registry"):
    opened = channel(
        address,
        signer=Signer(signer, (secrets / f"{signer}.key").read_text()),
        audience=audience,
        contract=(pb.DESCRIPTOR,),
        certificate=certificate,
    )
    async with opened:
        yield pb_grpc.TenantRegistryServiceStub(opened)


async def refusal(stub):
    with bound(SCOPE), pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.GetTenant(REQUEST, timeout=5)
    return error.value.code(), error.value.details()


async def test_a_call_is_answered_if_its_signer_shows_its_own_certificate(secrets, issued):
    ours, theirs = (certificate_in(issued / name) for name in ("tenant-registry", "commerce"))
    async with serving(secrets, ours) as (_, address):
        async with calling(secrets, address, theirs) as stub:
            with bound(SCOPE):
                assert (await stub.GetTenant(REQUEST)).name == "tenants/paris"
        other = certificate_in(issued / "audit")
        async with calling(secrets, address, other) as stub:
            assert await refusal(stub) == (grpc.StatusCode.UNAUTHENTICATED, "SCOPE_INVALID")


async def test_without_a_certificate_of_the_authority_nothing_is_answered(
    secrets, issued, tmp_path_factory
):
    strangers = tmp_path_factory.mktemp("strangers")
    make_certificates(strangers)
    own = certificate_in(issued / "commerce")()
    foreign = certificate_in(strangers / "commerce")()
    # What a stranger has who knows our authority: it is public.
    forged = Certificate(foreign.chain, foreign.key, own.authorities, foreign.folder)
    async with serving(secrets, certificate_in(issued / "tenant-registry")) as (_, address):
        for certificate in (None, Fixed(foreign), Fixed(forged)):
            async with calling(secrets, address, certificate) as stub:
                code, _ = await refusal(stub)
                assert code == grpc.StatusCode.UNAVAILABLE


async def test_a_server_that_shows_another_process_is_not_asked(secrets, issued):
    own = certificate_in(issued / "commerce")
    async with (
        serving(secrets, certificate_in(issued / "audit")) as (registry, address),
        calling(secrets, address, own) as stub,
    ):
        code, _ = await refusal(stub)
        assert (code, registry.peer_certificate) == (grpc.StatusCode.UNAVAILABLE, b"")


async def test_replaced_certificates_are_shown_without_a_restart(secrets, issued, monkeypatch):
    monkeypatch.setattr("services.kernel.process.secret_files.CHECK_SECONDS", 0.0)
    ours, theirs = (certificate_in(issued / name) for name in ("tenant-registry", "commerce"))
    async with serving(secrets, ours) as (registry, address):
        async with calling(secrets, address, theirs) as stub:
            with bound(SCOPE):
                await stub.GetTenant(REQUEST)
                first = registry.peer_certificate
                # All are of another authority now: who still showed the old would be refused.
                (issued / "ca.key").unlink()
                (issued / "ca.crt").unlink()
                assert len(make_certificates(issued)) == 6
                await stub.GetTenant(REQUEST)
        assert registry.peer_certificate not in (b"", first)


def test_certificates_are_kept_until_they_end_soon(issued):
    assert make_certificates(issued) == []
    later = datetime.now(UTC) + LIFETIME - timedelta(days=29)
    assert len(make_certificates(issued, later)) == 6


def _expired(folder):
    shutil.rmtree(folder)
    make_certificates(folder.parent, datetime.now(UTC) - 2 * LIFETIME)


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda at: (at / "tls.crt").write_text("none"), "Unable to load PEM file"),
        (lambda at: (at / "tls.key").unlink(), "tls.key cannot be read"),
        (lambda at: (at / "ca.crt").unlink(), "ca.crt cannot be read"),
        (
            lambda at: shutil.copy(at.parent / "commerce" / "tls.key", at / "tls.key"),
            "tls.key is not its key",
        ),
        (_expired, "it expired at"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_said_in_a_sentence(issued, harm, problem):
    folder = issued / "audit"
    harm(folder)
    with pytest.raises(SystemExit) as error:
        certificate_in(folder)
    assert str(error.value).startswith("souk: the certificate ")
    assert problem in str(error.value)
