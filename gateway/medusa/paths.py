"""Paths to a place in a body, in one form everywhere: `variants[0].prices[1].amount`."""

import re

Step = str | int
Path = tuple[Step, ...]
"""Names and places in lists, from the outside in."""

_PLACES = re.compile(r"((?:\[\d+\])*)$")


def parse(text: str) -> Path:
    steps: list[Step] = []
    for piece in text.split("."):
        name, places, _ = _PLACES.split(piece, 1)
        steps += [name] if name else []
        steps += [int(place) for place in re.findall(r"\d+", places)]
    return tuple(steps)


def write(path: Path) -> str:
    text = ""
    for step in reversed(path):
        text = join(step, text)
    return text


def join(step: Step, rest: str) -> str:
    """Puts a step before a path."""
    head = f"[{step}]" if isinstance(step, int) else step
    return f"{head}.{rest}" if rest and not rest.startswith("[") else f"{head}{rest}"


def leading_places(path: Path) -> Path:
    """Returns the places in lists that a path begins with."""
    length = next((n for n, step in enumerate(path) if isinstance(step, str)), len(path))
    return path[:length]
