"""The contract between the program and a kind of source.

A third party writes a class that extends `Adapter`, registers it under the entry point group
`smic_tui.adapters`, and tests it with `smic_tui.testing.AdapterConformance`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from smic_tui.contract.batch import Batch
from smic_tui.contract.secret import Secret
from smic_tui.records import Stream

ENTRY_POINT_GROUP = "smic_tui.adapters"


class Context(Struct, frozen=True, kw_only=True):
    """What the program lends to an adapter.

    `source` is the name in the configuration, `folder` the one that relative
    paths start from, `timezone` the IANA zone of naive local times in files.
    `secret` gives a secret's value or raises `AuthFailed` with what to do.
    `transport` replaces the network in tests (an httpx transport).
    """

    source: str
    folder: Path
    timezone: str
    secret: Callable[[Secret], str]
    transport: Any = None


class Probe(Struct, frozen=True, kw_only=True):
    """What a source says of itself when `doctor` asks.

    `version` is the remote program's own word. `remote_time` (UTC) lets the
    difference between the clocks be told. `remarks` are facts worth knowing:
    rights that are missing, TLS that is not verified.
    """

    version: str = ""
    account: str = ""
    remote_time: datetime | None = None
    remarks: tuple[str, ...] = ()


ConfigT = TypeVar("ConfigT", bound=Struct)


class Adapter(ABC, Generic[ConfigT]):
    """One configured source.

    `kind` is the word used in the configuration. `config_type` describes the
    settings: validation, schema and documentation come from it. `streams` is
    all that this kind can give; `offered` is what this source, as configured,
    does give.
    """

    kind: ClassVar[str]
    config_type: ClassVar[type[Struct]]
    streams: ClassVar[frozenset[Stream]]

    def __init__(self, config: ConfigT, context: Context) -> None:
        self.config = config
        self.context = context

    def offered(self) -> frozenset[Stream]:
        """The streams that this source gives as it is configured."""
        return self.streams

    @abstractmethod
    def fetch(self, stream: Stream, cursor: str | None) -> AsyncIterator[Batch]:
        """Read what changed since `cursor`, or everything when it is None.

        Raises `AuthFailed`, `Unavailable` or `BadAnswer`. Records that it
        brings twice are the same record. An adapter may answer a cursor with a
        full reading when that is cheaper or surer. Work that would hold the
        event loop (parsing, files, subprocesses) is done off it.
        """

    @abstractmethod
    async def probe(self) -> Probe:
        """Reach the source and prove the account's rights; errors as in `fetch`."""

    async def close(self) -> None:
        """Give back connections and processes. Called once, at the end."""
