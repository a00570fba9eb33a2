"""A vendor played by a script, on raw sockets, so that it can also misbehave.

A check gives it *acts*: coroutines that take an `Exchange` and send whatever bytes they like. They
are played in turn, one an exchange, and the last one again and again.
"""

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Awaitable, Callable

from harness.words import ANSWER

Act = Callable[["Exchange"], Awaitable[None]]


class Exchange:
    """One request as it arrived, and the connection to answer it on."""

    def __init__(self, connection: "_Connection", head: bytes, body: bytes):
        self._connection = connection
        self.head, self.body = head, body
        request_line, *fields = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = request_line.split(" ", 2)
        pairs = (field.split(":", 1) for field in fields if field)
        self.headers = {name.strip().lower(): value.strip() for name, value in pairs}
        self.closed_at: float | None = None
        self._closed = threading.Event()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def connection(self) -> int:
        """Which connection it came over."""
        return id(self._connection)

    async def send(self, data: bytes | str) -> None:
        """Sends bytes; waits while the other side does not take them."""
        await self._connection.send(data.encode() if isinstance(data, str) else data)

    async def answer(self, status: int, body: bytes | str, **headers: str) -> None:
        """Sends a whole response; `content_type` and other headers by keyword."""
        data = body.encode() if isinstance(body, str) else body
        fields = {"content-type": "application/json", "content-length": str(len(data))}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        await self.send(head(status, fields) + data)

    async def begin_stream(self, **headers: str) -> None:
        """Sends the head of a chunked event stream."""
        fields = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
        await self.send(head(200, fields | {name.replace("_", "-"): value for name, value in headers.items()}))

    async def send_chunk(self, data: bytes | str) -> None:
        """Sends data as one chunk of a chunked body."""
        data = data.encode() if isinstance(data, str) else data
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def end_stream(self) -> None:
        await self.send("0\r\n\r\n")

    def hang_up(self) -> None:
        self._connection.transport.close()

    def reset(self) -> None:
        self._connection.transport.abort()

    async def silence(self) -> None:
        """Says nothing until the other side has gone."""
        await self._connection.gone.wait()

    def note_closed(self) -> None:
        self.closed_at = time.monotonic()
        self._closed.set()

    def wait_closed(self, timeout: float) -> bool:
        """Whether the other side has closed the connection in this time."""
        return self._closed.wait(timeout)


class Upstream:
    """The scripted vendor; `url` is what a base URL should be.

    With `tls` it speaks HTTPS; where it `answers_early`, acts begin before the request's body is read.
    """

    def __init__(self, tls: ssl.SSLContext | None = None):
        self.answers_early = False
        self._tls = tls
        self.exchanges: list[Exchange] = []
        self.faults: list[BaseException] = []
        self._acts: list[Act] = [completion()]
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v1"

    async def _listen(self):
        return await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, ssl=self._tls)

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(5)

    def plays(self, *acts: Act) -> None:
        """From now on these acts, and no exchange has happened."""
        with self._arrived:
            self._acts = list(acts)
            self.exchanges = []
            self.answers_early = False

    def take_act(self, exchange: Exchange) -> Act:
        with self._arrived:
            act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
            self.exchanges.append(exchange)
            self._arrived.notify_all()
        return act

    def wait_for(self, number: int = 1, timeout: float = 5) -> Exchange:
        """The exchange of this number, once it has arrived."""
        with self._arrived:
            has_come = self._arrived.wait_for(lambda: len(self.exchanges) >= number, timeout)
            assert has_come, f"the upstream got {len(self.exchanges)} requests within {timeout} s, expected {number}"
            return self.exchanges[number - 1]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


class _Connection(asyncio.Protocol):
    """A connection whose end is noticed while it is being answered."""

    def __init__(self, upstream: Upstream):
        self._upstream = upstream
        self._buffer = bytearray()
        self._more = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._exchange: Exchange | None = None
        self.gone = asyncio.Event()

    def connection_made(self, transport):
        self.transport = transport
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data):
        self._buffer += data
        self._more.set()

    def pause_writing(self):
        self._writable.clear()

    def resume_writing(self):
        self._writable.set()

    def connection_lost(self, _error):
        self.gone.set()
        self._more.set()
        self._writable.set()
        if self._exchange:
            self._exchange.note_closed()

    async def send(self, data: bytes) -> None:
        await asyncio.sleep(0)  # Even who sends without end must let the others live.
        await self._writable.wait()
        if self.gone.is_set():
            raise ConnectionResetError
        self.transport.write(data)

    async def _serve(self) -> None:
        try:
            while (exchange := await self._read()) is not None:
                self._exchange = exchange
                await self._upstream.take_act(exchange)(exchange)
        except ConnectionResetError:
            pass  # The server hung up, which checks look at through `wait_closed`.
        except Exception as fault:  # noqa: BLE001 - shown by the check that reads it
            self._upstream.faults.append(fault)
            self.transport.abort()

    async def _read(self) -> Exchange | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not await self._received_more():
                return None
        head = bytes(self._buffer[:end])
        length = 0 if self._upstream.answers_early else content_length(head)
        while len(self._buffer) < end + 4 + length:
            if not await self._received_more():
                return None
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        return Exchange(self, head, body)

    async def _received_more(self) -> bool:
        if self.gone.is_set():
            return False
        self._more.clear()
        await self._more.wait()
        return not self.gone.is_set()


