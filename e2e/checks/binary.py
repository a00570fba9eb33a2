"""The commands, as a person or a container types them."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import time
import tomllib

import pytest

from harness import playhouse, sse
from harness.words import CALLER_KEY, PROMPT, UPSTREAM_KEY

COMMANDS = ["serve", "demo", "mock", "chat", "calls", "keys", "check", "health", "completions"]
SUBCOMMANDS = [[], *([name] for name in COMMANDS), ["calls", "list"], ["calls", "tail"], ["calls", "stats"]]


def test_demo_answers_health_within_a_second_with_nothing_configured(started):
    server = started()
    assert server.start_s < 1.0, f"the first 200 on /health came after {server.start_s:.2f} s, expected under 1 s"
    assert server.http.get("/health").json() == {"status": "healthy"}
    assert server.http.get("/health/ready").status_code == 200


def test_demo_says_where_it_is_and_what_to_try(demo):
    told = demo.stderr()
    for piece in (demo.url, f"playhouse chat --url {demo.url}", "curl", "OPENAI_API_KEY", "playhouse serve"):
        assert piece in told, f"{piece!r} is not in what demo says: {told}"


def test_demo_chats_whole(demo):
    answer = demo.chat(PROMPT)
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert set(reply) == {"content", "model", "usage", "session_id", "turn_id"}
    assert reply["content"].strip() and reply["model"] and reply["session_id"] and reply["turn_id"]
    usage = reply["usage"]
    assert usage["prompt_tokens"] > 0 and usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert answer.headers["x-request-id"]


def test_demo_chats_streamed(demo):
    answer = demo.chat(PROMPT, stream=True, session_id="streamed")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = sse.events(answer.text)
    assert [event["id"] for event in events] == [str(number) for number in range(1, len(events) + 1)]
    names = [event["event"] for event in events]
    assert set(names[:-2]) == {"delta"} and names[-2:] == ["usage", "done"], names
    assert names.count("delta") > 1, "the answer came in one piece"
    done = events[-1]["json"]
    assert (done["session_id"], done["finish_reason"], done["usage"]) == ("streamed", "stop", events[-2]["json"])
    text = "".join(event["json"]["content"] for event in events[:-2])
    messages = demo.http.get("/v1/sessions/streamed").json()["messages"]
    assert [message["content"] for message in messages] == [PROMPT, text]


def test_demo_keeps_a_conversation(demo):
    for number in range(3):
        assert demo.chat(f"{PROMPT} {number}", session_id="kept").status_code == 200
    session = demo.http.get("/v1/sessions/kept").json()
    assert session["turns"] == 3
    assert [message["role"] for message in session["messages"]] == ["user", "assistant"] * 3
    assert {message["turn_state"] for message in session["messages"]} == {"completed"}


@pytest.fixture
def on_port_0(home):
    """`playhouse demo` on a port of the system's choice: the process, and the port that its log tells."""
    arguments = ["demo", "--listen", "127.0.0.1:0", "--data-dir", str(home / "data")]
    env = playhouse.environment(home)
    with open(home / "out", "wb") as out, open(home / "err", "wb") as err:
        process = playhouse.spawn(arguments, cwd=home, env=env, stdout=out, stderr=err)
    try:
        deadline = time.monotonic() + 5
        while not (told := re.search(r"127\.0\.0\.1:([1-9]\d*)", (home / "out").read_text())):
            assert time.monotonic() < deadline, f"no log line tells the address: {(home / 'out').read_text()}"
            time.sleep(0.02)
        yield int(told.group(1))
    finally:
        process.kill()
        process.wait()


def test_port_0_takes_a_free_port_and_tells_it(on_port_0):
    with socket.create_connection(("127.0.0.1", on_port_0), timeout=2):
        pass


def test_demo_on_port_0_says_where_it_really_is(on_port_0, home):
    told = (home / "err").read_text()
    assert f"playhouse chat --url http://127.0.0.1:{on_port_0}" in told, f"it listens on port {on_port_0} and says: {told}"


