"""Feeds broken bytes to everything that reads bytes from outside: `make fuzz SECONDS=600`.

A reader may give a value or raise one of our own errors. Anything else, a call that takes long, or
memory that keeps growing, ends the run with the seed and the bytes that did it.
"""

from __future__ import annotations

import resource
import socket
import sys
import time
from collections.abc import Callable
from random import Random

from dingbridge.core.delivery import outbox_journal, outbox_records
from dingbridge.core.dingtalk import responses, stream_frames
from dingbridge.core.dingtalk.http_answer import HttpAnswer
from dingbridge.core.dingtalk.robot_message import read_robot_message
from dingbridge.core.errors import BridgeError
from dingbridge.core.sessions import inbox, state, transcript
from dingbridge.core.sessions.transcript import SessionInfo
from dingbridge.edges.ipc import Server
from dingbridge.protocol import frames as protocol
from dingbridge.sandbox.inbound import Utterance
from dingbridge.sandbox.robot_messages import RobotMessages
from dingbridge.sandbox.settings import Settings
from dingbridge.sandbox.state import World

SLOWEST = 2.0
"""Seconds that one call may take on inputs of this size."""
LARGEST = 300_000
"""Bytes of one input."""
GROWTH = 400_000
"""KiB that the process may grow by after it has warmed up."""

Reader = Callable[[bytes], object]

FRAME = (
    b'{"specVersion":"1.0","type":"CALLBACK","headers":{"topic":"/v1.0/im/bot/messages/get",'
    b'"messageId":"m1","contentType":"application/json","time":"1690362102194"},"data":"{}"}'
)


def _message() -> bytes:
    messages = RobotMessages(World(Settings(), time.time))
    push = messages.compose(Utterance("hello @all 你好", "zhangsan"))
    return str(push.data).encode()


def readers() -> dict[str, tuple[Reader, list[bytes]]]:
    """Every reader with good examples of what it reads."""
    put = b'{"type":"put","robot":"r","outbound":{"id":"m","target":{},"text":"t"},'
    put += b'"kind":"reply","session":"s","time":1.5}'
    info = SessionInfo("s", "S", 1.0)
    line = b'{"message":{"id":"m","role":"dingtalk","author":"a","text":"t","time":1.0}}'
    ok = b'{"errcode":0,"errmsg":"ok","processQueryKey":"k","accessToken":"t","expireIn":7200,'
    ok += b'"endpoint":"wss://wss-open-connection.dingtalk.com:443/connect","ticket":"x"}'
    refused = b'{"code":"Forbidden.AccessDenied.AccessTokenPermissionDenied","message":"m",'
    refused += b'"accessdenieddetail":{"requiredScopes":["a","b"]},"requestid":"r"}'
    examples = [ok, refused, b"<html>502</html>", b'{"status":1111,"punish":"deny"}']
    found: dict[str, tuple[Reader, list[bytes]]] = {
        "frame": (stream_frames.decode, [FRAME, FRAME.replace(b"CALLBACK", b"SYSTEM")]),
        "robot message": (
            lambda data: read_robot_message(data.decode("utf-8", "replace")),
            [_message()],
        ),
        "state file": (state.decode, [state.encode(state.State(seen={"a": 1.0}))]),
        "outbox": (outbox_records.decode, [put, b'{"type":"done","id":"m","time":1}']),
        "outbox lines": (lambda data: outbox_journal.shortened(data.split(b"\n"), "r", 1.0), [put]),
        "inbox": (inbox.decode, [b'{"type":"handed","key":"k"}']),
        "transcript": (lambda data: transcript.read(data.split(b"\n"), info), [line]),
        "of a host": (protocol.decode_from_host, [protocol.encode(protocol.EditorEvent("x", [1]))]),
        "of the service": (protocol.decode_from_service, [protocol.encode(protocol.Unfit(1))]),
    }
    statuses = (200, 400, 403, 500)
    for status in statuses:
        found[f"robot answer {status}"] = (
            lambda data, status=status: responses.read_robot(
                HttpAnswer(status, data), session=True
            ),  # type: ignore[misc]  # mypy cannot infer a lambda's default
            examples,
        )
        for read in (responses.read_send, responses.read_token, responses.read_connection):
            found[f"{read.__name__} {status}"] = (
                lambda data, read=read, status=status: read(HttpAnswer(status, data)),  # type: ignore[misc]  # mypy cannot infer a lambda's default
                examples,
            )
    return found


