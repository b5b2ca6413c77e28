"""Events as CloudEvents 1.0 with OCSF data, for log analysis tools."""

from souk.audit.v1.audit_service_pb2 import Event
from souk.audit.v1.proof_service_pb2 import Entry

from gateway.documents.event import EventDocument
from gateway.medusa.shapes import Json

_API_ACTIVITY, _ACCOUNT_CHANGE, _AUTHENTICATION = 6003, 3001, 3002
_NAMES = {
    _API_ACTIVITY: "API Activity",
    _ACCOUNT_CHANGE: "Account Change",
    _AUTHENTICATION: "Authentication",
}
_OTHER = 99
_VERBS = {"Create": 1, "Get": 2, "List": 2, "Update": 3, "Delete": 4}
_ACCOUNT_VERBS = {"Create": 1, "Delete": 6}
_LOGON, _LOGOFF = 1, 2
_VERSION = "1.5.0"  # of OCSF


def cloudevent(entry: Entry) -> Json:
    """Converts an entry to a CloudEvent; `soukindex` is its place in the tenant's log."""
    event = entry.event
    document = EventDocument.to_json(event)
    return {
        "specversion": "1.0",
        "id": document["id"],
        "source": f"//souk.dev/tenants/{document['tenant_id']}/services/{event.service}",
        "type": f"dev.souk.audit.{_type_of(event)}",
        "subject": event.resource or "-",
        "time": document["occurred_at"],
        "datacontenttype": "application/json",
        "soukindex": entry.index,
        "data": _ocsf(event, document),
    }


def _ocsf(event: Event, document: Json) -> Json:
    kind = _class_of(event)
    activity = _activity(kind, event.method.rpartition("/")[2])
    user = {"uid": event.actor}
    return {
        "class_uid": kind,
        "class_name": _NAMES[kind],
        "category_uid": kind // 1000,
        "activity_id": activity,
        "type_uid": kind * 100 + activity,
        "severity_id": 1,
        "status_id": 1 if event.outcome == Event.OUTCOME_DONE else 2,
        "status_detail": event.reason,
        "count": event.times,
        "time": event.occur_time.ToMilliseconds(),
        "metadata": {
            "version": _VERSION,
            "uid": document["id"],
            "tenant_uid": document["tenant_id"],
            "product": {"name": "Souk", "vendor_name": "Souk"},
        },
        "actor": {"user": user, "session": {"uid": event.session}},
        "user": user,
        "api": {
            "operation": event.method,
            "service": {"name": event.service},
            "request": {"uid": event.request_id},
        },
        "src_endpoint": {"ip": event.address},
        "http_request": {"user_agent": event.user_agent},
        "resources": [{"name": event.resource}],
        "unmapped": {"changes": document["changes"], "permission": event.permission},
    }


def _type_of(event: Event) -> str:
    """Returns the event type; an HTTP method means a denial or access-grant use at the gateway."""
    called, own, method = event.method.partition("souk.")
    if own and not called:
        return method.replace("/", ".")
    return "Refused" if event.outcome == Event.OUTCOME_DENIED else "UsedAccessGrant"


def _class_of(event: Event) -> int:
    service, _, verb = event.method.rpartition("/")
    if service.endswith("SessionService") or verb in ("Login", "Logout"):
        return _AUTHENTICATION
    if event.resource.startswith("admins/") or "/apiKeys/" in event.resource:
        return _ACCOUNT_CHANGE
    return _API_ACTIVITY


def _activity(kind: int, method: str) -> int:
    if kind == _AUTHENTICATION:
        if method.startswith(("Log", "Begin", "Create")):
            return _LOGOFF if method.startswith("Logout") else _LOGON
        return _LOGOFF if method.startswith(("End", "Delete", "Revoke")) else _OTHER
    verbs = _VERBS if kind == _API_ACTIVITY else _ACCOUNT_VERBS
    return next((n for verb, n in verbs.items() if method.startswith(verb)), _OTHER)