def test_a_taken_port_is_an_error_that_names_it(demo, home):
    ended = playhouse.run(["demo", "--listen", f"127.0.0.1:{demo.port}", "--data-dir", str(home / "data")], home)
    assert ended.returncode == 1, ended
    assert str(demo.port) in ended.stderr and "in use" in ended.stderr.lower(), ended.stderr


def test_a_data_folder_in_use_is_an_error_that_names_it(demo, home):
    ended = playhouse.run(["demo", "--listen", f"127.0.0.1:{playhouse.free_port()}", "--data-dir", str(demo.data_dir)], home)
    assert ended.returncode == 1, ended
    assert str(demo.data_dir) in ended.stderr, ended.stderr
    assert demo.chat(PROMPT).status_code == 200, "the first server is disturbed"


def test_serve_without_a_provider_names_the_key_and_the_demo(home):
    ended = playhouse.run(["serve"], home)
    assert ended.returncode != 0
    assert "OPENAI_API_KEY" in ended.stderr and "playhouse demo" in ended.stderr, ended.stderr
    assert not (home / "playhouse-data").exists(), "it has begun to serve before it stopped"


def test_certificates_are_wanted_for_https_alone(started, home):
    nowhere = {"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/nowhere"}
    local = started("serve", env={"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", **nowhere})
    assert local.http.get("/health").status_code == 200
    ended = playhouse.run(["serve", "--listen", "127.0.0.1:0"], home, {"OPENAI_API_KEY": UPSTREAM_KEY, **nowhere})
    assert ended.returncode == 1 and "ca-certificates" in ended.stderr, ended


def test_serve_refuses_to_be_open_beyond_loopback(home):
    listen = f"0.0.0.0:{playhouse.free_port()}"
    ended = playhouse.run(["serve", "--listen", listen], home, {"OPENAI_API_KEY": UPSTREAM_KEY})
    assert ended.returncode == 2, ended
    assert listen in ended.stderr and "PLAYHOUSE_API_KEYS" in ended.stderr, ended.stderr


def test_check_prints_what_it_comes_to_without_secrets(home):
    (home / "playhouse.toml").write_text('[chat]\nsystem_prompt = "Be brief."\n')
    env = {"OPENAI_API_KEY": UPSTREAM_KEY, "PLAYHOUSE_API_KEYS": CALLER_KEY, "PLAYHOUSE_UPSTREAM__RETRIES": "7"}
    ended = playhouse.run(["check", "--listen", "127.0.0.1:9123"], home, env)
    assert ended.returncode == 0, ended.stderr
    merged = tomllib.loads(ended.stdout)
    assert merged["chat"]["system_prompt"] == "Be brief."
    assert merged["upstream"]["retries"] == 7
    assert merged["server"]["listen"] == "127.0.0.1:9123"
    assert merged["providers"]["openai"]["base_url"].startswith("https://")
    assert UPSTREAM_KEY not in ended.stdout + ended.stderr and CALLER_KEY not in ended.stdout + ended.stderr
    for origin in ("playhouse.toml", "PLAYHOUSE_UPSTREAM__RETRIES", "--listen"):
        assert origin in ended.stdout, f"{origin} is not told as the origin of a value: {ended.stdout}"


def test_check_without_a_provider_exits_with_2(home):
    ended = playhouse.run(["check"], home)
    assert ended.returncode == 2 and "OPENAI_API_KEY" in ended.stderr, ended


@pytest.mark.parametrize("words", SUBCOMMANDS, ids=lambda words: " ".join(words) or "playhouse")
def test_help_is_complete(words, home):
    ended = playhouse.run([*words, "--help"], home)
    assert ended.returncode == 0 and not ended.stderr, ended
    assert "Usage: playhouse" in ended.stdout
    assert words[:1] == ["calls"] and len(words) == 2 or "Examples:" in ended.stdout, ended.stdout
    assert not unexplained(ended.stdout), f"these flags are not explained: {unexplained(ended.stdout)}"


