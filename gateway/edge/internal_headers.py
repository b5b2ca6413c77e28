"""Headers that no client may send past the guard, in any spelling that others may accept."""

import functools
import re

TENANT_HEADER = b"x-tenant-id"  # the guard reads it and passes it on

_LETTERS = re.compile(rb"[^a-z0-9]")
# Headers that only the platform may set, in any spelling that a proxy or parser may accept, and
# proxies' headers, which are read here and not passed on.
_INTERNAL = frozenset(
    {
        b"soukscope",
        b"xtenantid",
        b"xrequestid",
        b"xactor",
        b"xpermissions",
        b"forwarded",
        b"xforwardedfor",
        b"xforwardedhost",
        b"xforwardedproto",
        b"xforwardedprefix",
        b"xrealip",
        b"xoriginalurl",
        b"xrewriteurl",
        b"xhttpmethodoverride",
    }
)


@functools.lru_cache(maxsize=1024)
def is_internal(name: bytes) -> bool:
    return _LETTERS.sub(b"", name) in _INTERNAL and name != TENANT_HEADER
