"""Converts profiles, sets and zones to messages, and checks those of callers."""

from collections.abc import Iterable, Iterator

from souk.commerce.v1 import fulfillment_set_service_pb2 as set_pb
from souk.commerce.v1 import shipping_profile_service_pb2 as profile_pb

from services.commerce.models import FulfillmentSet, ServiceZone, ShippingProfile
from services.commerce.shipping.stored import StoredArea
from services.kernel.call import names
from services.kernel.call.errors import invalid
from services.kernel.call.times import message_of
from services.kernel.data.updates import etag
from services.values.countries import is_country

PROFILE = "tenants/{tenant}/shippingProfiles/{shipping_profile}"
SET = "tenants/{tenant}/fulfillmentSets/{fulfillment_set}"
ZONE = "tenants/{tenant}/fulfillmentSets/{fulfillment_set}/serviceZones/{service_zone}"
SET_TYPES = ("shipping", "pickup")

# From the coarsest to the finest: each needs those before it.
_KINDS = ("country", "province", "city", "zip")
_FIELDS = ("country_code", "province", "city", "postal_code")
_TYPE = set_pb.GeoZone.Type


def profile_message(row: ShippingProfile) -> profile_pb.ShippingProfile:
    message = profile_pb.ShippingProfile(
        name=f"tenants/{row.tenant_id}/shippingProfiles/{row.profile_id}",
        display_name=row.name,
        type=row.type,
        etag=etag(row.version),
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )
    if row.extra is not None:
        message.metadata.update(row.extra)
    return message


def set_message(row: FulfillmentSet, zones: Iterable[ServiceZone]) -> set_pb.FulfillmentSet:
    return set_pb.FulfillmentSet(
        name=f"tenants/{row.tenant_id}/fulfillmentSets/{row.set_id}",
        display_name=row.name,
        type=row.type,
        service_zones=[zone_message(zone) for zone in zones if zone.set_id == row.set_id],
        stock_location_id=row.location_id or "",
        etag=etag(row.version),
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )


def zone_message(row: ServiceZone) -> set_pb.ServiceZone:
    return set_pb.ServiceZone(
        name=f"tenants/{row.tenant_id}/fulfillmentSets/{row.set_id}/serviceZones/{row.zone_id}",
        display_name=row.name,
        geo_zones=[_geo_zone(StoredArea.model_validate(area)) for area in row.areas],
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )


def checked_profile(requested: profile_pb.ShippingProfile) -> profile_pb.ShippingProfile:
    """Returns a profile that can be stored.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    problems = {
        field: text
        for field in ("display_name", "type")
        if (text := name_problem(getattr(requested, field)))
    }
    if problems:
        raise invalid("FIELD_INVALID", problems)
    return requested


def checked_set(requested: set_pb.FulfillmentSet) -> set_pb.FulfillmentSet:
    """Returns a set that can be stored; raises as checked_profile does."""
    problems = {}
    if text := name_problem(requested.display_name):
        problems["display_name"] = text
    if requested.type not in SET_TYPES:
        problems["type"] = f"must be {' or '.join(SET_TYPES)}"
    if problems:
        raise invalid("FIELD_INVALID", problems)
    return requested


def checked_zone(
    requested: set_pb.ServiceZone, known: Iterable[str] = ()
) -> tuple[set_pb.ServiceZone, list[StoredArea]]:
    """Returns a zone that can be stored, and its areas; those of `known` ids keep them.

    Raises:
        InvalidArgument: FIELD_INVALID, with the fields.
    """
    problems = {}
    if text := name_problem(requested.display_name):
        problems["display_name"] = text
    areas: list[StoredArea] = []
    free = set(known)
    for place, zone in enumerate(requested.geo_zones):
        problems |= {f"geo_zones[{place}].{at}": text for at, text in _area_problems(zone)}
        # An id that is none of this zone's, or that is sent twice, is not believed.
        id_ = zone.id if zone.id in free else names.new_id("fgz")
        free.discard(id_)
        areas.append(_stored(zone, id_))
    if problems:
        raise invalid("FIELD_INVALID", problems)
    return requested, areas


def name_problem(text: str) -> str | None:
    """Returns what is wrong with a name that people read, or None."""
    if not text.strip():
        return "must not be empty"
    return None if text.isprintable() else "must not contain control characters"


def _area_problems(zone: set_pb.GeoZone) -> Iterator[tuple[str, str]]:
    if not is_country(zone.country_code):
        yield "country_code", "must be an ISO 3166-1 alpha-2 code, for example fr"
    given = [field for field in _FIELDS if getattr(zone, field).strip()]
    finest = given[-1] if given else "country_code"
    needed = _FIELDS[: zone.type or _FIELDS.index(finest) + 1]
    for field in _FIELDS[1:]:
        if field in needed and field not in given:
            yield field, "must be given, as what is finer stands within it"
        elif field in given and field not in needed:
            yield field, "is finer than the type: leave it out, or change the type"


def _stored(zone: set_pb.GeoZone, id_: str) -> StoredArea:
    values = {field: getattr(zone, field).strip() for field in _FIELDS}
    finest = max(place for place, field in enumerate(_FIELDS) if values[field] or not place)
    return StoredArea(id=id_, type=_KINDS[finest], **values)


def _geo_zone(area: StoredArea) -> set_pb.GeoZone:
    return set_pb.GeoZone(
        id=area.id,
        type=_TYPE.Value(f"TYPE_{area.type.upper()}"),
        country_code=area.country_code,
        province=area.province,
        city=area.city,
        postal_code=area.postal_code,
    )
