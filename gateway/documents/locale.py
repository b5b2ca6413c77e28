"""A locale, with the name that Unicode's CLDR has for it."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from gateway.medusa.shapes import Document

# English names by tag, as Babel 2.19 has them (see gateway/admin/currencies.py for why not Babel).
_NAMES: dict[str, str] = json.loads(
    Path(__file__).with_name("locales.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True)
class Locale:
    """A language, maybe in a script, as it is written somewhere."""

    code: str
    name: str


class LocaleDocument(Document[Locale]):
    """A language, maybe in a script, as it is written somewhere."""

    code: str = Field(description="A BCP 47 tag.", examples=["fr-TN"])
    name: str = Field(description="In English.", examples=["French (Tunisia)"])


LOCALES = {code: Locale(code, name) for code, name in _NAMES.items()}
"""Those that CLDR knows, by tag."""


def locale(code: str) -> Locale:
    """Returns a locale; one that CLDR does not know has its tag as name."""
    return LOCALES.get(code) or Locale(code, code)
