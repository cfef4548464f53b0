"""A kind of source for the tests of the configuration, and reading with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from smic_tui.config.load import Loaded, load
from smic_tui.contract.adapter import Adapter, Probe
from smic_tui.contract.secret import Secret
from smic_tui.records import Stream

SOURCE = '[sources.a]\nkind = "files"\npath = "x"\n'


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    site: str
    name: str = ""


class FilesConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    path: str
    encoding: Literal["auto", "utf-8"] = "auto"
    port: Annotated[int, Meta(ge=1, le=65535)] = 80
    token: Secret | None = None
    columns: Mapping | None = None
    paths: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = {}

    def __post_init__(self) -> None:
        if self.path == self.encoding:
            raise ValueError("path and encoding are the same")


class FilesAdapter(Adapter[FilesConfig]):
    kind = "files"
    config_type = FilesConfig
    streams: ClassVar[frozenset[Stream]] = frozenset({Stream.SITES})

    async def fetch(self, stream: Stream, cursor: str | None) -> Any:
        return
        yield

    async def probe(self) -> Probe:
        return Probe()


class Kinds:
    def kinds(self) -> list[str]:
        return ["files"]

    def find(self, kind: str) -> type[Adapter[Any]]:
        return {"files": FilesAdapter}[kind]


def check_filter(subject: str, text: str) -> str:
    return f"column 1: no {subject} like that" if "broken" in text else ""


def read(folder: Path, text: str, **options: Any) -> Loaded:
    file = folder / "smic.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, kinds=Kinds(), check_filter=check_filter, **options)