def unexplained(help_text: str) -> list[str]:
    """The flags that stand alone: nothing beside them, and nothing indented below."""
    lines = help_text.splitlines() + [""]
    alone = re.compile(r" +(?:-\w, )?--[\w-]+(?: <[^>]+>)?")
    return [line.strip() for line, below in zip(lines, lines[1:]) if alone.fullmatch(line) and not below.startswith(" " * 10)]


def test_help_lists_the_commands_the_checks_know(home):
    told = playhouse.run(["--help"], home).stdout
    listed = re.findall(r"^  (\w+) ", told.split("Commands:")[1].split("Options:")[0], re.MULTILINE)
    assert listed == COMMANDS


def test_version_is_told(home):
    ended = playhouse.run(["--version"], home)
    assert re.fullmatch(r"playhouse \d+\.\d+\.\d+\S*\n", ended.stdout), ended


def test_completions_load_in_bash(home):
    script = playhouse.run(["completions", "bash"], home)
    assert script.returncode == 0
    (home / "completion.bash").write_text(script.stdout)
    ask = "source ./completion.bash; COMP_WORDS=(playhouse de); COMP_CWORD=1; _playhouse playhouse de playhouse; echo ${COMPREPLY[@]}"
    completed = subprocess.run(["bash", "--norc", "-c", ask], cwd=home, capture_output=True, text=True, timeout=10)
    assert completed.stdout.split() == ["demo"], completed


def test_health_asks_a_server(demo, home):
    for words in ([demo.url], [demo.url, "--ready"]):
        ended = playhouse.run(["health", *words], home)
        assert ended.returncode == 0 and "200" in ended.stdout, ended
    configured = playhouse.run(["health"], home, {"PLAYHOUSE_LISTEN": f"0.0.0.0:{demo.port}"})
    assert configured.returncode == 0, configured


def test_health_of_nobody_fails(home):
    url = f"http://127.0.0.1:{playhouse.free_port()}"
    ended = playhouse.run(["health", url], home)
    assert ended.returncode == 1 and f"cannot reach {url}" in ended.stderr, ended


def test_chat_answers_a_pipe(demo, home):
    ended = playhouse.run(["chat", "--url", demo.url, "--session", "piped"], home, stdin=f"{PROMPT}\n")
    assert ended.returncode == 0, ended
    messages = demo.http.get("/v1/sessions/piped").json()["messages"]
    assert [messages[0]["content"], messages[1]["content"].strip()] == [PROMPT, ended.stdout.strip()]
    assert "\x1b" not in ended.stdout and not ended.stderr, ended


def test_chat_answers_a_question_on_the_command_line(demo, home):
    ended = playhouse.run(["chat", PROMPT], home, {"PLAYHOUSE_URL": demo.url})
    assert ended.returncode == 0 and ended.stdout.strip(), ended


def test_chat_with_nobody_says_whom_it_tried(home):
    url = f"http://127.0.0.1:{playhouse.free_port()}"
    ended = playhouse.run(["chat", "--url", url, PROMPT], home)
    assert ended.returncode == 1 and url in ended.stderr, ended


def test_chat_shows_its_key_and_says_so_where_it_is_missing(locked_demo, home):
    refused = playhouse.run(["chat", "--url", locked_demo.url, PROMPT], home)
    assert refused.returncode == 1 and "401" in refused.stderr and "PLAYHOUSE_API_KEY" in refused.stderr, refused
    ended = playhouse.run(["chat", "--url", locked_demo.url, PROMPT], home, {"PLAYHOUSE_API_KEY": CALLER_KEY})
    assert ended.returncode == 0, ended


def test_calls_shows_the_calls_that_were_made(started, home):
    server = started()
    requests = [server.chat(PROMPT, session_id="s1"), server.chat(PROMPT, session_id="s2", stream=True)]
    wanted = {answer.headers["x-request-id"]: session for answer, session in zip(requests, ("s1", "s2"))}
    calls = wait_for_calls(server, home, 2)
    assert {call["request_id"]: call["session_id"] for call in calls} == wanted
    for call in calls:
        assert call["outcome"] == "ok" and call["attempts"] == 1 and call["total_tokens"] > 0 and call["duration_ms"] > 0, call
    assert PROMPT not in json.dumps(calls)


