"""Which hosts a tenant may have."""

LIMIT = 100


def slug_of(host: str, *, base: str) -> str | None:
    """Returns the tenant that a host names as a subdomain of the base domain, if any."""
    label = host.removesuffix(f".{base}")
    return label if label != host and "." not in label else None


def is_reserved(host: str, *, tenant: str, base: str) -> bool:
    """Returns whether a host is reserved: the base domain, or another's below it.

    Below the base domain a tenant may have its own subdomain and what is below that. Everything
    else there is reserved: a free label may become a tenant's id later, and treating the two
    differently would reveal which tenants exist.
    """
    own = f"{tenant}.{base}"
    if host == own or host.endswith(f".{own}"):
        return False
    return host == base or host.endswith(f".{base}")
