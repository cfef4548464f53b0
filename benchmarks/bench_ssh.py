"""Measures what a key costs on the network: ssh with and without compression, and mosh.

The dashboard over the sample syndicate runs in a terminal of 120x36 behind a real `ssh -C`
to a real sshd, and behind mosh. A proxy on the loopback interface counts the payload of
TCP or UDP in both directions, and the segments or datagrams. The sshd is a child of this
program, with keys and configuration in a temporary folder.

Run it from the repository: `python -m benchmarks.bench_ssh`. It needs ssh, sshd and
mosh (Debian: openssh-client, openssh-server, mosh); what is absent is left out.
BENCH_QUICK=1 measures half of it.
"""

from __future__ import annotations

import getpass
import os
import re
import select
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from tests.terminal.linked_terminal import LinkedTerminal

ROOT = Path(__file__).parent.parent

PROGRAM = str(ROOT / "tests" / "terminal" / "still_dashboard.py")
SIZE = (120, 36)
QUICK = bool(os.environ.get("BENCH_QUICK"))
KEYS, PAGES = 11, 3
ARROW, SEGMENTS = 70, 1
# How many bytes one Ethernet frame carries.
SEGMENT = 1448
# In seconds: by this time after its first byte, all that belongs to a key has come, mosh's
# acknowledgements too. The first byte itself may take PATIENCE.
QUIET, PATIENCE = 0.8, 5.0
SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


class Proxy:
    """Passes TCP or UDP on to a port of this machine, and counts; a context manager."""

    def __init__(self, port: int, kind: socket.SocketKind) -> None:
        self._to = ("127.0.0.1", port)
        self._kind = kind
        self._front = socket.socket(socket.AF_INET, kind)
        self._front.bind(("127.0.0.1", 0))
        self._wake, self._woken = socket.socketpair()
        self.port = self._front.getsockname()[1]
        self.up = self.down = self.down_segments = 0
        self._thread = Thread(target=self._tcp if kind == socket.SOCK_STREAM else self._udp)

    def __enter__(self) -> Proxy:
        if self._kind == socket.SOCK_STREAM:
            self._front.listen()
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._wake.close()
        self._thread.join()
        self._front.close()
        self._woken.close()

    def _came_down(self, data: bytes) -> None:
        self.down += len(data)
        self.down_segments += -(-len(data) // SEGMENT)

    def _tcp(self) -> None:
        if self._woken in select.select([self._front, self._woken], [], [])[0]:
            return
        near, _address = self._front.accept()
        far = socket.create_connection(self._to)
        with near, far:
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                ready = select.select([near, far, self._woken], [], [])[0]
                if self._woken in ready:
                    return
                for end in ready:
                    data = end.recv(1 << 16)
                    if not data:
                        return
                    if end is near:
                        self.up += len(data)
                        far.sendall(data)
                    else:
                        self._came_down(data)
                        near.sendall(data)

    def _udp(self) -> None:
        client: Any = None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
            far.connect(self._to)
            while True:
                ready = select.select([self._front, far, self._woken], [], [])[0]
                if self._woken in ready:
                    return
                with suppress(ConnectionRefusedError):
                    if self._front in ready:
                        data, client = self._front.recvfrom(1 << 16)
                        self.up += len(data)
                        far.send(data)
                    if far in ready:
                        data = far.recv(1 << 16)
                        self._came_down(data)
                        self._front.sendto(data, client)


class Cost:
    """The cost of each of several keys: bytes and segments to the terminal, bytes from it."""

    def __init__(self) -> None:
        self.keys: list[tuple[int, int, int]] = []

    def median(self, which: int) -> float:
        return statistics.median(key[which] for key in self.keys)

    def most(self, which: int) -> int:
        return max(key[which] for key in self.keys)


def costs(terminal: LinkedTerminal, proxy: Proxy, act: Callable[[], None], count: int) -> Cost:
    cost = Cost()
    for _time in range(count):
        before = proxy.down, proxy.down_segments, proxy.up
        shown = terminal.received
        act()
        waited = 0.0
        while terminal.received == shown and waited < PATIENCE:
            terminal.pump(0.02)
            waited += 0.02
        terminal.settle(QUIET)
        after = proxy.down, proxy.down_segments, proxy.up
        cost.keys.append((after[0] - before[0], after[1] - before[1], after[2] - before[2]))
    return cost


def measure(command: Sequence[str], proxy: Proxy, env: dict[str, str]) -> dict[str, Cost]:
    with LinkedTerminal(command, size=SIZE, env=env) as terminal:
        terminal.wait_for("7 Sources", 60)
        terminal.settle(2, 30)
        found = {"start": Cost()}
        found["start"].keys.append((proxy.down, proxy.down_segments, proxy.up))
        terminal.press("4")
        terminal.wait_for("open tickets", 20)
        terminal.settle(2, 20)
        for key, count in (("down", KEYS), ("pagedown", PAGES)):
            found[key] = costs(terminal, proxy, lambda key=key: terminal.press(key), count)  # type: ignore[misc]
        before = proxy.down
        terminal.pump(20)
        found["idle 20 s"] = Cost()
        found["idle 20 s"].keys.append((proxy.down - before, 0, 0))
        return found


def dashboard(folder: Path, driver: str) -> list[str]:
    """Returns the command for the far end. Its clock stands still, so that no minute begins
    within a key.
    """
    environment = {"SMIC_TUI_DRIVER": driver, "SMIC_TUI_FROZEN": "1", "LANGUAGE": "en"}
    variables = [f"{name}={value}" for name, value in environment.items()]
    return ["env", "LC_ALL=C.UTF-8", *variables, sys.executable, PROGRAM, str(folder)]


# -- ssh


@contextmanager
def sshd(folder: Path) -> Iterator[int]:
    """Runs a server for this account alone; gives its port."""
    assert SSHD is not None
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    config = folder / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/user.pub\nAuthenticationMethods publickey\n"
        f"AllowUsers {getpass.getuser()}\nPermitRootLogin prohibit-password\n"
        "StrictModes no\nUsePAM no\nPrintMotd no\nPrintLastLog no\n"
    )
    if os.geteuid() == 0:
        # The folder that the package's service would have made.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    log = (folder / "sshd.log").open("wb")
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=log)
    try:
        for _try in range(100):
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        else:
            raise RuntimeError((folder / "sshd.log").read_text())
        yield port
    finally:
        server.terminate()
        server.wait()
        log.close()


