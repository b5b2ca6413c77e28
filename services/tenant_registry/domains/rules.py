"""Which hosts a tenant may have, and which is its primary one."""

LIMIT = 100


def slug_of(host: str, *, base: str) -> str | None:
    """Tells which tenant's a host is as a subdomain of the platform's base domain, if any."""
    label = host.removesuffix(f".{base}")
    return label if label != host and "." not in label else None


def is_reserved(host: str, *, tenant: str, base: str) -> bool:
    """Tells whether a tenant may not add a host: the platform's own, or below it another's.

    Below the base domain a tenant may have its own subdomain, and what is below that. All else
    there is kept: a label that is nobody's today may be the id of a tenant tomorrow, and telling
    the two apart would tell which tenants there are.
    """
    own = f"{tenant}.{base}"
    if host == own or host.endswith(f".{own}"):
        return False
    return host == base or host.endswith(f".{base}")
