"""Holds every answer of the server against openapi.json: its status, its type and its schema, as far as the
document's own words go."""

import json
import pathlib
import re

DOCUMENT = json.loads(
    (pathlib.Path(__file__).resolve().parent.parent.parent / "examples/server/api/openapi.json").read_text()
)
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def resolved(node):
    while "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def faults(value, schema, where="", open_object=False):
    """What of the value is not as the schema says."""
    schema = resolved(schema)
    found = []
    for part in schema.get("allOf", []):
        found += faults(value, part, where, True)
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool))):
        return [f"{where} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where} is {value!r}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{where} does not look like {schema['pattern']}")
    if kind == "object":
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        found += [f"{where} lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, inner in value.items():
            if name in known:
                found += faults(inner, known[name], f"{where}/{name}")
            elif isinstance(others, dict):
                found += faults(inner, others, f"{where}/{name}")
            elif others is False and not open_object:
                found.append(f"{where}/{name} is not described")
    if kind == "array":
        for index, inner in enumerate(value):
            if "items" in schema:
                found += faults(inner, schema["items"], f"{where}/{index}")
            elif "prefixItems" in schema and index < len(schema["prefixItems"]):
                found += faults(inner, schema["prefixItems"][index], f"{where}/{index}")
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{where} has {len(value)} elements")
    return found


def operation_of(method, path):
    segments = path.split("?")[0].split("/")
    for pattern, item in DOCUMENT["paths"].items():
        parts = pattern.split("/")
        fits = len(parts) == len(segments) and all(
            re.fullmatch(re.sub(r"\\\{.*?\\\}", ".+", re.escape(part)), segment)
            for part, segment in zip(parts, segments)
        )
        if fits and method.lower() in item:
            return pattern, item[method.lower()]
    return None, None


def check(method, path, status, content_type, body):
    """Raises AssertionError for an answer that the document does not have."""
    pattern, operation = operation_of(method, path)
    if operation is None:
        return
    name = f"{method} {pattern}: {status}"
    assert str(status) in operation["responses"], f"{name} is not described: {body[:300]}"
    content = resolved(operation["responses"][str(status)]).get("content", {})
    kind = (content_type or "").split(";")[0]
    if not content:
        assert body == b"", f"{name} has a body"
        return
    assert kind in content, f"{name} is sent as {kind}"
    if kind.endswith("json"):
        wrong = faults(json.loads(body), content[kind]["schema"])
        assert not wrong, f"{name}: {wrong[:5]}"
