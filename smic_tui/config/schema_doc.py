"""Describes the configuration as a JSON Schema."""

from __future__ import annotations

from typing import Any

import msgspec

from smic_tui.config.load import COMMON_KEYS, Kinds
from smic_tui.config.schema import Settings, Source

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEMPLATE = "#/$defs/{name}"


def json_schema(kinds: Kinds) -> dict[str, Any]:
    """Returns the JSON Schema (2020-12) of a configuration file.

    It covers every installed kind of source.
    """
    types = {kind: kinds.find(kind).config_type for kind in sorted(kinds.kinds())}
    references, defs = msgspec.json.schema_components(
        [Settings, Source, *types.values()], ref_template=_TEMPLATE
    )
    root, source, *tables = (_name(reference) for reference in references)
    settings, common = defs[root], defs[source]["properties"]
    for kind, table in zip(types, tables, strict=True):
        own = defs[table]
        defs[f"source:{kind}"] = {
            "title": kind,
            "type": "object",
            "properties": {
                "kind": {"const": kind, "description": common["kind"]["description"]},
                **{key: common[key] for key in COMMON_KEYS if key != "kind"},
                **own["properties"],
            },
            "required": ["kind", *own.get("required", [])],
            "additionalProperties": False,
        }
    settings["properties"]["sources"]["additionalProperties"] = {
        "oneOf": [{"$ref": f"#/$defs/source:{kind}"} for kind in types]
    }
    for used_up in {root, source, *tables}:
        del defs[used_up]
    return {"$schema": DIALECT, **settings, "title": "smic-tui", "$defs": defs}


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
