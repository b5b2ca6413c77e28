"""`python -m services.tenant_registry serve|migrate|bootstrap`."""

from collections.abc import Sequence

from souk.tenant_registry.v1.access_grant_service_pb2_grpc import (
    add_AccessGrantServiceServicer_to_server,
)
from souk.tenant_registry.v1.access_service_pb2_grpc import add_AccessServiceServicer_to_server
from souk.tenant_registry.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server
from souk.tenant_registry.v1.admin_service_pb2_grpc import add_AdminServiceServicer_to_server
from souk.tenant_registry.v1.api_key_service_pb2_grpc import add_ApiKeyServiceServicer_to_server
from souk.tenant_registry.v1.assignment_service_pb2_grpc import (
    add_AssignmentServiceServicer_to_server,
)
from souk.tenant_registry.v1.denial_service_pb2_grpc import add_DenialServiceServicer_to_server
from souk.tenant_registry.v1.invite_service_pb2_grpc import add_InviteServiceServicer_to_server
from souk.tenant_registry.v1.oidc_service_pb2_grpc import add_OidcServiceServicer_to_server
from souk.tenant_registry.v1.role_service_pb2_grpc import add_RoleServiceServicer_to_server
from souk.tenant_registry.v1.session_service_pb2_grpc import add_SessionServiceServicer_to_server
from souk.tenant_registry.v1.tenant_registry_service_pb2_grpc import (
    add_TenantRegistryServiceServicer_to_server,
)

from services.kernel.call.passwords import Passwords
from services.kernel.mail.mailer import Mailer
from services.kernel.mail.settings import MailSettings
from services.kernel.process.secret_files import ring
from services.kernel.process.settings import load
from services.kernel.process.signing_keys import signing_key
from services.kernel.serving.server import Runtime, Service, Servicer, main
from services.tenant_registry.accounts import unknown_accounts
from services.tenant_registry.accounts.admins import AdminServicer
from services.tenant_registry.accounts.attempts import Attempts
from services.tenant_registry.accounts.invite_acceptance import InviteAcceptance
from services.tenant_registry.accounts.invites import InviteServicer
from services.tenant_registry.accounts.login import SecondFactors
from services.tenant_registry.accounts.oidc import OidcServicer
from services.tenant_registry.accounts.oidc_settings import providers
from services.tenant_registry.accounts.oidc_state import States
from services.tenant_registry.accounts.own_account import AccountServicer
from services.tenant_registry.accounts.registrations import Registrations
from services.tenant_registry.accounts.session_tokens import SessionTokens
from services.tenant_registry.accounts.sessions import SessionServicer
from services.tenant_registry.accounts.totp import Totp
from services.tenant_registry.bootstrap import bootstrap
from services.tenant_registry.roles.access_grants import AccessGrantServicer
from services.tenant_registry.roles.assignments import AssignmentServicer
from services.tenant_registry.roles.roles import RoleServicer
from services.tenant_registry.servicer import AccessServicer, TenantRegistryServicer
from services.tenant_registry.tenants.api_keys import ApiKeyServicer
from services.tenant_registry.tenants.denials import DenialServicer


def build(runtime: Runtime) -> Sequence[Servicer]:
    db, settings, head_office = runtime.db, runtime.settings, runtime.settings.head_office
    tokens = SessionTokens(settings.secret_file("session.key", signing_key))
    totp_keys = settings.secret_file("totp.key", ring)
    totp, mailer = Totp(totp_keys), Mailer(load(MailSettings))
    passwords, attempts, factors = Passwords(), Attempts(db), SecondFactors(totp)
    acceptance = InviteAcceptance(db, passwords, attempts, factors, Registrations(totp_keys))
    registry = TenantRegistryServicer(db, head_office=head_office, base_domain=settings.base_domain)
    access = AccessServicer(db, passwords, tokens, attempts, factors, head_office=head_office)
    oidc = OidcServicer(
        db, providers(settings.secrets), States(totp_keys), attempts, passwords, tokens
    )
    return [
        (add_TenantRegistryServiceServicer_to_server, registry),
        (add_ApiKeyServiceServicer_to_server, ApiKeyServicer(db, head_office=head_office)),
        (add_DenialServiceServicer_to_server, DenialServicer(db, runtime.denials)),
        (add_AccessServiceServicer_to_server, access),
        (add_RoleServiceServicer_to_server, RoleServicer(db, head_office=head_office)),
        (add_AssignmentServiceServicer_to_server, AssignmentServicer(db, head_office=head_office)),
        (add_AccessGrantServiceServicer_to_server, AccessGrantServicer(db)),
        (add_AdminServiceServicer_to_server, AdminServicer(db, head_office=head_office)),
        (
            add_AccountServiceServicer_to_server,
            AccountServicer(db, passwords, attempts, totp, mailer),
        ),
        (add_SessionServiceServicer_to_server, SessionServicer(db, tokens)),
        (add_InviteServiceServicer_to_server, InviteServicer(db, acceptance, mailer)),
        (add_OidcServiceServicer_to_server, oidc),
    ]


if __name__ == "__main__":
    main(
        Service("tenant-registry", build, {"bootstrap": bootstrap}, chores=(unknown_accounts.run,))
    )
