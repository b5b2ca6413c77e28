"""The permissions that exist, by reach, and the patterns that cover them."""

PLATFORM, TENANT = "PLATFORM", "TENANT"
# Every permission that a method requires, by where its caller is; a test compares them with the
# methods. Those of services are never given to an admin, whatever a pattern says.
OF_SERVICES = frozenset(
    {
        "access:resolve",
        "accessgrant:record",
        "account:own",
        "cart:read",
        "cart:write",
        "customer:login",
        "customer:own",
        "customer:register",
        "denial:record",
        "event:record",
        "host:resolve",
        "key:resolve",
        "payment:notify",
        "session:create",
        "storefront:watch",
    }
)
PERMISSIONS = {
    PLATFORM: frozenset(
        {
            "access:explain",
            "admin:read",
            "admin:write",
            "assignment:read",
            "assignment:write",
            "role:read",
            "tenant:create",
            "tenant:list",
        }
    ),
    TENANT: frozenset(
        {
            "access:explain",
            "accessgrant:read",
            "accessgrant:write",
            "admin:read",
            "assignment:read",
            "assignment:write",
            "category:read",
            "category:write",
            "collection:read",
            "collection:write",
            "customer:read",
            "customer:write",
            "domain:read",
            "domain:write",
            "event:erase",
            "event:read",
            "file:read",
            "file:write",
            "key:read",
            "key:write",
            "listing:read",
            "listing:write",
            "order:read",
            "payment:read",
            "pricelist:read",
            "pricelist:write",
            "product:read",
            "product:write",
            "promotion:read",
            "promotion:write",
            "region:read",
            "region:write",
            "role:read",
            "role:write",
            "shipping:read",
            "shipping:write",
            "stock:read",
            "stock:write",
            "storefront:read",
            "tax:read",
            "tax:write",
            "tenant:manage",
            "tenant:read",
            "tenant:write",
        }
    ),
}
# What a role given everywhere allows at a tenant that is not open to its holder: running the
# platform, but not looking into the tenant's shop.
OPERATING = frozenset(
    {
        "access:explain",
        "accessgrant:read",
        "accessgrant:write",
        "admin:read",
        "admin:write",
        "assignment:read",
        "assignment:write",
        "role:read",
        "tenant:manage",
        "tenant:read",
    }
)


def expanded(pattern: str, reach: str) -> frozenset[str]:
    """Returns the permissions that a pattern covers; none for an unknown noun."""
    return frozenset(p for p in PERMISSIONS[reach] if covers(pattern, p))


def covers(pattern: str, other: str) -> bool:
    """Returns whether a pattern covers another pattern or a permission."""
    noun, _, verb = pattern.partition(":")
    other_noun, _, other_verb = other.partition(":")
    return noun in ("*", other_noun) and verb in ("*", other_verb)