def test_calls_filters_and_sums_up(started, home):
    server = started()
    server.chat(PROMPT, session_id="s1")
    server.chat(PROMPT, session_id="s2", model="other")
    wait_for_calls(server, home, 2)
    data = ["--data-dir", str(server.data_dir)]
    [only] = json_lines(playhouse.run(["calls", "--json", "--session", "s2", *data], home))
    assert only["model"] == "other"
    table = playhouse.run(["calls", *data], home)
    assert table.returncode == 0 and "other" in table.stdout, table
    by_model = {row["model"]: row for row in json_lines(playhouse.run(["calls", "stats", "--by", "model", "--json", *data], home))}
    assert by_model["other"]["calls"] == 1 and len(by_model) == 2, by_model


def test_calls_tail_shows_calls_as_they_end(started, home):
    server = started()
    server.call_of(server.chat(PROMPT).headers["x-request-id"])
    before = server.chat(PROMPT).headers["x-request-id"]
    server.call_of(before)
    arguments = ["calls", "tail", "--json", "--limit", "1", "--data-dir", str(server.data_dir)]
    env = playhouse.environment(home)
    tail = playhouse.spawn(arguments, cwd=home, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert json.loads(tail.stdout.readline())["request_id"] == before
        after = server.chat(PROMPT).headers["x-request-id"]
        assert json.loads(tail.stdout.readline())["request_id"] == after
        tail.send_signal(signal.SIGINT)
        assert tail.wait(3) in (0, 130), tail.stderr.read()
    finally:
        tail.kill()
        tail.wait()


def test_chat_holds_a_conversation_in_a_terminal(demo, home):
    terminal, inner = pty.openpty()
    env = playhouse.environment(home, {"TERM": "xterm"})
    arguments = ["chat", "--url", demo.url, "--session", "typed"]
    process = playhouse.spawn(arguments, cwd=home, env=env, stdin=inner, stdout=inner, stderr=inner, start_new_session=True)
    os.close(inner)
    try:
        seen = read_terminal(terminal, "> ")
        os.write(terminal, f"{PROMPT}\r".encode())
        seen += read_terminal(terminal, "tokens in")
        os.write(terminal, b"/quit\r")
        seen += read_terminal(terminal, "playhouse chat --session typed")
        assert process.wait(3) == 0, seen
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    messages = demo.http.get("/v1/sessions/typed").json()["messages"]
    assert messages[0]["content"] == PROMPT and messages[1]["content"] in seen.replace("\r\n", "\n")


def read_terminal(terminal: int, mark: str) -> str:
    """What appears up to this text."""
    seen, deadline = "", time.monotonic() + 5
    while mark not in seen:
        readable, _, _ = select.select([terminal], [], [], deadline - time.monotonic())
        assert readable, f"{mark!r} did not appear: {seen!r}"
        seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


def test_calls_of_a_folder_without_a_log_says_so(home):
    ended = playhouse.run(["calls", "--data-dir", str(home / "nowhere")], home)
    assert ended.returncode == 1 and "nowhere" in ended.stderr, ended


def wait_for_calls(server, home, number: int) -> list[dict]:
    """The calls as `playhouse calls --json` shows them, once there are so many."""
    deadline = time.monotonic() + 3
    while True:
        calls = json_lines(playhouse.run(["calls", "--json", "--data-dir", str(server.data_dir)], home))
        if len(calls) >= number:
            assert len(calls) == number, f"{len(calls)} calls are shown, {number} were made"
            return calls
        assert time.monotonic() < deadline, f"only {len(calls)} of {number} calls are shown"
        time.sleep(0.1)


def json_lines(ended) -> list[dict]:
    assert ended.returncode == 0, ended
    return [json.loads(line) for line in ended.stdout.splitlines()]
