"""Reads Nagios's status.dat: blocks of `name {`, lines of `key=value`, and `}`.

Every few seconds Nagios writes a new file and renames it over the old one, so a reader never sees
half of it. Values are bytes as the checks gave them, accents included.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.nagios.rows import HOST_STATES, SERVICE_STATES, Downtime, Row, Status
from adapters.shared.decoding import AUTO, decode
from adapters.shared.files import content
from smic_tui.contract.batch import Rejected
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.i18n import _
from smic_tui.records import HealthState

Block = Mapping[str, str]

# A thousand times the file of a large site.
_LARGEST = 1 << 29
_KINDS = frozenset(
    {"info", "programstatus", "hoststatus", "servicestatus", "hostdowntime", "servicedowntime"}
)


def read_status(path: Path, variables: dict[str, Mapping[str, str]]) -> Status:
    """Read the file; the hosts' custom variables go into `variables`.

    Raises `Unavailable` when there is no file (Nagios is not running) and `BadAnswer` when
    Nagios did not write it.
    """
    try:
        text = decode(content(path, _LARGEST), AUTO)
    except FileNotFoundError:
        raise Unavailable(
            _("There is no {path}").format(path=path),
            hint=_("Nagios removes it when it ends; `status_file` in nagios.cfg tells the place."),
        ) from None
    except OSError as error:
        raise Unavailable(
            _("{path} cannot be read: {reason}").format(path=path, reason=error.strerror),
            hint=_("The account that runs smic-tui must be allowed to read it."),
        ) from None
    rows: list[Row] = []
    downtimes: list[Downtime] = []
    rejected: list[Rejected] = []
    program: dict[str, str] = {}
    for number, kind, block in _blocks(text, path):
        try:
            if kind in ("info", "programstatus"):
                program.update(block)
            elif kind in ("hoststatus", "servicestatus"):
                rows.append(_row(block))
                if kind == "hoststatus":
                    variables[block["host_name"]] = _variables(block)
            else:
                downtimes.append(_downtime(block))
        except (KeyError, ValueError) as error:
            reason = (
                _("{key} is missing").format(key=error)
                if isinstance(error, KeyError)
                else str(error)
            )
            where = _("{path}, line {number}").format(path=path.name, number=number)
            sample = block.get("host_name", "")
            rejected.append(Rejected(where=where, reason=reason, sample=sample))
    if "created" not in program:
        raise BadAnswer(
            _("{path} is no status file of Nagios: it does not tell when it was written").format(
                path=path
            ),
            excerpt=text[:400].encode(),
        )
    try:
        return Status(
            version=program.get("version", ""),
            started=float(program.get("program_start", 0)),
            written=float(program["created"]),
            now=time.time(),
            rows=tuple(rows),
            downtimes=tuple(downtimes),
            rejected=tuple(rejected),
        )
    except ValueError as error:
        raise BadAnswer(
            _("{path} has another form than expected: {reason}").format(path=path, reason=error)
        ) from None


def _blocks(text: str, path: Path) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Yield the blocks that matter, each with the number of its first line."""
    kind, began = "", 0
    block: dict[str, str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip("\t\r ")
        if block is not None and line == "}":
            if kind in _KINDS:
                yield began, kind, block
            block = None
        elif block is not None:
            name, equals, value = line.partition("=")
            if equals:
                block[name] = value
        elif line.endswith("{"):
            kind, began, block = line[:-1].strip(), number, {}
    if block is not None:
        raise BadAnswer(
            _("{path} ends in the middle of a block").format(path=path),
            hint=_("A copy that is taken while Nagios writes must be renamed into its place."),
        )


def _row(block: Block) -> Row:
    service = block.get("service_description", "")
    states = SERVICE_STATES if service else HOST_STATES
    state = int(block["current_state"])
    if not 0 <= state < len(states):
        raise ValueError(
            _("current_state is 0 to {most}, not {state}").format(most=len(states) - 1, state=state)
        )
    checked = block.get("has_been_checked", "1") != "0"
    return Row(
        host=block["host_name"],
        service=service,
        state=states[state] if checked else HealthState.PENDING,
        output=block.get("plugin_output", ""),
        last_check=float(block.get("last_check", 0)),
        last_state_change=float(block.get("last_state_change", 0)),
        last_hard_state_change=float(block.get("last_hard_state_change", 0)),
        next_check=float(block.get("next_check", 0)),
        check_interval=float(block.get("check_interval", 0)),
        retry_interval=float(block.get("retry_interval", 0)),
        is_active=block.get("active_checks_enabled", "1") != "0",
        acknowledged=block.get("problem_has_been_acknowledged", "0") != "0",
        downtime_depth=int(block.get("scheduled_downtime_depth", 0)),
    )


def _variables(block: Block) -> dict[str, str]:
    """Return custom variables: `_NAME=0;value`, where the number says whether it was changed."""
    return {
        name[1:].upper(): value.partition(";")[2]
        for name, value in block.items()
        if name.startswith("_")
    }


def _downtime(block: Block) -> Downtime:
    return Downtime(
        id=int(block["downtime_id"]),
        host=block["host_name"],
        service=block.get("service_description", ""),
        start=float(block["start_time"]),
        end=float(block["end_time"]),
        author=block.get("author", ""),
        comment=block.get("comment", ""),
        in_effect=block.get("is_in_effect", "0") != "0",
    )
