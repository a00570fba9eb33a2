"""Namespaces, the journal, verification and reloading."""

import concurrent.futures
import json
import re
import subprocess
import time

import httpx
import openai
import pytest

from harness import playhouse

MODEL = "gpt-4o-mini"


def ask(client, text="Hello", **more):
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model=MODEL, messages=messages, **more).choices[0].message.content


def test_tests_that_share_a_server_do_not_see_each_other(double):
    def one(number) -> list[str]:
        name = f"parallel-{number}"
        double.put_script(name, {"rules": [{"sequence": [f"{number}-a", f"{number}-b", f"{number}-c"]}]})
        with double.client(name) as client:
            said = [ask(client) for _ in range(3)]
        assert len(double.calls(name)) == 3
        double.control("DELETE", f"/namespaces/{name}")
        return said

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for number, said in enumerate(pool.map(one, range(48))):
            assert said == [f"{number}-a", f"{number}-b", f"{number}-c"]


def test_a_namespace_by_key_header_and_path(double, namespace):
    double.put_script(namespace, {"rules": [{"reply": "mine"}]})
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    key = {"authorization": f"Bearer sk-test-{namespace}"}
    other = {"authorization": "Bearer sk-other"}
    by_key = double.http.post("/v1/chat/completions", json=body, headers=key)
    by_header = double.http.post("/v1/chat/completions", json=body, headers={**other, "x-playhouse-namespace": namespace})
    by_path = double.http.post(f"/ns/{namespace}/v1/chat/completions", json=body, headers=other)
    for answer in (by_key, by_header, by_path):
        assert answer.json()["choices"][0]["message"]["content"] == "mine"
    assert len(double.calls(namespace)) == 3


def test_the_journal_tells_what_matched_and_what_was_sent(double, namespace):
    double.put_script(namespace, {"rules": [{"name": "greeting", "when": {"user": "Hello"}, "reply": "Good day"}]})
    with double.client(namespace) as client:
        ask(client)
        with pytest.raises(openai.NotFoundError) as missed:
            ask(client, "Goodbye")
    hit, miss = double.calls(namespace)
    assert hit["model"] == MODEL and hit["request"]["messages"][0]["content"] == "Hello"
    assert hit["matched"]["rule"] == "greeting" and hit["sent"]["status"] == 200 and "Good day" in hit["sent"]["body"]
    assert "sk-test" not in json.dumps(hit)
    assert "greeting" in json.dumps(miss["missed"]) and "Hello" in json.dumps(miss["missed"])
    assert "greeting" in missed.value.message and "Goodbye" in missed.value.message


def test_a_client_that_leaves_early_is_noted(double, namespace):
    double.put_script(namespace, {"pace": {"token_ms": 50}, "rules": [{"reply": "one two three four five six seven"}]})
    with double.client(namespace) as client:
        stream = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}], stream=True)
        next(iter(stream))
        stream.close()
    deadline = time.monotonic() + 3
    while double.calls(namespace)[0]["ended"] != "client_left":
        assert time.monotonic() < deadline, double.calls(namespace)[0]["ended"]
        time.sleep(0.02)


def test_verification_says_what_differs(double, namespace):
    double.put_script(namespace, {"rules": [{"reply": "ok"}]})
    with double.client(namespace) as client:
        ask(client, "the weather in Oslo")
    held = double.verify(namespace, calls=[{"when": {"user": "Oslo"}, "times": 1}], total=1)
    assert held["ok"], held["text"]
    failed = double.verify(namespace, calls=[{"when": {"user": "Rome"}, "times": 1}])
    assert not failed["ok"] and "Rome" in failed["text"] and "Oslo" in failed["text"]
    never = double.verify(namespace, calls=[{"when": {"user": "Oslo"}, "times": "never"}])
    assert not never["ok"]


def test_a_script_must_be_used_up_where_that_is_expected(double, namespace):
    double.put_script(namespace, {"rules": [{"name": "two", "sequence": ["a", "b"]}]})
    with double.client(namespace) as client:
        ask(client)
        assert not double.verify(namespace, script_consumed=True)["ok"]
        ask(client)
    assert double.verify(namespace, script_consumed=True)["ok"]


