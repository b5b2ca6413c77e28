"""Host names: many spellings, one image.

A tenant is found by its host, so two readings of one spelling would be two tenants. There is one
reading, here: IDNA 2008 with the mapping of UTS 46, ending in lower-case A-labels.
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache

import idna
from publicsuffixlist import PublicSuffixList

from services.kernel.errors import InvalidArgument

# A host has 253 characters at most; before it is mapped, and with a port, somewhat more.
_MOST_RAW = 512
_MOST = 253

_PORT = re.compile(r"[0-9]{1,5}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_FOREIGN = re.compile(r"[\x00-\x2c\x2f\x3b-\x40\x5b-\x60\x7b-\x7f]")
# As browsers have it: a name whose last label is a number is an IPv4 address, however it is spelt.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")

# Scripts that people write together; everywhere else a label is in one script.
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
_SAME_SCRIPT = {
    "IDEOGRAPHIC": "CJK",
    "KATAKANA-HIRAGANA": "KATAKANA",
    "ARABIC-INDIC": "ARABIC",
    "EXTENDED": "ARABIC",
}
_NO_SCRIPT = {"DIGIT", "HYPHEN-MINUS", "COMBINING", "MIDDLE", "ZERO"}


class HostInvalid(InvalidArgument):
    """What was given is no host name; `why` says in one word what is wrong with it.

    One of HOST_EMPTY, HOST_TOO_LONG, HOST_NOT_ASCII, HOST_CHARACTER, HOST_PORT, HOST_LABEL,
    HOST_ADDRESS, and at registration HOST_SUFFIX and HOST_MIXED_SCRIPT.
    """

    def __init__(self, why: str, message: str) -> None:
        super().__init__("HOST_INVALID", f"Invalid host: {message}.", {"host": message}, why=why)
        self.why = why


def normalise_host(raw: bytes | str) -> str:
    """Reads a host in any spelling: its A-labels in lower case, without port and trailing dot.

    Bytes are what came over the wire, where a host is ASCII; a str, what a person typed, may have
    any letters. What comes out goes in again unchanged.

    Raises:
        HostInvalid: it is no host name; an IP address, in whatever spelling, is none either.
    """
    host = _without_port(_text(raw))
    if host.startswith("[") or host.count(":") > 1:
        raise HostInvalid("HOST_ADDRESS", "must be a host name, not an IP address")
    if _FOREIGN.search(host) or ":" in host:
        raise HostInvalid("HOST_CHARACTER", "has a character that is not allowed in host names")
    name = _a_labels(host).removesuffix(".")
    if len(name) > _MOST:
        raise HostInvalid("HOST_TOO_LONG", f"must have at most {_MOST} characters")
    if _NAME.fullmatch(name) is None:
        raise HostInvalid("HOST_LABEL", "has a part that is not a valid label")
    if _NUMBER.fullmatch(name):
        raise HostInvalid("HOST_ADDRESS", "must be a host name, not an IP address")
    return name


def registrable(raw: str) -> str:
    """Reads a host that a tenant wants for its own; stricter than what is merely looked up.

    Raises:
        HostInvalid: as normalise_host does; also for a public suffix such as co.uk, which is
            nobody's own, and a label that mixes scripts, which is made to look like another.
    """
    host = normalise_host(raw)
    if _public_suffixes().privatesuffix(host) is None:
        raise HostInvalid("HOST_SUFFIX", "must not be a public suffix such as co.uk")
    if not all(_is_of_one_script(label) for label in display_host(host).split(".")):
        raise HostInvalid("HOST_MIXED_SCRIPT", "must not mix scripts in one label")
    return host


def display_host(host: str) -> str:
    """Writes a normalised host as people read it, with U-labels."""
    return idna.decode(host)


def is_platform_literal(raw: bytes | str) -> bool:
    """Tells whether a Host is localhost or an IP address as one writes it, with or without a port.

    No tenant can own these; they are the platform's own. Odd spellings such as 127.1 are not.
    """
    try:
        host = _without_port(_text(raw))
    except HostInvalid:
        return False
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        if host.startswith("[") and host.endswith("]") and "%" not in host:
            return bool(ipaddress.IPv6Address(host[1:-1]))
        return bool(ipaddress.IPv4Address(host))
    except ValueError:
        return False


def _text(raw: bytes | str) -> str:
    if len(raw) > _MOST_RAW:
        raise HostInvalid("HOST_TOO_LONG", f"must have at most {_MOST} characters")
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise HostInvalid("HOST_NOT_ASCII", "must be ASCII") from None


def _without_port(text: str) -> str:
    if not text:
        raise HostInvalid("HOST_EMPTY", "must not be empty")
    head, colon, port = text.rpartition(":")
    if not colon or ":" in head.rpartition("]")[2] or text.endswith("]"):
        return text
    if _PORT.fullmatch(port) is None or not 1 <= int(port) <= 65535:
        raise HostInvalid("HOST_PORT", "must have a port from 1 to 65535, or none")
    return head


def _a_labels(host: str) -> str:
    if not host.rstrip("."):
        raise HostInvalid("HOST_EMPTY", "must not be empty")
    plain = host.lower()
    if host.isascii() and "--" not in plain and _NAME.fullmatch(plain):
        return plain  # what IDNA makes of it too, at a twentieth of the price
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, ValueError) as error:
        raise HostInvalid("HOST_LABEL", "has a part that is not a valid label") from error


def _is_of_one_script(label: str) -> bool:
    scripts = {_script(c) for c in label} - _NO_SCRIPT
    return len(scripts) <= 1 or any(scripts <= allowed for allowed in _TOGETHER)


def _script(character: str) -> str:
    # The standard library has no script property, but the name of a letter begins with its script.
    first = unicodedata.name(character, "UNKNOWN").split()[0]
    return _SAME_SCRIPT.get(first, first)


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()