def broken(data: bytes, random: Random) -> bytes:
    """`data` with a few random changes."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(8):
            case 0 if changed:
                changed[at % len(changed)] = random.randrange(256)
            case 1:
                del changed[at : at + random.randint(1, 40)]
            case 2:
                changed[at:at] = random.randbytes(random.randint(1, 30))
            case 3:
                piece = changed[at : at + random.randint(1, 60)]
                changed[at:at] = piece * random.choice((2, 50, 2000))
            case 4:
                del changed[at:]
            case 5:
                words = (
                    b"null",
                    b"[]",
                    b"{}",
                    b"-1",
                    b"1e999",
                    b'""',
                    b"\xff\xfe",
                    b"\x00",
                    b"\\u",
                )
                changed[at:at] = random.choice(words)
            case 6:
                depth = random.choice((10, 5000))
                changed[at:at] = random.choice((b"[", b'{"a":', b'"\\')) * depth
            case _:
                number = str(random.choice((0, -1, 2**63, 2**64, 10**400))).encode()
                changed[at:at] = number
    return bytes(changed[:LARGEST])


def socket_gets(server: Server, data: bytes) -> None:
    """A stranger says this to the local socket and hangs up."""
    with socket.socket(socket.AF_UNIX if "/" in server.address else socket.AF_INET) as stranger:
        if "/" in server.address:
            stranger.connect(server.address)
        else:
            host, _, port = server.address.rpartition(":")
            stranger.connect((host, int(port)))
        try:
            stranger.sendall(data[:4096])
        except OSError:
            return  # it hung up first, as it may


def main() -> int:
    """Run for the seconds on the command line; 0 when nothing broke."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    random = Random(seed)
    found = readers()
    server = Server(lambda _event: None)
    server.start()
    counts = dict.fromkeys(found, 0)
    counts["local socket"] = 0
    began = time.monotonic()
    warm = 0
    while (passed := time.monotonic() - began) < seconds:
        name = random.choice(list(found))
        read, examples = found[name]
        data = broken(random.choice(examples), random)
        before = time.perf_counter()
        try:
            read(data)
        except (BridgeError, ValueError):
            pass
        except Exception as error:  # noqa: BLE001 - that is what the run looks for
            print(f"seed {seed}: {name} raised {error!r} on {data[:400]!r}")  # noqa: T201 - a report
            return 1
        if (took := time.perf_counter() - before) > SLOWEST:
            print(f"seed {seed}: {name} took {took:.1f} s on {len(data)} bytes")  # noqa: T201 - a report
            return 1
        counts[name] += 1
        if sum(counts.values()) % 50 == 0:
            socket_gets(server, data)
            counts["local socket"] += 1
            if not server.is_alive():
                print(f"seed {seed}: the local socket died on {data[:400]!r}")  # noqa: T201 - a report
                return 1
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if not warm and passed > min(30.0, seconds / 2):
            warm = used
        if warm and used - warm > GROWTH:
            print(f"seed {seed}: grew from {warm} to {used} KiB")  # noqa: T201 - a report
            return 1
    server.stop()
    total = sum(counts.values())
    print(f"seed {seed}: {total:,} inputs in {seconds:g} s, at most {used:,} KiB, nothing broke")  # noqa: T201 - a report
    for name, count in sorted(counts.items()):
        print(f"  {name:24} {count:>9,}")  # noqa: T201 - a report
    return 0


if __name__ == "__main__":
    sys.exit(main())
