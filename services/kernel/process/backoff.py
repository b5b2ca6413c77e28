"""How long to wait between attempts at something that fails."""

import random


class Backoff:
    """Waits that double from `first` to `longest` seconds, until an attempt succeeds.

    Half of each is random, so that processes that failed together do not retry in step.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """Returns the seconds to wait after one more failure."""
        seconds, self._next = self._next, min(self._next * 2, self._longest)
        return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - it keeps processes apart

    def reset(self) -> None:
        """Starts again from the first wait, after a success."""
        self._next = self._first
