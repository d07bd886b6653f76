"""What listens and is no server: whatever it sends, byte for byte, the look ends soon and in one line."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from planner.domain.probe_task import ProbeTask
from planner.probe.errors import ProbeError
from planner.probe.target import Target, look

TASK = ProbeTask(input_tokens=32, output_tokens=8, levels=(1,), stall_s=0.4, request_s=1.5)


def _serve(talk: Callable[[socket.socket], None]) -> tuple[str, Callable[[], None]]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    gone = threading.Event()

    def one(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                talk(connection)
            except OSError:
                pass

    def accept() -> None:
        while not gone.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()

    def end() -> None:
        gone.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)

    return f"http://127.0.0.1:{listener.getsockname()[1]}", end


def _drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(2000):
        connection.sendall(b"X-%d: y\r\n" % n if n % 2 else b"X")
        time.sleep(0.02)


def _drip_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)


def _flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-Header: y\r\n" * 200_000 + b"\r\n")


def _long_header(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5_000_000 + b"\r\n\r\n")


def _huge_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    while True:
        connection.sendall(b"x" * 1_000_000)


def _gzip_bomb(connection: socket.socket) -> None:
    import gzip

    bomb = gzip.compress(b" " * 30_000_000, 1)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    connection.sendall(head.encode() + bomb)


@pytest.mark.parametrize(
    "talk",
    [
        lambda c: None,
        lambda c: c.sendall(b"\x00\xff\xfe" * 1000),
        lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"),
        lambda c: c.sendall(b"HTTP/1.1 200\r\n\r\n"),
        lambda c: c.sendall(b"HTTP/1.1 999999 OK\r\n\r\n"),
        lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
        lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n{}"),
        lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}"),
        lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
        lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n"),
        lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
        lambda c: c.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        lambda c: c.sendall(b"HTTP/1.1 301 Moved\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"),
        _flood,
        _long_header,
        _huge_body,
        _gzip_bomb,
        _drip,
        _drip_body,
    ],
)
def test_what_is_no_server_ends_in_one_line_and_soon(
    talk: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.probe.asking.READ_S", 0.6)
    url, end = _serve(talk)
    began = time.monotonic()
    try:
        with pytest.raises(ProbeError) as caught:
            look(Target(url, "tiny", policy="loopback"), TASK)
    finally:
        end()
    assert time.monotonic() - began < 5
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
