"""Makes a body that an operation takes, from its schema: what is required and no more."""

import uuid
from collections.abc import Mapping
from typing import Any

from tests.pictures import png

Schema = Mapping[str, Any]


def content(body: Any, *, takes_files: bool) -> dict[str, Any]:
    """Returns what makes a client send a body; whatever a file is said to be, it is a picture."""
    if takes_files:
        return {"files": [("files", ("x.png", png()))]}
    return {} if body is None else {"json": body}


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
            required = schema.get("required", ())
            return {name: sample(schema["properties"][name], components) for name in required}
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
