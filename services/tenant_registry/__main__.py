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

from services.kernel.process.secret_files import ring
from services.kernel.process.settings import load
from services.kernel.process.signing_keys import signing_key
from services.kernel.serving.server import Runtime, Service, Servicer, main
from services.tenant_registry.access.passwords import Passwords
from services.tenant_registry.access.servicer import Access
from services.tenant_registry.access.sessions import Sessions
from services.tenant_registry.access_grants.servicer import AccessGrants
from services.tenant_registry.accounts.servicer import Accounts
from services.tenant_registry.accounts.totp import Totp
from services.tenant_registry.admins.servicer import Admins
from services.tenant_registry.assignments.servicer import Assignments
from services.tenant_registry.bootstrap import bootstrap
from services.tenant_registry.denials.servicer import DenialServicer
from services.tenant_registry.invites.accepting import Accepting
from services.tenant_registry.invites.servicer import Invites
from services.tenant_registry.keys.servicer import ApiKeys
from services.tenant_registry.mail.postman import Postman
from services.tenant_registry.mail.settings import MailSettings
from services.tenant_registry.oidc.servicer import Oidc
from services.tenant_registry.oidc.settings import providers
from services.tenant_registry.oidc.state import States
from services.tenant_registry.roles.servicer import Roles
from services.tenant_registry.servicer import TenantRegistry
from services.tenant_registry.sessions.attempts import Attempts
from services.tenant_registry.sessions.login import SecondFactors
from services.tenant_registry.sessions.servicer import SessionMethods


def build(runtime: Runtime) -> Sequence[Servicer]:
    settings = runtime.settings
    registry = TenantRegistry(
        runtime.db, head_office=settings.head_office, base_domain=settings.base_domain
    )
    sessions = Sessions(settings.secret_file("session.key", signing_key))
    passwords, attempts = Passwords(), Attempts(runtime.db)
    private = settings.secret_file("totp.key", ring)
    totp, postman = Totp(private), Postman(load(MailSettings))
    factors = SecondFactors(totp)
    office = settings.head_office
    access = Access(runtime.db, passwords, sessions, attempts, factors, head_office=office)
    accounts = Accounts(runtime.db, passwords, attempts, totp, postman)
    invites = Invites(runtime.db, Accepting(runtime.db, passwords, attempts, factors), postman)
    oidc = Oidc(
        runtime.db,
        providers(settings.secrets),
        States(private),
        attempts,
        passwords,
        sessions,
    )
    keys = ApiKeys(runtime.db, head_office=office)
    assignments = Assignments(runtime.db, head_office=office)
    return [
        (add_TenantRegistryServiceServicer_to_server, registry),
        (add_AccessServiceServicer_to_server, access),
        (add_AccountServiceServicer_to_server, accounts),
        (add_ApiKeyServiceServicer_to_server, keys),
        (add_AssignmentServiceServicer_to_server, assignments),
        (add_DenialServiceServicer_to_server, DenialServicer(runtime.db, runtime.denials)),
        (add_InviteServiceServicer_to_server, invites),
        (add_OidcServiceServicer_to_server, oidc),
        (add_AdminServiceServicer_to_server, Admins(runtime.db, head_office=office)),
        (add_RoleServiceServicer_to_server, Roles(runtime.db, head_office=office)),
        (add_AccessGrantServiceServicer_to_server, AccessGrants(runtime.db)),
        (add_SessionServiceServicer_to_server, SessionMethods(runtime.db, sessions)),
    ]


if __name__ == "__main__":
    main(Service("tenant-registry", build, {"bootstrap": bootstrap}))
