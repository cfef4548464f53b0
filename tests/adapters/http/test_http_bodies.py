"""Answers that unpack to more than they look, or say more than a message can show."""

from __future__ import annotations

import gzip
import ssl
import tracemalloc
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.bodies import PIECE, DamagedBodyError, UnknownCodingError, Unpacker
from adapters.http.options import HttpOptions
from adapters.http.session import HttpSession
from adapters.http.tls import tls_context
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import BadAnswer, SourceError
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Reply, json_reply

MEGABYTE = 1 << 20


def session(url: str, **options: object) -> HttpSession:
    context = Context(source="test", folder=CERTS, timezone="UTC", secret=lambda _: "")
    return HttpSession(msgspec.convert({"url": url, **options}, HttpOptions), context)


def unpacked(coding: str, *chunks: bytes) -> bytes:
    unpacker = Unpacker(coding)
    found = b"".join(piece for chunk in chunks for piece in unpacker.unpack(chunk))
    unpacker.end()
    return found


@given(st.binary(max_size=5000), st.lists(st.integers(0, 5000), max_size=5), st.booleans())
def test_a_body_is_unpacked_however_it_is_cut(data: bytes, cuts: list[int], packed: bool) -> None:
    sent = gzip.compress(data) if packed else data
    edges = [0, *sorted(cut for cut in cuts if cut < len(sent)), len(sent)]
    chunks = [sent[a:b] for a, b in pairwise(edges)]
    assert unpacked("gzip" if packed else "", *chunks) == data


def test_members_that_are_laid_end_to_end_are_one_body() -> None:
    assert unpacked("x-gzip", gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"


@given(st.binary(min_size=1, max_size=300))
def test_what_is_not_packed_as_it_says_is_damaged_or_as_it_is(data: bytes) -> None:
    try:
        unpacked("gzip", data)
    except DamagedBodyError:
        return
    assert gzip.decompress(data) is not None


def test_an_end_that_is_missing_is_noticed() -> None:
    with pytest.raises(DamagedBodyError):
        unpacked("gzip", gzip.compress(b"something")[:-4])


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "deflate", "zstd", "gzip,identity"])
def test_other_codings_are_refused(coding: str) -> None:
    with pytest.raises(UnknownCodingError):
        Unpacker(coding)


def test_no_piece_is_larger_than_agreed() -> None:
    bomb = gzip.compress(bytes(20 * MEGABYTE))
    assert {len(piece) for piece in Unpacker("gzip").unpack(bomb)} == {PIECE}


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize("layers", [1, 2])
async def test_a_few_kilobytes_do_not_become_gigabytes(status: int, layers: int) -> None:
    bomb = bytes(256 * MEGABYTE)
    for _layer in range(layers):
        bomb = gzip.compress(bomb)
    reply = Reply(status, bomb, headers={"Content-Encoding": ", ".join(["gzip"] * layers)})
    with MisbehavingServer(lambda request: reply) as server:
        http = session(server.url, max_bytes=MEGABYTE)
        tracemalloc.start()
        try:
            with pytest.raises(SourceError) as raised:
                await http.request("GET")
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            await http.close()
        assert len(raised.value.message) < 500
        assert peak < 16 * MEGABYTE
        if status == 200:
            assert type(raised.value) is BadAnswer


async def test_a_good_answer_of_two_layers_is_named_for_what_it_is() -> None:
    body = gzip.compress(gzip.compress(b"{}"))
    reply = Reply(200, body, headers={"Content-Encoding": "gzip, gzip"})
    with MisbehavingServer(lambda request: reply) as server:
        http = session(server.url)
        with pytest.raises(BadAnswer, match="gzip, gzip"):
            await http.request("GET")
        await http.close()


async def test_the_one_coding_is_asked_for() -> None:
    with MisbehavingServer(lambda request: json_reply({})) as server:
        http = session(server.url)
        await http.request("GET")
        await http.close()
        assert server.requests[0].headers["accept-encoding"] == "gzip"


async def test_a_long_location_is_shortened() -> None:
    reply = Reply(302, headers={"Location": "https://elsewhere.example/" + "a" * 60_000})
    with MisbehavingServer(lambda request: reply) as server:
        http = session(server.url)
        with pytest.raises(BadAnswer) as raised:
            await http.request("GET")
        await http.close()
        assert "elsewhere.example" in raised.value.message
        assert len(raised.value.message) < 500


def test_an_authority_named_by_file_needs_no_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13 demands them by itself: here every Python does."""
    make = ssl.create_default_context

    def strict(**named: Path) -> ssl.SSLContext:
        context = make(**named)  # type: ignore[arg-type]
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strict)
    options = HttpOptions(url="https://monitoring.example", ca_file="ca.pem")
    context = tls_context(options, CERTS)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    # The tests' authority has no key usage, as Icinga's own has not: strict refuses it.
    assert handshake(context) == ""
    assert "key usage" in handshake(strict(cafile=CERTS / "ca.pem"))


def handshake(client_side: ssl.SSLContext) -> str:
    """What the client has against the tests' server; empty when it accepts it."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(CERTS / "server.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server, server_hostname="monitoring.example")
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    for _turn in range(6):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return ""
