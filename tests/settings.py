"""Finds every settings class by walking the folders: nothing is listed."""

import importlib
import re
from functools import cache
from pathlib import Path

from pydantic_settings import BaseSettings

ROOT = Path(__file__).resolve().parents[1]
_FOLDERS = ("services", "gateway", "deploy")
_DECLARES = re.compile(r"^class \w+\(\w*Settings\)", re.MULTILINE)


@cache
def every_kind() -> tuple[type[BaseSettings], ...]:
    """Lists the settings classes of all files that declare one."""
    for folder in _FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            if _DECLARES.search(path.read_text()):
                importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return tuple(_below(BaseSettings))


def _below(kind: type[BaseSettings]) -> list[type[BaseSettings]]:
    ours = [one for one in kind.__subclasses__() if one.__module__.startswith(_FOLDERS)]
    return ours + [deeper for one in ours for deeper in _below(one)]


def names() -> set[str]:
    """Every setting's name in the environment."""
    return {f"SOUK_{field.upper()}" for kind in every_kind() for field in kind.model_fields}
