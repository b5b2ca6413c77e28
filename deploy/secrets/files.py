"""Writes secret files: atomically, and readable only by their owner."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def make(path: Path, new: Callable[[], str]) -> bool:
    """Writes a file unless it exists; returns whether it was written."""
    if path.exists():
        return False
    draft = _draft(path, new(), 0o600)
    try:
        os.link(draft, path)  # unlike a rename, it never replaces the file of a concurrent run
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def write(path: Path, text: str, mode: int = 0o600) -> bool:
    """Replaces a file unless it already has this text; returns whether it was written."""
    if path.exists() and path.read_text() == text:
        return False
    _draft(path, text, mode).replace(path)
    return True


def _draft(path: Path, text: str, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return draft
