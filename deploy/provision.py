"""Creates the platform's databases and roles: `python -m deploy.provision`.

It needs SOUK_SECRETS and SOUK_POSTGRES_ADMIN, or SOUK_POSTGRES_ADMIN_FILE that names a file with
it: the URL of a superuser, or of a role with CREATEROLE and CREATEDB (see
`_revoke_set_config`). Running it again changes only what differs, passwords included.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import asyncpg

from deploy.manifest import DATABASES, ROLES

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

OLDEST_SERVER = 15
_MAINTENANCE = ("postgres", "template1")
_LOCK = 0x50554B  # an arbitrary number shared by all runs

# The server cancels statements that no caller waits for any more, so that they hold no locks.
# A migration may run long, but waits for a lock only as long as requests can queue behind it.
TIMEOUTS = {
    "owner": ("5min", "5s", "1min"),
    "app": ("5s", "2s", "10s"),
    "platform": ("5s", "2s", "10s"),
}
_TIMEOUT_NAMES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")

# A real SET LOCAL: unlike set_config(), Citus forwards it to its workers. The tenant is bound once
# in a transaction and never changes, so one statement cannot read for two tenants.
ENTER = """
CREATE OR REPLACE FUNCTION tenancy.enter(p text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE cur text := NULLIF(current_setting('app.tenant_id', true), '');
BEGIN
  IF NULLIF(p, '') IS NULL THEN
    RAISE EXCEPTION 'tenant required' USING ERRCODE = '42501';
  END IF;
  IF cur IS NOT NULL AND cur IS DISTINCT FROM p THEN
    RAISE EXCEPTION 'tenant already bound in this transaction' USING ERRCODE = '42501';
  END IF;
  EXECUTE format('SET LOCAL app.tenant_id = %L', p);
END $$
"""


class CannotProvision(Exception):
    """The server or the admin's rights are insufficient; the text is one line for the operator."""


async def provision(admin_url: str, folder: Path) -> list[str]:
    """Brings every database and role to the desired state; returns one-line warnings.

    Raises:
        CannotProvision: the server is too old, or the admin lacks a required right.
    """
    async with _connection(admin_url) as admin:
        await _check_admin(admin)
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)  # released with the connection
        for database in DATABASES:
            for role in ROLES:
                await _ensure_role(
                    admin, f"{database}_{role}", _password(folder, f"{database}_{role}")
                )
            await _ensure_database(admin, database)
        warnings = await asyncio.gather(*(_set_up_schemas(admin_url, name) for name in DATABASES))
        return [
            *(line for lines in warnings for line in lines),
            *await _close_maintenance_databases(admin),
        ]


