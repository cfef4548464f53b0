"""Objects of a hub that unpack to more than they look."""

from __future__ import annotations

import functools
import lzma
import threading
import time
import tracemalloc

import pytest

from smic_tui.hub.manifest import Malformed
from smic_tui.hub.packing import Changes, pack, unpack
from smic_tui.records import Health, HealthState, Record, Stream


def packed(text: bytes) -> bytes:
    return lzma.compress(text, lzma.FORMAT_ALONE)


@functools.cache
def bombs() -> dict[str, bytes]:
    head, tail = b'[["a","sites",[', b"],[],[]]]"
    return {
        "zeroes": packed(b"\0" * (160 << 20)),
        "numbers": packed(head + b"[[" + b"1," * (20 << 20) + b"1]]" + tail),
        "lists": packed(head + b"[[" + b"[]," * 1_000_000 + b"[]]]" + tail),
        "objects": packed(head + b"[[" + b"{}," * 1_000_000 + b"{}]]" + tail),
        "nested": packed(b"[" * 1_000_000),
        "letters": packed(head + b'[["k"],"' + b"#" * 3_000_000 + b'"]' + tail),
        "times": packed(head + b"[1,[" + b"1," * 1_000_000 + b"1]]" + tail),
        "a number": packed(head + b"[[1" + b"0" * 3_000_000 + b"]]" + tail),
    }


@pytest.mark.parametrize("name", sorted(bombs()))
def test_a_small_object_stays_small(name: str) -> None:
    data = bombs()[name]
    assert len(data) < 100_000
    longest = [0.0]
    done = threading.Event()

    def beat() -> None:
        last = time.perf_counter()
        while not done.wait(0.001):
            now = time.perf_counter()
            longest[0] = max(longest[0], now - last)
            last = now

    loop = threading.Thread(target=beat)
    loop.start()
    tracemalloc.start()
    began, used = time.perf_counter(), time.thread_time()
    with pytest.raises(Malformed):
        unpack(data)
    used = time.thread_time() - used
    took = time.perf_counter() - began
    done.set()
    loop.join()
    grown = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(
        f"{name}: {len(data)} B, {took * 1000:.0f} ms, {grown:.0f} MB, {longest[0] * 1000:.0f} ms"
    )
    assert grown < 200
    assert used < 3.0  # tracing makes it slower


def test_what_is_published_fits() -> None:
    rows: dict[str, Record] = {
        f"h{number:05}": Health(
            key=f"h{number:05}", host=f"h{number:05}", site=f"{number:05}", state=HealthState.UP
        )
        for number in range(50_000)
    }
    changes = Changes({("m", Stream.HEALTH): rows}, {})
    found = unpack(pack(changes)).rows["m", Stream.HEALTH]
    assert len(found) == len(rows)
    assert found["h00017"] == rows["h00017"]
