"""Agents of `playhouse serve`, with `playhouse mock` on a socket in the model's place."""

import json
import sys
import threading
import time

import httpx
import openai
import pytest

from harness import slow_tools, sse
from harness.words import ANSWER, PROMPT

CONFIG = """
[agents.math]
instructions = "Use the calculator."
tools = ["calculator"]
bounds = {{ max_steps = 4, tool_timeout_ms = 500 }}

[agents.patient]
tools = ["mcp:slow"]
bounds = {{ tool_timeout_ms = 500 }}

[agents.reasoner]
strategy = "react"
tools = ["calculator"]

[chat]
model = "gpt-4o-mini"

[mcp.slow]
command = "{python}"
args = ["{slow_tools}"]

[providers.openai]
base_url = "{url}"
api_key = "sk-test-{namespace}"

[upstream]
retries = {retries}
"""
CALL = {"tool_calls": [{"name": "calculator", "arguments": {"expression": "10 * 5"}}]}
REACT = 'Thought: I calculate.\nAction: calculator\nAction Input: {"expression": "10 * 5"}\nObservation: 49'


@pytest.fixture
def scripted(double, namespace, started):
    """A server whose model follows these replies in turn: `scripted(CALL, "It is 50.")`."""

    def start(*replies, retries=0):
        rule = {"sequence": {"replies": list(replies), "then": "fail"}}
        double.put_script(namespace, {"rules": [rule], "strict": "on"})
        return started("serve", config=config_for(double, namespace, retries))

    return start


def config_for(double, namespace, retries=0) -> str:
    where = {"url": double.openai_url, "namespace": namespace}
    return CONFIG.format(**where, retries=retries, python=sys.executable, slow_tools=slow_tools.__file__)


def run(server, agent="math", **fields) -> httpx.Response:
    return server.http.post(f"/v1/agents/{agent}/runs", json={"input": PROMPT, **fields})


def asked(double, namespace) -> list[list[str]]:
    """What the model was sent each time, by role."""
    return [[message["role"] for message in call["request"]["messages"]] for call in double.calls(namespace)]


def test_tool_calling_over_a_socket(scripted, double, namespace):
    server = scripted(CALL, ANSWER)
    ended = run(server).json()
    assert (ended["status"], ended["answer"]) == ("completed", ANSWER)
    assert ended["steps"][0]["tool_calls"][0]["result"]["output"] == "50"
    assert asked(double, namespace) == [["system", "user"], ["system", "user", "assistant", "tool"]]
    conversation = double.calls(namespace)[1]["request"]["messages"]
    assert conversation[3]["content"] == "50"
    assert conversation[3]["tool_call_id"] == conversation[2]["tool_calls"][0]["id"]


def test_react_over_a_socket(scripted, double, namespace):
    server = scripted(REACT, f"Thought: I know it.\nAnswer: {ANSWER}")
    ended = run(server, "reasoner").json()
    assert (ended["status"], ended["answer"]) == ("completed", ANSWER)
    conversation = double.calls(namespace)[1]["request"]["messages"]
    assert [message["role"] for message in conversation] == ["system", "user", "assistant", "user"]
    assert "Observation" not in conversation[2]["content"], "what the model made up is cut off"
    assert conversation[3]["content"] == "Observation: 50"


@pytest.mark.parametrize("agent", ["math", "reasoner"])
def test_a_streamed_run_tells_its_steps(scripted, agent):
    replies = [CALL, ANSWER] if agent == "math" else [REACT, f"Thought: I know it.\nAnswer: {ANSWER}"]
    server = scripted(*replies)
    told = sse.events(run(server, agent, stream=True).text)
    assert [int(event["id"]) for event in told] == list(range(1, len(told) + 1))
    kinds = [event["json"]["type"] for event in told if event["event"] == "step"]
    assert kinds == ["tool_call", "tool_result"] if agent == "math" else ["thought", "tool_call", "tool_result", "thought"]
    assert "".join(event["json"]["content"] for event in told if event["event"] == "delta") == ANSWER
    assert told[0]["event"] == "run" and told[-1]["event"] == "done"
    assert told[-1]["json"]["status"] == "completed"


