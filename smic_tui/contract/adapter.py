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
from smic_tui.contract.view import Sight
from smic_tui.records import Actor, Stage, Stream, TicketStatus

ENTRY_POINT_GROUP = "smic_tui.adapters"


class Context(Struct, frozen=True, kw_only=True):
    """What the program gives to an adapter.

    `source` is the name in the configuration, `folder` the folder from which relative paths
    start, `timezone` the IANA zone of naive local times. `secret` returns the value of a secret,
    or raises `AuthFailed` with what to do. It may read files and run commands: call it in a
    thread. `deadline` is how many seconds a reading may take altogether: an adapter of many
    parts ends before, and keeps what it has read. `transport` replaces the network in tests (an
    httpx transport).
    """

    source: str
    folder: Path
    timezone: str
    secret: Callable[[Secret], str]
    deadline: float = 120.0
    transport: Any = None


class Understood(Struct, frozen=True, kw_only=True):
    """A word of the source and what it is taken to mean.

    `name` is the source's own name of a status; it means a `status` of tickets or a `stage` of
    requests. `guessed` says that only its words suggest so: neither the source nor the
    configuration does.
    """

    name: str
    status: TicketStatus | None = None
    stage: Stage | None = None
    waiting_on: Actor
    guessed: bool = False


class Probe(Struct, frozen=True, kw_only=True):
    """What a source says about itself when `doctor` asks.

    `version` is what the remote program calls itself. `remote_time` (UTC) is its clock, which
    `doctor` compares with ours. `remarks` are what somebody should look at: rights that are
    missing, TLS that is not verified. `understood` tells how each status was understood; `sees`
    are the parts of the source (projects, queues) that the account sees; `notes` are plain
    facts that ask for nothing, such as the encoding of a file.
    """

    version: str = ""
    account: str = ""
    remote_time: datetime | None = None
    remarks: tuple[str, ...] = ()
    understood: tuple[Understood, ...] = ()
    sees: tuple[Sight, ...] = ()
    notes: tuple[str, ...] = ()


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

        Raises `AuthFailed`, `Unavailable` or `BadAnswer`. A record with the key of an earlier
        one replaces it. An adapter may answer a cursor with a full reading when that is cheaper
        or surer. Work that would hold the event loop (parsing, files, subprocesses) belongs
        into a thread.
        """

    @abstractmethod
    async def probe(self) -> Probe:
        """Reach the source and prove the account's rights; errors as in `fetch`."""

    async def close(self) -> None:
        """Give back connections and processes. Called at the end; a second call does nothing."""
