"""HTTP as upstreams may speak it: every legal form is understood, no illegal one does harm."""

import asyncio
import datetime
import gzip
import ipaddress
import json
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import upstream
from harness.gateway import gateway_env
from harness.plain import completion_body
from harness.upstream import head, raw, reply_body
from harness.words import ANSWER

REPLY = json.dumps(reply_body()).encode()
JSON = {"content-type": "application/json"}
LENGTH = JSON | {"content-length": str(len(REPLY))}
CHUNKED = JSON | {"transfer-encoding": "chunked"}
STREAM = "".join(upstream.frames()).encode()
EVENTS = {"content-type": "text/event-stream"}

WRONG_ANSWER = "this answer is another caller's"


def chunks(data: bytes, size: int, line: str = "{:x}\r\n", end: str = "0\r\n\r\n") -> bytes:
    """The data in chunks of this size."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(line.format(len(piece)).encode() + piece + b"\r\n" for piece in pieces) + end.encode()


def answer_1_0(headers: dict, body: bytes) -> bytes:
    return head(200, headers).replace(b"HTTP/1.1", b"HTTP/1.0") + body


LEGAL = {
    "a length": head(200, LENGTH) + REPLY,
    "a length with spaces around it": head(200, JSON | {"Content-Length": f"  {len(REPLY)} \t"}) + REPLY,
    "the same length twice": head(200, LENGTH | {"Content-Length": str(len(REPLY))}) + REPLY,
    "names in capitals": head(200, LENGTH).upper().replace(b"APPLICATION/JSON", b"application/json") + REPLY,
    "no reason phrase": head(200, LENGTH).replace(b" Status", b" ") + REPLY,
    "chunks": head(200, CHUNKED) + chunks(REPLY, 50),
    "chunks of a byte": head(200, CHUNKED) + chunks(REPLY, 1),
    "chunks with extensions": head(200, CHUNKED) + chunks(REPLY, 50, line='{:x};name="a;b"\r\n'),
    "chunks with capital digits and noughts": head(200, CHUNKED) + chunks(REPLY, 171, line="000{:X}\r\n"),
    "chunks with trailers": head(200, CHUNKED) + chunks(REPLY, 50, end="0\r\nx-trailer: 1\r\nx-other: 2\r\n\r\n"),
    "Chunked in capitals": head(200, JSON | {"Transfer-Encoding": "CHUNKED"}) + chunks(REPLY, 50),
    "up to the end of the connection": head(200, JSON) + REPLY,
    "HTTP/1.0": answer_1_0(JSON, REPLY),
    "HTTP/1.0 with a length": answer_1_0(LENGTH, REPLY),
    "an interim 100": b"HTTP/1.1 100 Continue\r\n\r\n" + head(200, LENGTH) + REPLY,
    "interim 103s": b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 3 + head(200, LENGTH) + REPLY,
    "a head of 30 KiB": head(200, LENGTH | {f"x-{number}": "y" * 300 for number in range(90)}) + REPLY,
    "a header of 8 KiB": head(200, LENGTH | {"set-cookie": "y" * 8192}) + REPLY,
    "a header that is not ASCII": head(200, LENGTH | {"x-name": "caf\u00e9"}) + REPLY,
    "status 201": head(201, LENGTH) + REPLY,
}


def ask(server, stream: bool = False):
    return server.http.post("/v1/chat/completions", content=completion_body(stream), headers={"content-type": "application/json"})


@pytest.mark.parametrize("case", LEGAL)
def test_a_legal_form_is_understood(gateway, vendor, case):
    vendor.plays(raw(LEGAL[case]))
    answer = ask(gateway)
    assert answer.status_code == 200 and answer.content == REPLY, answer.text


@pytest.mark.parametrize(
    "case", ["a length", "chunks with extensions", "chunks with trailers", "interim 103s", "up to the end of the connection"]
)
def test_a_legal_form_that_comes_byte_by_byte_is_understood(gateway, vendor, case):
    async def drip(exchange):
        for at in range(len(LEGAL[case])):
            await exchange.send(LEGAL[case][at : at + 1])
            await asyncio.sleep(0)
        exchange.hang_up()

    vendor.plays(drip)
    assert ask(gateway).content == REPLY


LEGAL_STREAMS = {
    "chunks": head(200, EVENTS | {"transfer-encoding": "chunked"}) + chunks(STREAM, 33),
    "chunks of a byte": head(200, EVENTS | {"transfer-encoding": "chunked"}) + chunks(STREAM, 1),
    "chunks with extensions and trailers": head(200, EVENTS | {"transfer-encoding": "chunked"})
    + chunks(STREAM, 33, line="{:x};a=b\r\n", end="0\r\nx-trailer: 1\r\n\r\n"),
    "one chunk": head(200, EVENTS | {"transfer-encoding": "chunked"}) + chunks(STREAM, 100_000),
    "a length": head(200, EVENTS | {"content-length": str(len(STREAM))}) + STREAM,
    "up to the end of the connection": head(200, EVENTS) + STREAM,
    "HTTP/1.0": answer_1_0(EVENTS, STREAM),
    "a hang-up after [DONE]": head(200, EVENTS | {"transfer-encoding": "chunked"}) + chunks(STREAM, 33, end=""),
}


@pytest.mark.parametrize("case", LEGAL_STREAMS)
def test_a_stream_in_a_legal_form_is_understood(gateway, vendor, case):
    vendor.plays(raw(LEGAL_STREAMS[case]))
    text = ask(gateway, stream=True).text
    assert ANSWER in text and text.endswith("data: [DONE]\n\n") and "error" not in text, text


ILLEGAL = {
    "a length below nought": head(200, JSON | {"content-length": "-5"}) + REPLY,
    "a length with a plus": head(200, JSON | {"content-length": f"+{len(REPLY)}"}) + REPLY,
    "a length that is none": head(200, JSON | {"content-length": "many"}) + REPLY,
    "a length beyond 64 bits": head(200, JSON | {"content-length": "9" * 25}) + REPLY,
    "two lengths": head(200, JSON | {"content-length": str(len(REPLY)), "Content-Length": "7"}) + REPLY,
    "a chunk beyond 64 bits": head(200, CHUNKED) + b"fffffffffffffffff\r\n" + REPLY,
    "a chunk of 2^64 - 1": head(200, CHUNKED) + b"ffffffffffffffff\r\n" + REPLY,
    "a chunk below nought": head(200, CHUNKED) + b"-5\r\n" + REPLY,
    "a chunk without a size": head(200, CHUNKED) + b"\r\n" + REPLY,
    "a chunk longer than it says": head(200, CHUNKED) + b"5\r\n" + REPLY + b"\r\n0\r\n\r\n",
    "a chunk line without end": head(200, CHUNKED) + b"5;" + b"x" * 200_000,
    "chunks that break off": head(200, CHUNKED) + chunks(REPLY, 50, end=""),
    "trailers without end": head(200, CHUNKED) + chunks(REPLY, 50, end="0\r\n" + "x-t: y\r\n" * 30_000),
    "another transfer encoding": head(200, JSON | {"transfer-encoding": "gzip"}) + gzip.compress(REPLY),
    "no status": b"HTTP/1.1 \r\n\r\n" + REPLY,
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n" + REPLY,
    "HTTP/3.0": head(200, LENGTH).replace(b"HTTP/1.1", b"HTTP/3.0") + REPLY,
    "a header without a colon": b"HTTP/1.1 200 OK\r\ncontent-type application/json\r\n\r\n" + REPLY,
    "a header with a nought byte": b"HTTP/1.1 200 OK\r\nx-a: b\0c\r\n\r\n" + REPLY,
    "a head of 1 MiB": head(200, LENGTH | {"x-flood": "y" * (1 << 20)}) + REPLY,
    "10000 headers": head(200, LENGTH | {f"x-{number}": "y" for number in range(10_000)}) + REPLY,
    "interim answers without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50_000,
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n" + REPLY,
}


@pytest.mark.parametrize("case", ILLEGAL)
def test_an_illegal_form_is_a_bad_gateway(gateway, vendor, case):
    """At once, without a hang, and the next request is answered as ever."""
    vendor.plays(raw(ILLEGAL[case]), upstream.completion())
    before = gateway.rss_kib()
    answer = ask(gateway)
    assert answer.status_code == 502, f"expected 502, got {answer.status_code}: {answer.text}"
    assert answer.json()["error"]["message"]
    assert gateway.rss_kib() - before < 16 * 1024
    assert ask(gateway).content == REPLY


def smuggled() -> bytes:
    body = json.dumps(reply_body(WRONG_ANSWER)).encode()
    return head(200, JSON | {"content-length": str(len(body))}) + body


OVERLONG = {
    "a length": head(200, LENGTH) + REPLY + smuggled(),
    "chunks": head(200, CHUNKED) + chunks(REPLY, 50) + smuggled(),
    "a 204": b"HTTP/1.1 204 No Content\r\n\r\n" + smuggled(),
    "an error": head(400, JSON | {"content-length": "2"}) + b"{}" + smuggled(),
    "a redirect": head(302, {"location": "/", "content-length": "0"}) + smuggled(),
    "a length and chunks": head(200, CHUNKED | {"content-length": "5"}) + chunks(REPLY, 50) + smuggled(),
}


@pytest.mark.parametrize("case", OVERLONG)
def test_what_follows_an_answer_is_no_answer_to_the_next(gateway, vendor, case):
    vendor.plays(raw(OVERLONG[case], then_hang_up=False), upstream.completion())
    first = ask(gateway)
    assert WRONG_ANSWER not in first.text
    for _ in range(3):
        next_ = ask(gateway)
        assert next_.status_code == 200 and next_.content == REPLY, next_.text


def test_a_second_answer_that_comes_late_is_no_answer_to_the_next(gateway, vendor):
    async def twice(exchange):
        await exchange.send(head(200, LENGTH) + REPLY)
        await asyncio.sleep(0.2)
        await exchange.send(smuggled())
        await exchange.silence()

    vendor.plays(twice, upstream.completion())
    assert ask(gateway).content == REPLY
    time.sleep(0.4)
    assert ask(gateway).content == REPLY


def connections(vendor) -> list[int]:
    return [exchange.connection for exchange in vendor.exchanges]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_connection_is_used_again(served, vendor, stream):
    server = served()
    for _ in range(5):
        assert ANSWER in ask(server, stream).text
        time.sleep(0.05)  # The end of a stream's body may come after its [DONE].
    assert len(set(connections(vendor))) <= 2, f"5 requests opened {len(set(connections(vendor)))} connections"


@pytest.mark.parametrize("how", ["connection: close", "HTTP/1.0"])
def test_a_connection_that_will_close_is_not_used_again(served, vendor, how):
    async def last_one(exchange):
        headers = LENGTH | ({"connection": "close"} if how == "connection: close" else {})
        answer = head(200, headers) + REPLY
        await exchange.send(answer.replace(b"HTTP/1.1", b"HTTP/1.0") if how == "HTTP/1.0" else answer)
        await exchange.silence()

    server = served()
    vendor.plays(last_one)
    for _ in range(3):
        assert ask(server).content == REPLY
    assert len(set(connections(vendor))) == 3


def test_a_connection_that_was_closed_while_idle_is_no_failure(served, vendor):
    async def then_leave(exchange):
        await exchange.answer(200, REPLY)
        exchange.hang_up()

    server = served()
    vendor.plays(then_leave)
    for _ in range(10):
        assert ask(server).content == REPLY
        time.sleep(0.02)
    assert len(vendor.exchanges) == 10


def test_an_answer_before_the_request_is_read_reaches_the_caller(gateway, vendor):
    error = '{"error": {"message": "too long", "type": "invalid_request_error", "param": null, "code": null}}'
    vendor.plays(upstream.whole(413, error, connection="close"))
    vendor.answers_early = True
    answer = gateway.http.post("/v1/chat/completions", content=completion_body(padding="x" * 15_000_000))
    assert (answer.status_code, answer.text) == (413, error)


def test_a_huge_answer_arrives_whole(gateway, vendor):
    reply = json.dumps(reply_body("x" * 20_000_000)).encode()
    for answer in (head(200, JSON | {"content-length": str(len(reply))}) + reply, head(200, CHUNKED) + chunks(reply, 65_521)):
        vendor.plays(raw(answer))
        assert ask(gateway).content == reply


def test_many_at_once_get_their_own_answers(gateway, vendor):
    async def echo(exchange):
        said = exchange.json["messages"][0]["content"]
        await asyncio.sleep(0.01 * (hash(said) % 7))
        await upstream.completion(said)(exchange)

    vendor.plays(echo)

    def ask_for(number: int) -> str:
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": f"{ANSWER}-{number}"}], "stream": number % 2 == 0}
        return http.post("/v1/chat/completions", json=body).text

    # httpx closes connections under its own threads' feet where it keeps fewer than they use.
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    with ThreadPoolExecutor(32) as pool, httpx.Client(base_url=gateway.url, limits=limits, timeout=20) as http:
        texts = list(pool.map(ask_for, range(300)))
    wrong = [number for number, text in enumerate(texts) if f'"{ANSWER}-{number}"' not in text]
    assert not wrong, f"requests {wrong[:10]} got another's answer, or none"


def test_a_name_with_several_addresses_is_reached(started, vendor):
    """`localhost` may resolve to ::1 first, where nobody listens."""
    server = started("serve", gateway_env(vendor) | {"OPENAI_BASE_URL": f"http://localhost:{vendor.port}/v1"})
    assert ask(server).content == REPLY
    assert vendor.wait_for().headers["host"] == f"localhost:{vendor.port}"


@pytest.fixture(scope="module")
def secure_vendor(tmp_path_factory):
    """The scripted vendor behind TLS, with a certificate of its own; the file is its authority."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = self_signed()
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    scripted = upstream.Upstream(tls=context)
    scripted.certificate = folder / "cert.pem"
    yield scripted
    scripted.close()


