"""Mails from templates, in one of the languages that there are texts in; else in English."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_HERE = Path(__file__).parent
_DEFAULT = "en"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Texts = Mapping[str, Mapping[str, Any]]
"""The texts of one language, by the kind of mail."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says: `html` shows it, `text` is for those who see no HTML."""

    subject: str
    text: str
    html: str


def written(
    kind: str,
    template: str,
    locales: Sequence[str],
    *,
    names: Mapping[str, str],
    **values: object,
) -> Mail:
    """Writes a mail in the first of the locales that there are texts in, else in English.

    `names` are put into the texts, `values` into the template.
    """
    language, texts = _texts(kind, locales)
    # In one line: a subject has no other.
    names = {key: " ".join(name.split()) for key, name in names.items()}
    context = {"language": language, "texts": texts, "names": names, **values}
    return Mail(
        texts["subject"].format(**names),
        _ENVIRONMENT.get_template(f"{template}.txt").render(context),
        _ENVIRONMENT.get_template(f"{template}.html").render(context),
    )


def _texts(kind: str, locales: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
    known = _all_texts()
    languages = [locale.partition("-")[0].lower() for locale in locales]
    language = next((language for language in languages if language in known), _DEFAULT)
    return language, known[language][kind]


@cache
def _all_texts() -> Mapping[str, Texts]:
    return {
        file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
        for file in (_HERE / "texts").glob("*.toml")
    }