def content_length(head: bytes) -> int:
    for field in head.lower().split(b"\r\n")[1:]:
        name, _, value = field.partition(b":")
        assert name.strip() != b"transfer-encoding", "the upstream of the checks reads no chunked requests"
        if name.strip() == b"content-length":
            return int(value)
    return 0


def head(status: int, headers: dict[str, str]) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Status\r\n{fields}\r\n".encode()


MODELS = {"object": "list", "data": [{"id": "scripted-1", "object": "model", "created": 1700000000, "owned_by": "script"}]}


def reply_body(text: str = ANSWER, **message) -> dict:
    """A chat completion that says this, or has this message."""
    said = {"role": "assistant", "content": text, "refusal": None} | message
    finish = "tool_calls" if "tool_calls" in message else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "scripted-1",
        "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def chunk(delta: dict | None = None, finish: str | None = None, **fields) -> str:
    """One frame of a streamed chat completion."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    frame = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "scripted-1"}
    return f"data: {json.dumps(frame | {'choices': choices} | fields)}\n\n"


ROLE = chunk({"role": "assistant", "content": "", "refusal": None})
STOP = chunk({}, "stop")
USAGE = chunk(usage={"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18})
DONE = "data: [DONE]\n\n"


def frames(text: str = ANSWER) -> list[str]:
    """The frames of a streamed answer, up to and with its end."""
    words = [chunk({"content": word}) for word in text.replace(" ", " \0").split("\0")]
    return [ROLE, *words, STOP, USAGE, DONE]


def completion(text: str = ANSWER) -> Act:
    """Answers well, streamed or whole as asked; lists its models when asked for those."""

    async def act(exchange: Exchange) -> None:
        if exchange.method == "GET":
            return await exchange.answer(200, json.dumps(MODELS))
        if not exchange.json.get("stream"):
            return await exchange.answer(200, json.dumps(reply_body(text)))
        await exchange.begin_stream()
        for frame in frames(text):
            await exchange.send_chunk(frame)
        await exchange.end_stream()

    return act


def whole(status: int, body: bytes | str, **headers: str) -> Act:
    """Answers with this response."""

    async def act(exchange: Exchange) -> None:
        await exchange.answer(status, body, **headers)

    return act


def raw(data: bytes | str, then_hang_up: bool = True) -> Act:
    """Answers with these bytes."""

    async def act(exchange: Exchange) -> None:
        await exchange.send(data)
        if then_hang_up:
            exchange.hang_up()

    return act


async def silent(exchange: Exchange) -> None:
    """Takes the request and never answers."""
    await exchange.silence()


def stream_then_silence(*sent: str) -> Act:
    """Sends these frames of a stream and then nothing."""

    async def act(exchange: Exchange) -> None:
        await exchange.begin_stream()
        for frame in sent or (ROLE, chunk({"content": ANSWER})):
            await exchange.send_chunk(frame)
        await exchange.silence()

    return act


def paced(pause_s: float, pieces: int, text: str = ANSWER) -> Act:
    """Answers in so many pieces with a pause before each."""

    async def act(exchange: Exchange) -> None:
        await exchange.begin_stream()
        await exchange.send_chunk(ROLE)
        for number in range(pieces):
            await asyncio.sleep(pause_s)
            await exchange.send_chunk(chunk({"content": f"{text}-{number} "}))
        for frame in (STOP, USAGE, DONE):
            await exchange.send_chunk(frame)
        await exchange.end_stream()

    return act


def weather_caller(exchange_text: str = ANSWER) -> Act:
    """Calls the tool `get_weather`; given its result, answers with that result in the text."""

    async def act(exchange: Exchange) -> None:
        request = exchange.json
        results = [message for message in request["messages"] if message["role"] == "tool"]
        if results:
            return await completion(f"{exchange_text} {flat(results[-1]['content'])}")(exchange)
        call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
        if not request.get("stream"):
            return await exchange.answer(200, json.dumps(reply_body(None, tool_calls=[call])))
        await exchange.begin_stream()
        opening = {**call, "index": 0, "function": {"name": "get_weather", "arguments": ""}}
        await exchange.send_chunk(chunk({"role": "assistant", "content": None, "tool_calls": [opening]}))
        for piece in ('{"city"', ': "Oslo"}'):
            await exchange.send_chunk(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))
        for frame in (chunk({}, "tool_calls"), USAGE, DONE):
            await exchange.send_chunk(frame)
        await exchange.end_stream()

    return act


def flat(content) -> str:
    """A message's content as text, in whichever of its two forms it came."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
