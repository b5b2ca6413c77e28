"""Who works across tenants: every place is found in the source, and must be on this list."""

import ast
import re

from tests.isolation import discovery

# A place is a file and the function in it. A new one needs a reason that a reviewer accepts.
DOORS = {
    "platform": {
        # The head office's catalogue reaches every tenant's listings.
        ("services/catalog_opt_in/head_office.py", "writing"),
        # The head office sees which tenants sell its products.
        ("services/catalog_opt_in/head_office.py", "reading_all"),
        # A gateway asks for the versions of all catalogues that it has in memory.
        ("services/catalog_opt_in/storefront/servicer.py", "ListCatalogueVersions"),
        # And of all set-ups.
        ("services/commerce/markets/storefront/servicer.py", "ListSetupVersions"),
        # Counts of refusals about accounts that nobody has become events of the tenants'.
        ("services/commerce/customers/unknown_logins.py", "seal"),
        # Whose a host is, who logs in and what they may do is asked before a tenant is known.
        ("services/tenant_registry/tenants/domains.py", "ResolveHost"),
        ("services/tenant_registry/tenants/domains.py", "ResolveTenant"),
        # A key's maker is an admin, whose rights stand beside no tenant; whose a key is, is asked
        # before a tenant is known.
        ("services/tenant_registry/tenants/api_keys.py", "_create_secret"),
        ("services/tenant_registry/tenants/api_keys.py", "ResolveApiKey"),
        ("services/tenant_registry/tenants/api_keys.py", "ResolvePublishableKey"),
        # Admins are the platform's, and so are their sessions.
        ("services/tenant_registry/accounts/login.py", "_hash_of"),
        ("services/tenant_registry/accounts/login.py", "_begin"),
        ("services/tenant_registry/accounts/login.py", "_record_failure"),
        ("services/tenant_registry/accounts/sessions.py", "RefreshSession"),
        ("services/tenant_registry/accounts/sessions.py", "RenewSession"),
        ("services/tenant_registry/accounts/sessions.py", "ListSessions"),
        ("services/tenant_registry/accounts/sessions.py", "DeleteSession"),
        # What an admin may hand on depends on what they and others hold everywhere.
        ("services/tenant_registry/roles/assignments.py", "GetAssignment"),
        ("services/tenant_registry/roles/assignments.py", "ListAssignments"),
        ("services/tenant_registry/roles/assignments.py", "CreateAssignment"),
        ("services/tenant_registry/roles/assignments.py", "DeleteAssignment"),
        ("services/tenant_registry/accounts/own_account.py", "ChangePassword"),
        ("services/tenant_registry/accounts/own_account.py", "SetPassword"),
        ("services/tenant_registry/accounts/own_account.py", "CreateTotp"),
        ("services/tenant_registry/accounts/own_account.py", "ConfirmTotp"),
        ("services/tenant_registry/accounts/own_account.py", "DeleteTotp"),
        ("services/tenant_registry/accounts/own_account.py", "_own_admin"),
        ("services/tenant_registry/accounts/own_account.py", "_send_reset"),
        # An invite is found by its token before a place is known; what it gives is given by grants.
        ("services/tenant_registry/accounts/invites.py", "CreateInvite"),
        ("services/tenant_registry/accounts/invites.py", "GetInvite"),
        ("services/tenant_registry/accounts/invites.py", "ListInvites"),
        ("services/tenant_registry/accounts/invites.py", "DeleteInvite"),
        ("services/tenant_registry/accounts/invites.py", "ResendInvite"),
        ("services/tenant_registry/accounts/invite_acceptance.py", "accept"),
        ("services/tenant_registry/accounts/invite_acceptance.py", "accept_own"),
        ("services/tenant_registry/accounts/invite_acceptance.py", "_read"),
        ("services/tenant_registry/accounts/invite_acceptance.py", "_refuse"),
        ("services/tenant_registry/accounts/invite_acceptance.py", "_refuse_void"),
        ("services/tenant_registry/accounts/oidc.py", "_open"),
        # Counts of refusals about accounts that nobody has become events of the head office's.
        ("services/tenant_registry/accounts/unknown_accounts.py", "seal"),
        # Admins are the platform's; a tenant is shown those who hold a role there.
        ("services/tenant_registry/accounts/admins.py", "GetOwnAdmin"),
        ("services/tenant_registry/accounts/admins.py", "GetAdmin"),
        ("services/tenant_registry/accounts/admins.py", "ListAdmins"),
        ("services/tenant_registry/accounts/admins.py", "ListTenantAdmins"),
        ("services/tenant_registry/accounts/admins.py", "CreateAdmin"),
        ("services/tenant_registry/accounts/admins.py", "UpdateAdmin"),
        ("services/tenant_registry/accounts/admins.py", "DeleteAdmin"),
        ("services/tenant_registry/accounts/admins.py", "ActivateAdmin"),
        ("services/tenant_registry/roles/assignments.py", "ListOwnAssignments"),
        # Roles stand beside those that Souk ships, and their makers are the platform's admins.
        ("services/tenant_registry/roles/roles.py", "GetRole"),
        ("services/tenant_registry/roles/roles.py", "ListRoles"),
        ("services/tenant_registry/roles/roles.py", "CreateRole"),
        ("services/tenant_registry/roles/roles.py", "UpdateRole"),
        ("services/tenant_registry/roles/roles.py", "DeleteRole"),
        ("services/tenant_registry/roles/access_grants.py", "CreateAccessGrant"),
        ("services/tenant_registry/roles/access_grants.py", "DeleteAccessGrant"),
        # The gateway tells of a use in its own name, before it stands at the tenant.
        ("services/tenant_registry/roles/access_grants.py", "_record_use"),
        ("services/tenant_registry/roles/access.py", "ExplainAccess"),
        # The platform's own operators make and list tenants.
        ("services/tenant_registry/tenants/tenants.py", "CreateTenant"),
        ("services/tenant_registry/tenants/tenants.py", "ListTenants"),
        # The head office's sales channels are the tenants at which its caller holds tenant:read.
        ("services/tenant_registry/tenants/visible_tenants.py", "ListVisibleTenants"),
        ("services/tenant_registry/bootstrap.py", "bootstrap"),
        # A refusal at the platform, or at a name that may be no tenant's, goes to the right log.
        ("services/kernel/evidence/denials.py", "_record_event"),
        ("services/tenant_registry/tenants/denials.py", "RecordDenial"),
    },
    "call_platform": {
        # Lists of all tenants begin and end by one clock; each is turned in its tenant's scope.
        ("services/catalog_opt_in/price_lists/turns.py", "turn_due"),
        # What an admin may do is asked before a tenant is known.
        ("services/tenant_registry/roles/decision_facts.py", "decision_facts"),
        ("services/kernel/evidence/relay.py", "_undelivered"),  # carries all tenants' leaves away
        ("services/kernel/evidence/relay.py", "_send_and_delete"),
        ("services/kernel/serving/server.py", "_open"),  # which migration there is: nobody's row
        # Notices of all tenants leave by one process; what they say is read in each one's scope.
        ("services/commerce/notices/outbox.py", "take_due"),
        ("services/commerce/notices/outbox.py", "retry_later"),
        ("services/commerce/notices/outbox.py", "remove"),
    },
    "housekeeping": {
        ("services/audit/servicer.py", "RecordEvents"),  # takes in events of any tenants
        ("services/audit/sequencer.py", "_sequence_batch"),  # in all tenants' trees
        ("services/audit/sequencer.py", "_read_heads"),
        ("services/audit/sequencer.py", "_report"),
        ("services/audit/cosigning.py", "submit_newest"),  # the platform's tree is no tenant's
        ("services/audit/cosigning.py", "_store_cosignature"),
        # Hashes of the platform's tree prove a tenant's head, and name no other tenant.
        ("services/audit/proofs/servicer.py", "_with_platform"),
        ("services/kernel/evidence/relay.py", "_report"),
        # Counts attempts, of e-mails that nobody has too: no act, and nobody's.
        ("services/tenant_registry/accounts/attempts.py", "count"),
        ("services/tenant_registry/accounts/unknown_accounts.py", "count_refusal"),
        ("services/kernel/data/requests.py", "_remove_batch"),  # removes expired answers
        ("services/tenant_registry/tenants/api_keys.py", "_note_use"),  # when a key was last used
        # Removes carts that nobody has changed for long, in any shop.
        ("services/commerce/carts/expiry.py", "remove_expired"),
        # And customers' sessions that are over.
        ("services/commerce/customers/sessions.py", "remove_ended"),
        # Takes up what was begun in any shop and left; each is then ended in its tenant's scope.
        ("services/commerce/orders/sweeper.py", "_due"),
        # Rebuilds what is stored of all tenants in an older format, and changes nothing else.
        ("services/catalog_opt_in/rerender.py", "_fold_taxonomy"),
        ("services/catalog_opt_in/rerender.py", "_page"),
        ("services/catalog_opt_in/rerender.py", "_rebuild"),
    },
}


