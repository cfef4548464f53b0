"""JSON Schema and the reference page, from the declarations."""

from __future__ import annotations

from smic_tui.config.reference import reference
from smic_tui.config.schema_doc import json_schema
from tests.config.a_kind import Kinds


def test_the_schema_has_every_kind_with_the_common_keys() -> None:
    schema = json_schema(Kinds())
    assert schema["properties"]["sources"]["additionalProperties"] == {
        "oneOf": [{"$ref": "#/$defs/source:files"}]
    }
    table = schema["$defs"]["source:files"]
    assert {"kind", "refresh", "enabled", "path", "token"} <= table["properties"].keys()
    assert "options" not in table["properties"]
    assert table["required"] == ["kind", "path"]
    assert table["additionalProperties"] is False


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    schema = json_schema(Kinds())

    def check(value: object) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                assert value["$ref"].removeprefix("#/$defs/") in schema["$defs"]
            for inner in value.values():
                check(inner)
        elif isinstance(value, list):
            for inner in value:
                check(inner)

    check(schema)


def test_the_reference_page_names_every_key() -> None:
    page = reference(Kinds())
    for key in ("`timezone`", "`[[alerts]]`", "`hold`", "`refresh`", "`encoding`", "### Secret"):
        assert key in page
    assert "| `port` |  | a whole number from 1 to 65535 | `80` |" in page