def test_calls_can_be_waited_for(double, namespace):
    with concurrent.futures.ThreadPoolExecutor(1) as pool, double.client(namespace) as client:
        path = f"{double.url}/__playhouse/namespaces/{namespace}/calls"
        waiting = pool.submit(httpx.get, path, params={"wait_ms": 5000}, timeout=10)
        time.sleep(0.2)
        assert not waiting.done()
        ask(client)
        assert len(waiting.result(timeout=2).json()["calls"]) == 1


def test_rules_can_be_added_without_starting_anew(double, namespace):
    for text in ("one", "two"):
        added = double.control("POST", f"/namespaces/{namespace}/rules", json=[{"reply": text, "times": 1}])
        assert added.status_code == 200, added.text
        with double.client(namespace) as client:
            assert ask(client) == text


def test_reset_forgets(double, namespace):
    double.put_script(namespace, {"rules": [{"sequence": {"replies": ["a"], "then": "fail"}}]})
    with double.client(namespace) as client:
        assert ask(client) == "a"
        double.control("POST", f"/namespaces/{namespace}/reset", json={"journal": True, "progress": True})
        assert double.calls(namespace) == []
        assert ask(client) == "a"


def test_a_wrong_script_is_refused_with_its_place(double, namespace):
    answer = double.control("PUT", f"/namespaces/{namespace}/script", content="rules:\n  - replly: Hi\n", headers={"content-type": "application/yaml"})
    assert answer.status_code == 400
    assert "replly" in answer.text and "reply" in answer.text and ":2:" in answer.text


def test_a_changed_script_is_followed_and_a_broken_one_is_not(doubles):
    server = doubles(script="rules:\n  - reply: first\n")
    with server.client() as client:
        assert ask(client) == "first"
        server.write("rules:\n  - reply: [broken\n")
        said = wait_for(lambda: [line for line in server.log() if line["level"] == "ERROR"])
        assert "script" in said[0]["message"]
        assert ask(client) == "first"
        server.write("rules:\n  - reply: second\n")
        wait_for(lambda: ask(client) == "second")


def wait_for(condition, timeout=5):
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
    return found


def test_the_page_is_there_and_needs_nobody_else(double):
    page = double.http.get("/__playhouse/")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text.replace("http://127.0.0.1", "") and "https://" not in page.text


def test_health(double):
    assert double.http.get("/health").json()["status"] == "healthy"


def test_it_ends_with_its_standard_input(home):
    arguments = ["mock", "--listen", "127.0.0.1:0", "--until-stdin-ends"]
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = playhouse.spawn(arguments, cwd=home, env=playhouse.environment(home), **options)
    assert b'"Listening"' in process.stdout.readline() and process.poll() is None
    process.stdin.close()
    assert process.wait(5) == 0


def test_text_logs_are_for_people(doubles):
    rules = [{"name": "greeting", "when": {"user": "morning"}, "reply": "Hi"}]
    server = doubles("--log-format", "text", script={"rules": rules})
    with server.client() as client:
        ask(client, "Good morning")
        with pytest.raises(openai.NotFoundError):
            ask(client, "Good night")
    lines = wait_for(lambda: server.stdout().splitlines()[1:] if "Good night" in server.stdout() else None)
    assert re.search(r"""default #1 POST chat gpt-4o-mini "Good morning" → rule 'greeting' 200 1 token [\d.]+ ms$""", lines[0]), lines
    assert "→ NO RULE (nearest rule 'greeting') 404" in lines[1], lines
    assert 'user: expected to contain "morning", the last user message is "Good night"' in lines[3], lines

    server.write("{}}")
    shown = wait_for(lambda: re.search(r"the last good one stays.*\n(    .*\n)+", server.stdout()))
    assert "\\n" not in shown[0] and "script.json:1:3" in shown[0], shown[0]
