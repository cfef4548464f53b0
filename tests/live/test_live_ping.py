"""Echo requests without any right, in a network of our own where they are allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.live

PROGRAM = """
import asyncio
from adapters.ping.probe import knock

async def main():
    for address in ("127.0.0.1", "127.8.9.10", "localhost", "::1"):
        assert (await knock(address, 0, 2)).answered, address
    # Nobody is behind this one: the network has no other way than to itself.
    found = await knock("10.9.9.9", 0, 0.5)
    assert not found.answered, found
    many = await asyncio.gather(*(knock(f"127.0.0.{n}", 0, 5) for n in range(1, 200)))
    assert all(each.answered for each in many)

asyncio.run(main())
"""
# Our own resolver is dead, and a site by its address is well: nothing is said of the named one.
WITHOUT_NAMES = """
import asyncio, msgspec
from pathlib import Path
from adapters.ping.adapter import PingAdapter
from adapters.ping.options import PingOptions
from smic_tui.contract.adapter import Context
from smic_tui.records import HealthState, Stream

async def main():
    settings = {
        "targets": [
            {"site": "17001", "address": "mairie.example"},
            {"site": "17002", "address": "127.0.0.2"},
        ],
        "witness": "127.0.0.1", "spread": "0s", "timeout": "20s", "attempts": 1,
    }
    context = Context(source="p", folder=Path("/"), timezone="UTC", secret=str)
    adapter = PingAdapter(msgspec.convert(settings, PingOptions), context)
    rows = {
        row.site: row
        async for batch in adapter.fetch(Stream.HEALTH, None) for row in batch.upserts
    }
    assert rows["17002"].state is HealthState.UP, rows
    assert rows["17001"].state is HealthState.UNKNOWN, rows
    assert "127.0.0.53" in rows["17001"].output, rows

asyncio.run(main())
"""
ALLOWED = (
    "ip link set lo up && ip route add 10.9.9.0/24 dev lo && "
    "echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range && "
    "exec setpriv --bounding-set -all --inh-caps -all "
)


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
@pytest.mark.parametrize("program", [PROGRAM, WITHOUT_NAMES], ids=["echo", "no names"])
def test_echo_requests(tmp_path: Path, program: str) -> None:
    resolvers = tmp_path / "resolv.conf"
    resolvers.write_text("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
    script = f"mount --bind {resolvers} /etc/resolv.conf && {ALLOWED}"
    script += f'"{sys.executable}" -c "$PROGRAM"'
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", script],
        env={**os.environ, "PROGRAM": program, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