def test_parallel_calls_are_answered_in_order(scripted, double, namespace):
    calls = [{"name": "calculator", "arguments": {"expression": f"{number} * 2"}} for number in range(5)]
    server = scripted({"tool_calls": calls}, ANSWER)
    assert run(server).json()["status"] == "completed"
    results = [message["content"] for message in double.calls(namespace)[1]["request"]["messages"][3:]]
    assert results == ["0", "2", "4", "6", "8"]


def test_what_goes_wrong_with_a_tool_is_told_to_the_model(scripted, double, namespace):
    wrong = [
        {"name": "no_such_tool", "arguments": {}},
        {"name": "calculator", "arguments": {"expr": "1"}},
        {"name": "calculator", "arguments": '{"expression": '},
        {"name": "calculator", "arguments": {"expression": "1 / 0"}},
    ]
    server = scripted({"tool_calls": wrong}, ANSWER)
    assert run(server).json()["status"] == "completed"
    told = [message["content"] for message in double.calls(namespace)[1]["request"]["messages"][3:]]
    assert all(text.startswith("Error: ") for text in told), told
    assert "calculator" in told[0] and "expression" in told[1] and "JSON" in told[2] and "zero" in told[3]


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_that_is_slow_is_waited_for_within_its_bound(scripted, double, namespace, stream):
    def wait(seconds):
        return {"name": "wait", "arguments": {"seconds": seconds}}

    server = scripted({"tool_calls": [wait(0.1)]}, {"tool_calls": [wait(30)]}, ANSWER)
    until(lambda: "wait" in server.http.get("/v1/agents").text)
    begun = time.monotonic()
    answer = run(server, "patient", stream=stream)
    ended = sse.events(answer.text)[-1]["json"] if stream else answer.json()
    assert 0.6 <= time.monotonic() - begun < 10
    assert (ended["status"], ended["answer"]) == ("completed", ANSWER)
    in_time, too_late = [
        call["request"]["messages"][-1]["content"] for call in double.calls(namespace)[1:]
    ]
    assert in_time == "waited"
    assert too_late.startswith("Error: ") and "took too long" in too_late


def test_a_refusal_in_the_middle_is_repeated(scripted, double, namespace):
    server = scripted(CALL, {"fault": 429}, ANSWER, retries=2)
    ended = run(server).json()
    assert (ended["status"], ended["answer"]) == ("completed", ANSWER)


def test_a_refusal_in_the_middle_fails_the_run_with_what_it_had(scripted):
    server = scripted(CALL, {"fault": 429})
    ended = run(server).json()
    assert (ended["status"], ended["error"], ended["answer"]) == ("failed", "rate_limited", "50")
    assert ended["step_count"] == 1


def test_a_cut_in_the_middle_fails_the_run(scripted):
    cut = {"text": f"{ANSWER} and more of it, and more", "fault": {"kind": "cut", "after_events": 3}}
    server = scripted(CALL, cut)
    told = sse.events(run(server, stream=True).text)
    assert told[-1]["event"] == "error", told[-1]
    run_id = told[0]["json"]["run_id"]
    ended = server.http.get(f"/v1/runs/{run_id}").json()
    assert ended["status"] == "failed" and ended["steps"][0]["tool_calls"][0]["result"]["output"] == "50"


def test_a_refusal_at_once_is_the_vendors(scripted):
    server = scripted({"fault": 429})
    assert run(server).status_code == 429


