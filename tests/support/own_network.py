"""A program in a network of its own, in which the hosts of DingTalk are a sandbox.

For bridges whose code names the hosts: they run as they are. Linux only, by namespaces of the
user's own: `/etc/hosts` has the names, and port 443 there belongs to this process, which ends TLS
and passes all on to the sandbox.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.editor import ROOT
from tests.support.processes import Child, run

HOSTS = ("api.dingtalk.com", "oapi.dingtalk.com")
ADDRESS = f"https://{HOSTS[1]}"
"""How the sandbox's `bridge_address` begins in there."""
UP = 0x8914, 1 | 64
"""SIOCSIFFLAGS, and the flags of an interface that is up and running."""


def missing() -> str:
    """What is missing to make one, in words; empty when nothing is."""
    lacking = [name for name in ("unshare", "mount", "openssl") if not shutil.which(name)]
    if lacking:
        return f"needs {' and '.join(lacking)}"
    alone = run(["unshare", "--map-root-user", "--net", "--mount", "true"])
    return "needs namespaces of the user's own" if alone.returncode else ""


@contextmanager
def started(
    argv: Sequence[str], folder: Path, sandbox: str, environ: Mapping[str, str]
) -> Iterator[Child]:
    """Run a program in a network whose DingTalk is the sandbox at this address. Its output is in
    `output` in the folder, which keeps the certificate as well."""
    certificate = _certificate(folder)
    names = folder / "hosts"
    names.write_text("".join(f"127.0.0.1 {each}\n" for each in ("localhost", *HOSTS)), "utf-8")
    here, there = socket.socketpair()
    trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    unshare = ["unshare", "--map-root-user", "--net", "--mount"]
    inside = [sys.executable, "-m", __name__, str(there.fileno()), str(names), str(folder)]
    with (
        here,
        (folder / "output").open("wb") as output,
        Child(
            [*unshare, *inside, *argv],
            cwd=ROOT,
            pass_fds=[there.fileno()],
            stdout=output,
            stderr=output,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                **dict.fromkeys(trust, str(certificate)),
                **environ,
            },
        ) as child,
    ):
        there.close()
        _, [listening], _, _ = socket.recv_fds(here, 1, 1)
        with _relay(socket.socket(fileno=listening), certificate, sandbox):
            here.sendall(b"x")
            yield child


def _certificate(folder: Path) -> Path:
    """A certificate for the hosts, and its key, in one file."""
    path = folder / "identity.pem"
    names = ",".join(f"DNS:{each}" for each in HOSTS)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += [
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=sandbox",
        "-addext",
        f"subjectAltName={names}",
    ]
    run([*command, "-keyout", str(path), "-out", f"{path}.cert"], check=True)
    with path.open("ab") as file:
        file.write(Path(f"{path}.cert").read_bytes())
    return path


@contextmanager
def _relay(listening: socket.socket, certificate: Path, sandbox: str) -> Iterator[None]:
    """Pass on what comes by TLS to the sandbox."""
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.load_cert_chain(certificate)
    port = int(sandbox.rpartition(":")[2])
    running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # one end is gone; so will be the other
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond = await asyncio.open_connection("127.0.0.1", port)
        with suppress(asyncio.CancelledError):  # at the end, of which nobody needs to hear
            await asyncio.gather(copy(reader, beyond[1]), copy(beyond[0], writer))

    async def serve() -> None:
        stopped = asyncio.Event()
        server = await asyncio.start_server(join, sock=listening, ssl=settings)
        running.set_result((asyncio.get_running_loop(), stopped))
        await stopped.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    loop, stopped = running.result()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()


def main(channel: int, names: str, folder: str, argv: list[str]) -> None:
    """In the network: make it usable, hand its port 443 out, and become the program."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request, flags = UP
        fcntl.ioctl(any_socket, request, struct.pack("16sh14x", b"lo", flags))
    run(["mount", "--bind", names, "/etc/hosts"], check=True)
    with (
        socket.socket(fileno=channel) as parent,
        socket.create_server(("127.0.0.1", 443)) as listening,
    ):
        socket.send_fds(parent, [b"x"], [listening.fileno()])
        parent.recv(1)
    os.chdir(folder)
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
