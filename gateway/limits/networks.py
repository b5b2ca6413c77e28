"""Which client addresses count as one client."""

import ipaddress


def group(address: str) -> str:
    """Returns the group of addresses that counts as one client: in IPv6, the /64 network."""
    if ":" not in address:
        return address
    return str(ipaddress.IPv6Network((address, 64), strict=False).network_address) + "/64"