@asynccontextmanager
async def _connection(url: str, database: str | None = None) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(url, database=database, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def _check_admin(admin: Connection) -> None:
    version = admin.get_server_version()
    if version.major < OLDEST_SERVER:
        raise CannotProvision(
            f"PostgreSQL {OLDEST_SERVER} or newer is required; this server runs {version.major}"
        )
    rights = await admin.fetchrow("SELECT * FROM pg_roles WHERE rolname = current_user")
    if rights is None or not (
        rights["rolsuper"] or (rights["rolcreaterole"] and rights["rolcreatedb"])
    ):
        raise CannotProvision("the admin must be a superuser or have CREATEROLE and CREATEDB")


def _password(folder: Path, role: str) -> str:
    """Reads a role's password; while it is being replaced, the next one."""
    upcoming = folder / f"{role}.password.next"
    try:
        file = upcoming if upcoming.exists() else folder / f"{role}.password"
        return file.read_text().strip()
    except OSError as error:
        raise CannotProvision(f"cannot read the secret of {role}: {error}") from None


async def _ensure_role(admin: Connection, role: str, password: str) -> None:
    """Creates the role, or revokes everything it was given besides login."""
    exists = await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
    rights = "LOGIN NOINHERIT NOCREATEDB NOCREATEROLE"
    if await _is_superuser(admin):
        rights += " NOSUPERUSER NOBYPASSRLS NOREPLICATION"
    verb = "ALTER" if exists else "CREATE"
    await admin.execute(f"{verb} ROLE {role} {rights} PASSWORD '{_verifier(password)}'")
    groups = await admin.fetch(
        "SELECT pg_get_userbyid(roleid) AS name FROM pg_auth_members WHERE member = $1::regrole",
        role,
    )
    for group in groups:
        await admin.execute(f'REVOKE "{group["name"]}" FROM {role}')


async def _is_superuser(admin: Connection) -> bool:
    return bool(await admin.fetchval("SELECT current_setting('is_superuser')::bool"))


def _verifier(password: str) -> str:
    """Computes the verifier (RFC 5803) locally, so that server logs never show the password."""
    salt, rounds = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client_key, server_key = (
        hmac.digest(salted, label, "sha256") for label in (b"Client Key", b"Server Key")
    )
    stored_key = hashlib.sha256(client_key).digest()
    salt_text, stored, server = (
        base64.b64encode(part).decode() for part in (salt, stored_key, server_key)
    )
    return f"SCRAM-SHA-256${rounds}:{salt_text}${stored}:{server}"


async def _ensure_database(admin: Connection, name: str) -> None:
    owner = f"{name}_owner"
    if not await _is_superuser(admin):
        await admin.execute(f"GRANT {owner} TO CURRENT_USER")  # only a member may make it the owner
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        locale = "LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        if admin.get_server_version().major >= 17:
            locale = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
        await admin.execute(
            f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' {locale}"
        )
    await admin.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    for role in ROLES:
        await admin.execute(f"GRANT CONNECT ON DATABASE {name} TO {name}_{role}")
        for setting, value in zip(_TIMEOUT_NAMES, TIMEOUTS[role], strict=True):
            await admin.execute(
                f"ALTER ROLE {name}_{role} IN DATABASE {name} SET {setting} = '{value}'"
            )


async def _set_up_schemas(admin_url: str, name: str) -> list[str]:
    owner = f"{name}_owner"
    everyone = ", ".join(f"{name}_{role}" for role in ROLES)
    async with _connection(admin_url, name) as admin, admin.transaction():
        await admin.execute(
            f"""
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT USAGE ON SCHEMA public TO {everyone};
            GRANT CREATE ON SCHEMA public TO {owner};
            CREATE SCHEMA IF NOT EXISTS tenancy AUTHORIZATION {owner};
            GRANT USAGE ON SCHEMA tenancy TO {everyone};
            SET LOCAL ROLE {owner};
            {ENTER};
            REVOKE ALL ON FUNCTION tenancy.enter(text) FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION tenancy.enter(text) TO {everyone};
            RESET ROLE;
            """
        )
        return [
            *await _revoke_set_config(admin, name),
            *await _disable_statement_logging(admin, name),
        ]


async def _revoke_set_config(admin: Connection, name: str) -> list[str]:
    """Revokes set_config from PUBLIC: with it, one injected expression could change the tenant.

    Only a superuser can do this; others get a warning with the statement to run.
    """
    function = "pg_catalog.set_config(text, text, boolean)"
    revoke = f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC"
    if await _is_superuser(admin):
        await admin.execute(revoke)
    if await admin.fetchval(
        "SELECT has_function_privilege($1, $2, 'EXECUTE')", f"{name}_app", function
    ):
        return [f"a superuser must run this in the database {name}: {revoke};"]
    return []


async def _disable_statement_logging(admin: Connection, name: str) -> list[str]:
    """Keeps failing statements out of the server's log: a COMMIT contains event payloads.

    Only a superuser can do this, as above.
    """
    lines = []
    for role in (f"{name}_app", f"{name}_platform"):
        setting = "log_min_error_statement"
        change = f"ALTER ROLE {role} SET {setting} = 'panic'"
        if await _is_superuser(admin):
            await admin.execute(change)
        if not await admin.fetchval(
            "SELECT $2 = ANY (rolconfig) FROM pg_roles WHERE rolname = $1", role, f"{setting}=panic"
        ):
            lines.append(f"a superuser must run this: {change};")
    return lines


async def _close_maintenance_databases(admin: Connection) -> list[str]:
    """Keeps the roles out of databases that PUBLIC may enter, and where it may call set_config.

    Others on the same server may need them, so that is left to the operator where there are others.
    """
    roles = [f"{database}_{role}" for database in DATABASES for role in ROLES]
    has_others = await admin.fetchval(
        "SELECT EXISTS (SELECT FROM pg_roles WHERE rolcanlogin AND NOT rolsuper"
        " AND rolname <> ALL ($1))",
        roles,
    )
    lines = []
    for database in _MAINTENANCE:
        revoke = f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC"
        if await _is_superuser(admin) and not has_others:
            await admin.execute(revoke)
        if await admin.fetchval(
            "SELECT bool_or(has_database_privilege(role, $1, 'CONNECT'))"
            " FROM unnest($2::text[]) AS role",
            database,
            roles,
        ):
            lines.append(
                f"a superuser should run this, once whoever else needs it is granted it: {revoke};"
            )
    return lines


def admin_url() -> str:
    """Reads the admin's URL from SOUK_POSTGRES_ADMIN or the file in SOUK_POSTGRES_ADMIN_FILE."""
    if url := os.environ.get("SOUK_POSTGRES_ADMIN"):
        return url
    if file := os.environ.get("SOUK_POSTGRES_ADMIN_FILE"):
        return Path(file).read_text().strip()
    raise CannotProvision("set SOUK_POSTGRES_ADMIN or SOUK_POSTGRES_ADMIN_FILE")


def main() -> None:
    try:
        if not (folder := os.environ.get("SOUK_SECRETS")):
            raise CannotProvision("set SOUK_SECRETS to the folder that holds the secret files")
        warnings = asyncio.run(provision(admin_url(), Path(folder)))
    except (CannotProvision, OSError, asyncpg.PostgresError) as error:
        raise SystemExit(f"souk: provision: {error}") from None
    sys.stderr.writelines(f"souk: provision: warning: {line}\n" for line in warnings)
    sys.stdout.write(f"souk: provisioned {', '.join(DATABASES)}\n")


if __name__ == "__main__":
    main()
