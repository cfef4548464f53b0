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
ALLOWED = (
    "ip link set lo up && ip route add 10.9.9.0/24 dev lo && "
    "echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range && "
    "exec setpriv --bounding-set -all --inh-caps -all "
)


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
def test_echo_requests(tmp_path: Path) -> None:
    script = ALLOWED + f'"{sys.executable}" -c "$PROGRAM"'
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script],
        env={**os.environ, "PROGRAM": PROGRAM, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
