"""Makes a body that an operation takes, from its schema: what is required and no more."""

import uuid
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def sample(schema: Schema, components: Schema) -> Any:
    """Makes a value of a schema; a text of which nothing is known is a word of its own."""
    if reference := schema.get("$ref"):
        return sample(components["schemas"][reference.rpartition("/")[2]], components)
    for known in ("examples", "enum"):
        if schema.get(known):
            return schema[known][0]
    if "const" in schema:
        return schema["const"]
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        if choice.get("type") != "null":
            return sample(choice, components)
    return _of_type(schema, components)


def _of_type(schema: Schema, components: Schema) -> Any:
    match schema.get("type"):
        case "object" | None:
            wanted = schema.get("required", ())
            return {name: sample(schema["properties"][name], components) for name in wanted}
        case "array":
            return [sample(schema["items"], components)] * schema.get("minItems", 0)
        case "string":
            return _text(schema)
        case "boolean":
            return False
    return schema.get("minimum", 1)


def _text(schema: Schema) -> str:
    word = f"x{uuid.uuid4().hex[:12]}"
    match schema.get("format"):
        case "email":
            return f"{word}@example.com"
        case "date-time":
            return "2100-01-02T03:04:05Z"
    return word.ljust(schema.get("minLength", 0), "x")
