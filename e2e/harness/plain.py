"""A client on a plain socket, which may send slowly, send nonsense, or never read."""

import json
import socket
import struct
import time

from harness.words import PROMPT


def completion_body(stream: bool = False, **fields) -> bytes:
    """A request for a chat completion."""
    request = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}], "stream": stream}
    return json.dumps(request | fields).encode()


def chat_body(stream: bool = False, **fields) -> bytes:
    """A request for native chat."""
    return json.dumps({"message": PROMPT, "stream": stream} | fields).encode()


def post(path: str, body: bytes, **headers: str) -> bytes:
    """The bytes of a POST request."""
    fields = {"host": "playhouse", "content-type": "application/json", "content-length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


class Plain:
    """A connection that does only what it is told to."""

    def __init__(self, port: int, timeout: float = 10, receive_buffer: int | None = None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_until(self, mark: bytes) -> bytes:
        """What comes up to and with these bytes."""
        got = b""
        while mark not in got:
            more = self.socket.recv(65536)
            assert more, f"the server closed the connection before {mark!r} came; it sent {got[-500:]!r}"
            got += more
        return got

    def read_all(self) -> bytes:
        """What comes until the server closes the connection, politely or not."""
        got = b""
        try:
            while more := self.socket.recv(65536):
                got += more
        except ConnectionResetError:
            pass
        return got

    def leave(self) -> None:
        """Closes the connection as a process that ends does."""
        self.socket.close()

    def reset(self) -> None:
        """Closes the connection at once, without a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def drip(connection: Plain, data: bytes, pause_s: float, limit_s: float) -> float:
    """Sends a byte at a time until the server has had enough; returns how long that took."""
    begun = time.monotonic()
    patience = connection.socket.gettimeout()
    connection.socket.settimeout(pause_s)
    try:
        for at in range(len(data)):
            if time.monotonic() - begun > limit_s:
                break
            connection.send(data[at : at + 1])
            if has_answer(connection):
                return time.monotonic() - begun
    except (ConnectionResetError, BrokenPipeError):
        return time.monotonic() - begun
    finally:
        connection.socket.settimeout(patience)
    raise AssertionError(f"after {time.monotonic() - begun:.1f} s of dripping the server still waited")


def has_answer(connection: Plain) -> bool:
    """Whether an answer, or the end, comes within the socket's timeout."""
    try:
        connection.socket.recv(1, socket.MSG_PEEK)
        return True
    except TimeoutError:
        return False
