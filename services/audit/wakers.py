"""What wakes the chores of this process, so that they need not poll often."""

import asyncio
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wakers:
    """Only hints: each chore also polls, for what other instances of the service have left."""

    recorded: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when events are recorded, for the sequencer."""
    signed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a checkpoint is signed, for the witness's client."""