def self_signed() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "scripted vendor")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(encoding), private


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_tls_with_a_known_certificate(started, secure_vendor, stream):
    secure_vendor.plays(upstream.completion())
    server = started("serve", gateway_env(secure_vendor, SSL_CERT_FILE=str(secure_vendor.certificate)))
    for _ in range(3):
        assert ANSWER in ask(server, stream).text
        time.sleep(0.05)
    assert len(set(connections(secure_vendor))) <= 2


def test_tls_with_an_unknown_certificate_is_refused(started, secure_vendor):
    secure_vendor.plays(upstream.completion())
    server = started("serve", gateway_env(secure_vendor))
    answer = ask(server)
    assert answer.status_code == 502 and "certificate" in answer.json()["error"]["message"].lower(), answer.text
    assert not secure_vendor.exchanges


def test_plain_http_where_tls_is_spoken_is_a_bad_gateway(started, secure_vendor):
    env = gateway_env(secure_vendor) | {"OPENAI_BASE_URL": secure_vendor.url.replace("https", "http")}
    assert ask(started("serve", env)).status_code == 502


def test_a_tls_handshake_that_nobody_answers_is_bounded(started, vendor):
    env = gateway_env(vendor, PLAYHOUSE_UPSTREAM__CONNECT_TIMEOUT_MS="400") | {"OPENAI_BASE_URL": vendor.url.replace("http", "https")}
    begun = time.monotonic()
    answer = ask(started("serve", env))
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "timeout_connect"), answer.text
    assert time.monotonic() - begun < 2