def ssh(folder: Path, port: int, *options: str) -> list[str]:
    return [
        "ssh", "-tt", "-F", "none", "-p", str(port), "-i", str(folder / "user"),
        "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder}/known",
        "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR", *options,
        f"{getpass.getuser()}@127.0.0.1",
    ]  # fmt: skip


def over_ssh(folder: Path, driver: str, *options: str) -> dict[str, Cost]:
    with sshd_of(folder) as port, Proxy(port, socket.SOCK_STREAM) as proxy:
        program = shlex.join(dashboard(folder / "still", driver))
        return measure([*ssh(folder, proxy.port, *options), program], proxy, {})


@contextmanager
def sshd_of(folder: Path) -> Iterator[int]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        for name in ("user", "known"):
            (folder / name).unlink(missing_ok=True)
        with sshd(Path(own)) as port:
            shutil.copy2(Path(own) / "user", folder / "user")
            yield port


# -- mosh


def over_mosh(folder: Path, driver: str) -> dict[str, Cost]:
    with ExitStack() as stack:
        said = subprocess.run(
            ["mosh-server", "new", "-i", "127.0.0.1", "--", *dashboard(folder / "still", driver)],
            env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"},
            capture_output=True,
            text=True,
            check=True,
        )
        port, key = re.findall(r"MOSH CONNECT (\d+) (\S+)", said.stdout)[0]
        pid = int(re.findall(r"pid = (\d+)", said.stderr)[0])
        stack.callback(ended, pid)
        proxy = stack.enter_context(Proxy(int(port), socket.SOCK_DGRAM))
        return measure(["mosh-client", "127.0.0.1", str(proxy.port)], proxy, {"MOSH_KEY": key})


def ended(pid: int) -> None:
    """Waits for a server to end with its client, and ends one that does not."""
    for _try in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    with suppress(ProcessLookupError):
        os.kill(pid, 15)


# -- all


def table(rows: dict[str, dict[str, Cost]]) -> None:
    print("median; down is to the terminal, payload without the headers of TCP, UDP and IP")
    print(f"{'':26}{'start':>10}{'— arrow key —':>29}{'page':>10}{'idle 20 s':>11}")
    print(f"{'':26}{'down':>10}{'down':>9}{'segments':>10}{'up':>10}{'down':>10}{'down':>11}")
    for name, found in rows.items():
        arrow = found["down"]
        print(
            f"{name:26}{found['start'].median(0):10,.0f}{arrow.median(0):9.0f}"
            f"{arrow.median(1):10.0f}{arrow.median(2):10.0f}{found['pagedown'].median(0):10,.0f}"
            f"{found['idle 20 s'].median(0):11,.0f}"
        )
    lean = rows.get("ssh -C, lean")
    if lean is None:
        return
    for name, found in rows.items():
        if found is not lean:
            ratio = found["down"].median(0) / lean["down"].median(0)
            print(f"an arrow key over {name}: {ratio:.1f} times that of ssh -C, lean")
    most, segments = lean["down"].most(0), lean["down"].most(1)
    print(f"ssh -C, lean, the dearest of {KEYS}: {most} B of {ARROW} in {segments} of {SEGMENTS}")


def main() -> None:
    rows: dict[str, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory(prefix="ssh-") as name:
        folder = Path(name)
        subprocess.run([sys.executable, PROGRAM, "prepare", str(folder / "still")], check=True)
        if SSHD is None or shutil.which("ssh") is None:
            print("skipped: ssh or sshd is not installed (Debian: openssh-client, openssh-server)")
        else:
            rows["ssh -C, lean"] = over_ssh(folder, "lean", "-C")
            rows["ssh -C, stock Textual"] = over_ssh(folder, "stock", "-C")
            if not QUICK:
                rows["ssh, lean"] = over_ssh(folder, "lean")
                rows["ssh, stock Textual"] = over_ssh(folder, "stock")
        if shutil.which("mosh-server") is None or shutil.which("mosh-client") is None:
            print("skipped: mosh is not installed (Debian: mosh)")
        else:
            rows["mosh, stock Textual"] = over_mosh(folder, "stock")
            if not QUICK:
                rows["mosh, lean"] = over_mosh(folder, "lean")
    if rows:
        table(rows)


if __name__ == "__main__":
    main()
