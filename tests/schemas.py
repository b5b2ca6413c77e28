"""Validates JSON against OpenAPI's schemas both ways: nothing is missing, nothing undeclared."""

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

Schema = Mapping[str, Any]


def closed(schema: Any) -> Any:
    """Returns a schema that refuses keys it does not declare, at every level.

    The published ones allow them, so that clients bear what later versions add.
    """
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(one) for key, one in schema.items()}
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    return made


def validator(schema: Schema, components: Schema) -> jsonschema_rs.Validator:
    """Makes the validator of a schema that refers to OpenAPI's components."""
    return jsonschema_rs.validator_for(
        closed({**schema, "components": components}), validate_formats=True
    )


def resolves(path: Sequence[str | int], schema: Any, components: Any) -> bool:
    """Says whether a schema has a place for a path."""
    if not path:
        return True
    if reference := schema.get("$ref"):
        return resolves(path, components["schemas"][reference.rpartition("/")[2]], components)
    step, *rest = path
    inner = (
        schema.get("items")
        if isinstance(step, int)
        else schema.get("properties", {}).get(step) or schema.get("additionalProperties")
    )
    if isinstance(inner, dict) and resolves(rest, inner, components):
        return True
    return any(resolves(path, one, components) for one in schema.get("anyOf", ()))
