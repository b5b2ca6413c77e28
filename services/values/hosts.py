"""Host names: many spellings, one canonical form.

A tenant is found by its host, so one spelling must never be read in two ways. It is read only here:
IDNA 2008 with the UTS 46 mapping, resulting in lower-case A-labels.
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache

import idna
from publicsuffixlist import PublicSuffixList

from services.kernel.call.errors import InvalidArgument

# A host has at most 253 characters; unmapped and with a port, somewhat more.
_MOST_RAW = 512
_MOST = 253

_PORT = re.compile(r"[0-9]{1,5}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_FOREIGN = re.compile(r"[\x00-\x2c\x2f\x3b-\x40\x5b-\x60\x7b-\x7f]")
# As in browsers: a name whose last label is a number is an IPv4 address in some notation.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")

# Scripts that may be mixed in a label; any other label must be in one script.
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
    """The input is not a valid host name; `why` is a code for what is wrong.

    One of HOST_EMPTY, HOST_TOO_LONG, HOST_NOT_ASCII, HOST_CHARACTER, HOST_PORT, HOST_LABEL,
    HOST_ADDRESS, and on registration HOST_SUFFIX and HOST_MIXED_SCRIPT.
    """

    def __init__(self, why: str, message: str) -> None:
        super().__init__("HOST_INVALID", f"Invalid host: {message}.", {"host": message}, why=why)
        self.why = why


def normalise_host(raw: bytes | str) -> str:
    """Normalises a host: lower-case A-labels, without port and trailing dot.

    Bytes come from the wire, where a host is ASCII; a str was typed by a person and may have any
    letters. Normalising the result again does not change it.

    Raises:
        HostInvalid: it is not a host name; IP addresses in any notation are refused too.
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
    """Normalises a host that a tenant wants to register; stricter than for a lookup.

    Raises:
        HostInvalid: as normalise_host does; also for a public suffix such as co.uk, and for a label
            that mixes scripts, as look-alike names do.
    """
    host = normalise_host(raw)
    if _public_suffixes().privatesuffix(host) is None:
        raise HostInvalid("HOST_SUFFIX", "must not be a public suffix such as co.uk")
    if not all(_is_of_one_script(label) for label in display_host(host).split(".")):
        raise HostInvalid("HOST_MIXED_SCRIPT", "must not mix scripts in one label")
    return host


def display_host(host: str) -> str:
    """Returns a normalised host in readable form, with U-labels."""
    return idna.decode(host)


def is_platform_literal(raw: bytes | str) -> bool:
    """Returns whether a Host is localhost or a plain IP address, with or without a port.

    These belong to the platform, never to a tenant. Odd notations such as 127.1 do not count.
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
        return plain  # the same result as IDNA, at a twentieth of the cost
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, ValueError) as error:
        raise HostInvalid("HOST_LABEL", "has a part that is not a valid label") from error


def _is_of_one_script(label: str) -> bool:
    scripts = {_script(c) for c in label} - _NO_SCRIPT
    return len(scripts) <= 1 or any(scripts <= allowed for allowed in _TOGETHER)


def _script(character: str) -> str:
    # The standard library lacks the script property, but a letter's name begins with its script.
    first = unicodedata.name(character, "UNKNOWN").split()[0]
    return _SAME_SCRIPT.get(first, first)


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()
