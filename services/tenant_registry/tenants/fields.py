"""Rules for a tenant's fields; all violations are reported at once."""

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence

from google.protobuf.json_format import MessageToDict, SerializeToJsonError
from souk.tenant_registry.v1 import tenant_pb2 as pb

from services.kernel.call.errors import InvalidArgument, invalid
from services.tenant_registry.tenants import origins
from services.values import standards
from services.values.countries import is_country
from services.values.money import CURRENCIES

SETTINGS_BYTES = 16 * 1024
_CONTROLS = ("Cc", "Zl", "Zp")
_CAPABILITY = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")


def completed(tenant: pb.Tenant) -> pb.Tenant:
    """Fills in the optional fields of a new tenant."""
    complete = pb.Tenant()
    complete.CopyFrom(tenant)
    if not complete.supported_locales and complete.default_locale:
        complete.supported_locales.append(complete.default_locale)
    complete.time_zone = complete.time_zone or "UTC"
    return complete


def check(tenant: pb.Tenant, changed: Collection[str] | None = None) -> None:
    """Refuses an invalid tenant; `changed` are the fields to check, by default all.

    Raises:
        InvalidArgument: TENANT_INVALID, with a violation for each wrong field.
    """
    fields = set(_CHECKS if changed is None else changed)
    if "supported_locales" in fields:
        fields.add("default_locale")
    violations = {
        field: problem
        for field, problem_of in _CHECKS.items()
        if field in fields and (problem := problem_of(tenant))
    }
    if violations:
        raise invalid("TENANT_INVALID", violations)


def changed(before: pb.Tenant, after: pb.Tenant) -> list[str]:
    """Lists the checked fields in which two states of a tenant differ."""
    return [field for field in _CHECKS if getattr(before, field) != getattr(after, field)]


def _display_name(tenant: pb.Tenant) -> str:
    name = tenant.display_name
    if not name.strip():
        return "must not be empty"
    controls = any(unicodedata.category(character) in _CONTROLS for character in name)
    return "must be one line without control characters" if controls else ""


def _description(tenant: pb.Tenant) -> str:
    controls = any(
        unicodedata.category(character) in _CONTROLS and character != "\n"
        for character in tenant.description
    )
    return "must be without control characters other than line feeds" if controls else ""


def _country(tenant: pb.Tenant) -> str:
    known = is_country(tenant.country_code)
    return "" if known else "must be an ISO 3166-1 alpha-2 code, for example TN"


def _currency(tenant: pb.Tenant) -> str:
    known = tenant.currency_code in CURRENCIES
    return "" if known else "must be an ISO 4217 code, for example TND"


def _default_locale(tenant: pb.Tenant) -> str:
    if not standards.is_locale(tenant.default_locale):
        return "must be a BCP 47 tag of a known language, for example fr or fr-TN"
    supported = tenant.default_locale in tenant.supported_locales
    return "" if supported else "must be one of supported_locales"


def _supported_locales(tenant: pb.Tenant) -> str:
    if not tenant.supported_locales:
        return "must not be empty"
    if problem := _repeats(tenant.supported_locales):
        return problem
    wrong = any(not standards.is_locale(tag) for tag in tenant.supported_locales)
    return "must be BCP 47 tags of known languages, for example fr or fr-TN" if wrong else ""


def _time_zone(tenant: pb.Tenant) -> str:
    known = standards.is_time_zone(tenant.time_zone)
    return "" if known else "must be an IANA time zone, for example Africa/Tunis"


def _capabilities(tenant: pb.Tenant) -> str:
    if problem := _repeats(tenant.capabilities):
        return problem
    wrong = any(_CAPABILITY.fullmatch(word) is None for word in tenant.capabilities)
    return "must be lower-case words, for example reviews" if wrong else ""


def _settings(tenant: pb.Tenant) -> str:
    try:
        text = json.dumps(MessageToDict(tenant.settings), ensure_ascii=False, separators=(",", ":"))
    except (SerializeToJsonError, ValueError):
        return "must be valid JSON, without NaN and infinity"
    fits = len(text.encode()) <= SETTINGS_BYTES
    return "" if fits else f"must be at most {SETTINGS_BYTES} bytes as JSON"


def _cors_origins(tenant: pb.Tenant) -> str:
    if problem := _repeats(tenant.cors_origins):
        return problem
    wrong = any(not origins.is_origin(text) for text in tenant.cors_origins)
    return f"must be web origins, for example {origins.EXAMPLES}" if wrong else ""


def plan(value: int) -> str:
    """Returns the name of a plan.

    Raises:
        InvalidArgument: TENANT_INVALID, for none or an unknown one.
    """
    plans = pb.Tenant.Plan.values()[1:]
    if value not in plans:
        names = ", ".join(plan_name(number) for number in plans)
        raise InvalidArgument(
            "TENANT_INVALID", f"plan must be one of {names}.", {"plan": f"must be one of {names}"}
        )
    return plan_name(value)


def plan_name(value: int) -> str:
    return pb.Tenant.Plan.Name(pb.Tenant.Plan.ValueType(value)).removeprefix("PLAN_")


def _repeats(words: Sequence[str]) -> str:
    return "" if len(set(words)) == len(words) else "must not repeat an entry"


_CHECKS: dict[str, Callable[[pb.Tenant], str]] = {
    "display_name": _display_name,
    "description": _description,
    "country_code": _country,
    "currency_code": _currency,
    "default_locale": _default_locale,
    "supported_locales": _supported_locales,
    "time_zone": _time_zone,
    "capabilities": _capabilities,
    "settings": _settings,
    "cors_origins": _cors_origins,
}
