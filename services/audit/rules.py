"""What an event must look like to be taken in."""

from collections.abc import Mapping, Sequence

MOST_EVENTS = 500
# In bytes: they stand in indexes, whose entries PostgreSQL limits to a third of a page.
LONGEST = {"service": 63, "method": 200, "resource": 1000, "actor": 400, "request_id": 200}
MOST_CHANGES = 1000
LONGEST_CHANGES = 1_000_000
# In bytes of changes; a message has 4 MB at most, and each other field its own limit.
PAGE_BYTES = 2_000_000


def faults(
    texts: Mapping[str, str],
    *,
    teller: str,
    is_dated: bool,
    has_outcome: bool,
    changes: Sequence[str],
) -> list[str]:
    """Tells everything that is wrong with an event.

    `texts` holds the fields named in LONGEST, `changes` each change's text. `teller` is the actor
    who tells it, services/catalog-opt-in for example: a service tells of its own acts alone.
    """
    found = [
        f"{field} has more than {most} bytes"
        for field, most in LONGEST.items()
        if len(texts[field].encode()) > most
    ]
    found += [f"{field} is missing" for field in ("service", "method", "actor") if not texts[field]]
    if texts["service"] and teller != f"services/{texts['service']}":
        found.append(f"service is not {teller}, which tells it")
    if not is_dated:
        found.append("occur_time is missing or no time")
    if not has_outcome:
        found.append("outcome is missing")
    if len(changes) > MOST_CHANGES:
        found.append(f"more than {MOST_CHANGES} changes")
    if sum(len(text.encode()) for text in changes) > LONGEST_CHANGES:
        found.append(f"changes have more than {LONGEST_CHANGES} bytes")
    return found


def fitting(changes: Sequence[str]) -> int:
    """Counts how many events fit into one answer, by the text of their changes; 1 at least."""
    room = PAGE_BYTES
    for count, text in enumerate(changes):
        room -= len(text.encode())
        if room < 0:
            return max(count, 1)
    return len(changes)
