"""The audit trees, built again from the events and compared with what was signed."""

import base64
from collections import defaultdict
from dataclasses import dataclass, field

from deploy.local.platform import LocalPlatform
from services.kernel.evidence import merkle
from tests.platform import connect


@dataclass
class TreeCheck:
    """What was compared, and what was found to be wrong."""

    checkpoints: int = 0
    flaws: list[str] = field(default_factory=list)


async def check_trees(platform: LocalPlatform) -> TreeCheck:
    """Reads the events in their places: no gap, and each checkpoint the root of what it covers."""
    connection = await connect(platform, "audit", "superuser")
    try:
        events = await connection.fetch(
            "SELECT tenant_id, idx, envelope FROM event LEFT JOIN entry"
            " USING (tenant_id, event_id) ORDER BY tenant_id, idx"
        )
        notes = await connection.fetch("SELECT tenant_id, size, note FROM checkpoint")
    finally:
        await connection.close()
    check, roots = TreeCheck(len(notes)), dict[tuple[str, int], bytes]()
    signed_sizes = {(note["tenant_id"], note["size"]) for note in notes}
    frontiers = defaultdict[str, merkle.Frontier](merkle.Frontier)
    for tenant, index, envelope in events:
        tree = frontiers[tenant]
        if index != tree.size:
            check.flaws.append(f"{tenant}: an event is at {index} and not at {tree.size}")
            continue
        list(tree.append(merkle.leaf_hash(envelope)))
        if (tenant, tree.size) in signed_sizes:
            roots[tenant, tree.size] = tree.root
    for tenant, size, note in notes:
        signed = note.split("\n")[1:3]
        root = roots.get((tenant, size), b"")
        if signed != [str(size), base64.b64encode(root).decode()]:
            check.flaws.append(f"{tenant}: the checkpoint of {size} is of another tree")
    return check