def test_the_official_client_talks_to_an_agent(scripted):
    server = scripted(CALL, ANSWER, CALL, ANSWER)
    client = openai.OpenAI(base_url=server.openai_url, api_key="none", max_retries=0, timeout=10)
    messages = [{"role": "user", "content": PROMPT}]
    assert "agent:math" in [model.id for model in client.models.list()]
    whole = client.chat.completions.create(model="agent:math", messages=messages)
    assert whole.choices[0].message.content == ANSWER and whole.choices[0].message.tool_calls is None
    chunks = list(client.chat.completions.create(model="agent:math", messages=messages, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ANSWER
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_an_agent_answers_within_a_session(scripted, double, namespace):
    server = scripted(CALL, ANSWER, ANSWER)
    first = server.chat(PROMPT, session_id="ada", agent="math").json()
    assert first["content"] == ANSWER
    assert server.http.get(f"/v1/runs/{first['run_id']}").json()["session_id"] == "ada"
    server.chat(PROMPT, session_id="ada", agent="math")
    assert asked(double, namespace)[2] == ["system", "user", "assistant", "user"]


def test_every_call_of_a_run_is_accounted_for(scripted):
    server = scripted(CALL, ANSWER)
    run_id = run(server).json()["id"]
    deadline = time.monotonic() + 5
    calls = []
    while len(calls) < 2 and time.monotonic() < deadline:
        calls = server.http.get("/v1/calls", params={"run_id": run_id}).json()["calls"]
        time.sleep(0.05)
    assert len(calls) == 2 and all(call["total_tokens"] > 0 for call in calls)


def test_cancelling_leaves_the_model_at_once(scripted, double, namespace):
    server = scripted({"text": "one two three", "pace": {"first_token_ms": 30_000}})
    ended = []
    runs = threading.Thread(target=lambda: ended.append(run(server).json()))
    runs.start()
    running = until(lambda: server.http.get("/v1/runs", params={"status": "running"}).json()["runs"])
    until(lambda: double.calls(namespace))
    begun = time.monotonic()
    cancelled = server.http.delete(f"/v1/runs/{running[0]['id']}")
    assert cancelled.status_code == 200 and cancelled.json()["status"] == "cancelled"
    assert time.monotonic() - begun < 5
    runs.join(timeout=5)
    assert ended and ended[0]["status"] == "cancelled"


def test_a_killed_run_is_found_and_goes_on(scripted, double, namespace):
    slow = {"text": ANSWER, "pace": {"first_token_ms": 30_000}}
    server = scripted(CALL, slow, ANSWER)
    threading.Thread(target=lambda: pytest.raises(httpx.TransportError, run, server), daemon=True).start()
    running = until(lambda: server.http.get("/v1/runs", params={"status": "running"}).json()["runs"])
    until(lambda: len(double.calls(namespace)) == 2)
    server.kill()
    server.start()
    run_id = running[0]["id"]
    found = server.http.get(f"/v1/runs/{run_id}").json()
    assert found["status"] == "interrupted" and found["resumable"]
    assert found["steps"][0]["tool_calls"][0]["result"]["output"] == "50"
    ended = server.http.post(f"/v1/runs/{run_id}/resume", json={}).json()
    assert (ended["status"], ended["answer"]) == ("completed", ANSWER)
    assert ended["step_count"] == 2 and len(double.calls(namespace)) == 3


def test_what_tools_are_called_with_is_logged_only_with_capture(scripted, started, double, namespace):
    server = scripted(CALL, ANSWER, CALL, ANSWER)
    run(server)
    line = next(line for line in server.log() if line["message"] == "Tool call completed")
    assert line["tool"] == "calculator" and line["success"] and "arguments" not in line
    config = config_for(double, namespace)
    open_server = started("serve", config=config + "\n[logging]\ncapture = true\n")
    run(open_server)
    line = next(line for line in open_server.log() if line["message"] == "Tool call completed")
    assert json.loads(line["arguments"]) == {"expression": "10 * 5"} and line["result"] == "50"


def until(look, timeout=10):
    """Looks until there is something."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.02)
    raise AssertionError("it did not come")
