"""What an event must look like to be taken in."""

from collections.abc import Mapping

MOST_EVENTS = 500
# In bytes: they stand in indexes, whose entries PostgreSQL limits to a third of a page.
LONGEST = {"service": 63, "method": 200, "resource": 1000, "actor": 400, "request_id": 200}
MOST_CHANGES = 1000


def faults(
    texts: Mapping[str, str], *, is_dated: bool, has_outcome: bool, changes: int
) -> list[str]:
    """Tells everything that is wrong with an event; `texts` holds the fields named in LONGEST."""
    found = [
        f"{field} has more than {most} bytes"
        for field, most in LONGEST.items()
        if len(texts[field].encode()) > most
    ]
    found += [f"{field} is missing" for field in ("service", "method", "actor") if not texts[field]]
    if not is_dated:
        found.append("occur_time is missing or no time")
    if not has_outcome:
        found.append("outcome is missing")
    if changes > MOST_CHANGES:
        found.append(f"more than {MOST_CHANGES} changes")
    return found
