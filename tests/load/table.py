"""The table that a run prints: each line with its ratio to a floor of the same run."""

from tests.load.generator import Result


def head(title: str) -> None:
    print(f"\n{title}")
    print(f"{'':<40}{'conn':>5}{'per s':>10}{'p50 ms':>9}{'p99 ms':>9}{'ratio':>9}", flush=True)


def line(name: str, connections: int, result: Result, floor: float) -> None:
    """A line of requests; `floor` is how many a second it is held against."""
    failed = {code: n for code, n in result.statuses.items() if code >= 400}
    _print(
        name,
        connections,
        f"{result.per_second:>10.0f}{result.percentile(50):>9.2f}{result.percentile(99):>9.2f}"
        f"{result.per_second / floor:>9.3f}{f'  failed: {failed}' if failed else ''}",
    )


def rate(name: str, per_second: float, floor: float, *, at_once: int = 1) -> None:
    """A line of something that is done again and again; its mean time stands for the median."""
    mean = 1000 * at_once / per_second
    _print(name, at_once, f"{per_second:>10.0f}{mean:>9.3f}{'':>9}{per_second / floor:>9.3f}")


def _print(name: str, connections: int, cells: str) -> None:
    print(f"{name:<40}{connections:>5}{cells}", flush=True)