def _uses(tree: ast.Module, method: str) -> set[str]:
    """Names the functions in which `….method()` is called, without arguments if it is a door."""
    found = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == method
                    and (not node.args or method == "call_platform")
                ):
                    found.add(function.name)
    return found


def _places(method: str) -> set[tuple[str, str]]:
    return {(path, name) for path, tree in discovery.trees() for name in _uses(tree, method)}


def test_the_platforms_door_is_opened_where_it_is_known_to_be():
    assert _places("platform") == DOORS["platform"]


def test_all_tenants_rows_are_read_at_once_where_it_is_known_to_be():
    assert _places("call_platform") == DOORS["call_platform"]


def test_housekeeping_is_done_where_it_is_known_to_be():
    assert _places("housekeeping") == DOORS["housekeeping"]


def test_nobody_else_opens_a_database():
    """Sessions and connections made elsewhere would be bound to no tenant."""
    makers = {"create_async_engine", "create_engine", "AsyncSession", "connect", "create_pool"}
    found = {
        (path, ast.unparse(node.func))
        for path, tree in discovery.trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in makers
    }

    assert {path for path, _ in found} == {
        "services/kernel/data/connections.py",
        "services/kernel/data/database.py",
        "services/kernel/serving/migrations.py",
    }


def test_nobody_changes_a_setting_of_a_session():
    """Only tenancy.enter binds; a migration sets its own patience."""
    found = {
        path
        for path, tree in discovery.trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.upper()
        .lstrip()
        .startswith(("SET LOCAL", "SET ROLE", "SET APP", "SET SESSION"))
    }

    assert {path for path in found if "/migrations/" not in path} <= {
        "services/kernel/serving/migrations.py"
    }


_BINDS = re.compile(r"(SELECT|PERFORM) tenancy\.enter|^\s*(SAVEPOINT|ROLLBACK TO)", re.IGNORECASE)


def test_only_the_kernels_driver_and_reading_functions_bind_a_tenant():
    """And nobody sends a savepoint of their own, with which a binding could be taken back."""
    found = {
        path
        for path, tree in discovery.trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _BINDS.search(node.value)
    }

    assert {path for path in found if "/migrations/" not in path} == {
        "services/kernel/data/connections.py"
    }


# Ways to write past what a session notices: an act without an event would commit.
_PAST_THE_SESSION = frozenset(
    {
        *("bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings", "begin_nested"),
        *("connection", "run_sync", "exec_driver_sql", "get_raw_connection", "driver_connection"),
    }
)


def test_no_service_writes_past_its_session():
    found = [
        f"{path}: {node.attr}"
        for path, tree in discovery.trees()
        if not path.startswith("services/kernel/") and "/migrations/" not in path
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in _PAST_THE_SESSION
    ]

    assert found == []
