"""What is wrong with a request, in the caller's own terms: its keys, and what to send instead."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from fastapi.routing import APIRoute

from gateway.medusa import paths
from gateway.medusa.filters import ID_RULE
from gateway.medusa.shapes import Document
from services.kernel.call.errors import ServiceError, sentence

_MOST = 10
# What Medusa's clients call the fields of the contract's lists.
_QUERY_KEYS: Mapping[str, str] = {
    "page_size": "limit",
    "skip": "offset",
    "order_by": "order",
    "query": "q",
    "from_size": "from",
    "to_size": "to",
}

# By pydantic's type of error; its own messages speak of Python.
_RULES: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "is not a known key; remove it or check its spelling",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "is_instance_of": "must be a number, for example 59.9",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "value_error": "{error}",
}


def of_validation_errors(flaws: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Words the flaws that pydantic found, by the place in the body, query or headers."""
    return {_place(flaw["loc"]): _rule(flaw) for flaw in islice(flaws, _MOST)}


def in_callers_terms(error: ServiceError, route: object) -> ServiceError:
    """Returns a service's error with the keys of the route's body and path for its fields."""
    if not error.violations or not isinstance(route, APIRoute):
        return error
    violations = {
        _key(field, route): ID_RULE if error.reason == "NAME_INVALID" else text
        for field, text in error.violations.items()
    }
    return type(error)(error.reason, sentence(violations), violations, **error.metadata)


def _key(field: str, route: APIRoute) -> str:
    body = route.body_field.field_info.annotation if route.body_field else None
    if isinstance(body, type) and issubclass(body, Document):
        path = body.path_of(paths.parse(field))
        if path is not None:
            return paths.write(path)
    parameters = (route.openapi_extra or {}).get("parameters", ())
    if _QUERY_KEYS.get(field) in [parameter["name"] for parameter in parameters]:
        return _QUERY_KEYS[field]
    in_path = re.findall(r"\{(\w+)\}", route.path_format)
    # The last id in the path is that of the resource.
    return in_path[-1] if field == "name" and in_path else field


def _place(location: tuple[str | int, ...]) -> str:
    return paths.write(location[1:]) or str(location[0])


def _rule(flaw: Mapping[str, Any]) -> str:
    rule = _RULES.get(flaw.get("type", ""))
    return rule.format(**flaw.get("ctx", {})).replace("'", "") if rule else str(flaw["msg"])
