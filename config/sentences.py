"""What pydantic finds wrong, in our words: what was got, what is allowed.

Law: the words come from the model's own JSON Schema, so a bound cannot be stated here and checked
elsewhere; a validator's own `ValueError` passes through unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core.core_schema import ErrorType

from config.characters import first_odd, meant, named, plainly, remedy
from config.scalars import one_line
from config.yaml_tree import Fault, Loc, Plain, Spot, describe

Schema: TypeAlias = Mapping[str, Any]

_BUILT_IN = frozenset(get_args(ErrorType))
_MEASURED = r"([-+]?[0-9]+(?:[.,][0-9]+)?)\s*(?:m?A|mA/s|min|m?V|k?[Oo]hm|[ks]?Hz|m?s|%)?"
"""A number as people write it, with a unit or a comma, where a bare one is expected."""
_NAMES = {"boolean": "true or false", "array": "a list", "object": "a mapping of keys", "null": "null"}


def faults_of(error: ValidationError, model: type[BaseModel], spots: Mapping[Loc, Spot]) -> list[Fault]:
    """Turn a validation error into faults at their places, one for each key."""
    root = model.model_json_schema()
    found: dict[Loc, Fault] = {}
    for item in error.errors(include_url=False):
        loc = _real_loc(item["loc"], item["type"], spots)
        if loc not in found:
            sentence = _sentence(item, root, loc)
            found[loc] = Fault(_place(loc, item["type"], spots), loc, sentence)
    # of a union's alternatives the one that matched furthest speaks
    parents = {loc[:length] for loc in found for length in range(len(loc))}
    return [fault for loc, fault in found.items() if loc not in parents]


def loose_choices(data: Plain, model: type[BaseModel], spots: Mapping[Loc, Spot]) -> list[Fault]:
    """Find `true` or 2.0 where only 1 or 2 are listed: pydantic 2 takes equal values for the same."""
    root = model.model_json_schema()
    faults = []
    for loc, value in _leaves(data, ()):
        schemas = _at(root, loc) if isinstance(value, bool | float) else []
        if schemas and all(_choices(schema) for schema in schemas):
            same = any(
                choice == value and type(choice) is type(value) for s in schemas for choice in _choices(s)
            )
            if not same:
                faults.append(
                    Fault(spots[loc].value, loc, f"expected {_all_allowed(schemas)}, got {describe(value)}")
                )
    return faults


def _leaves(value: Plain, loc: Loc) -> Iterator[tuple[Loc, Plain]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _leaves(child, (*loc, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _leaves(child, (*loc, index))
    else:
        yield loc, value


def _real_loc(loc: Loc, kind: str, spots: Mapping[Loc, Spot]) -> Loc:
    """Drop what pydantic adds for unions and functions; keep a last key that is absent from the text."""
    real: Loc = ()
    for number, part in enumerate(loc, 1):
        is_last_key = number == len(loc) and re.fullmatch("[a-z][a-z0-9_]*|[0-9]+", str(part))
        if (*real, part) in spots or (is_last_key and kind in {"missing", "value_error"}):
            real = (*real, part)
    return real


def _place(loc: Loc, kind: str, spots: Mapping[Loc, Spot]) -> tuple[int, int]:
    if loc not in spots:
        return spots[loc[:-1]].value
    return spots[loc].key if kind == "extra_forbidden" else spots[loc].value


def _sentence(item: Mapping[str, Any], root: Schema, loc: Loc) -> str:
    kind = item["type"]
    if kind in {"value_error", "assertion_error"}:
        return one_line(str(item["ctx"]["error"]), 1000)
    if kind not in _BUILT_IN or kind.startswith("union_tag"):
        return one_line(item["msg"], 1000)
    if kind == "extra_forbidden":
        return _unknown_key(str(loc[-1]), _at(root, loc[:-1]))
    allowed = _all_allowed(_at(root, loc))
    if kind == "missing":
        return f"is missing, expected {allowed}"
    names = [str(name) for schema in _at(root, loc) for name in _choices(schema)]
    return f"expected {allowed}, got {describe(item['input'])}{_hint(item['input'], names, kind)}"


def _hint(got: object, names: list[str], kind: str) -> str:
    if not isinstance(got, str):
        return ""
    if kind in {"float_type", "int_type"} and (number := re.fullmatch(_MEASURED, plainly(got))):
        bare = number[1].replace(",", ".")
        return f" (write {bare} with a point)" if bare != number[1] else f" (write {bare} without a unit)"
    numeric = kind in {"float_type", "int_type"} and any(char.isdigit() for char in got)
    if (odd := first_odd(got)) and (meant(odd) is not None or names or numeric):
        return f" (it holds {named(odd)}, {remedy(odd)})"
    return _did_you_mean(got, names)


def _did_you_mean(got: str, names: Iterable[str]) -> str:
    import difflib  # which a good file doesn't need

    close = difflib.get_close_matches(got[:60], list(names), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _unknown_key(key: str, schemas: list[Schema]) -> str:
    names = list(dict.fromkeys(name for schema in schemas for name in schema.get("properties", {})))
    return f"unknown key{_did_you_mean(key, names)}, allowed: {', '.join(names) or 'no keys'}"


def _at(root: Schema, loc: Loc) -> list[Schema]:
    """Every schema that may stand at `loc`; several where the model has a union."""
    schemas = _alternatives(root, root)
    for part in loc:
        below = [child for schema in schemas for child in _children(schema, part)]
        schemas = [leaf for child in below for leaf in _alternatives(root, child)]
    return schemas


def _alternatives(root: Schema, schema: Schema) -> list[Schema]:
    if "$ref" in schema:
        return _alternatives(root, root["$defs"][schema["$ref"].rpartition("/")[2]])
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    return [leaf for one in several for leaf in _alternatives(root, one)] if several else [schema]


def _children(schema: Schema, part: str | int) -> list[Schema]:
    if isinstance(part, int):
        places = schema.get("prefixItems", [])
        child = places[part] if part < len(places) else schema.get("items")
    else:
        child = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
    return [child] if isinstance(child, Mapping) else []


def _choices(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


def _all_allowed(schemas: list[Schema]) -> str:
    return " or ".join(dict.fromkeys(_allowed(schema) for schema in schemas))


def _allowed(schema: Schema) -> str:
    """Name what a schema lets through, with its bounds."""
    if choices := _choices(schema):
        *others, last = [describe(choice).removeprefix("text ") for choice in choices]
        return f"{', '.join(others)} or {last}" if others else last
    kind = schema.get("type", "")
    if kind in {"number", "integer"}:
        name = "a number" if kind == "number" else "a whole number"
        step = f" in steps of {schema['multipleOf']}" if "multipleOf" in schema else ""
        return name + _range(schema) + step
    if kind == "string":
        longest = schema.get("maxLength")
        pattern = f" matching {schema['pattern']}" if "pattern" in schema else ""
        least = "non-empty " if schema.get("minLength") else ""
        return f"{least}text" + (f" of at most {longest} characters" if longest else "") + pattern
    if kind == "array" and ("minItems" in schema or "maxItems" in schema):
        return f"a list{_counted(schema)}"
    return _NAMES.get(kind, "another value")


def _range(schema: Schema) -> str:
    low, high = _bound(schema, "minimum"), _bound(schema, "maximum")
    above, below = _bound(schema, "exclusiveMinimum"), _bound(schema, "exclusiveMaximum")
    if low and high:
        return f" from {low} to {high}"
    least = f"at least {low}" if low else f"above {above}" if above else ""
    most = f"at most {high}" if high else f"below {below}" if below else ""
    return " " + " and ".join(filter(None, (least, most))) if least or most else ""


def _bound(schema: Schema, name: str) -> str:
    if name not in schema:
        return ""
    return f"0x{schema[name]:02X}" if schema.get("format") == "hex" else f"{schema[name]:.12g}"


def _counted(schema: Schema) -> str:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if low == high:
        return f" of {low} entries"
    return f" of {low} to {high} entries" if high is not None else f" of at least {low} entries"
