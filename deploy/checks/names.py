"""Every metric and label in the alert rules and the dashboard is one that a running server shows.

    names.py BINARY

starts `BINARY serve` over `BINARY mock`, has it answer, fail and run an agent, and compares with what /metrics
then says.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import yaml

from promql import asked

DEPLOY = Path(__file__).parents[1]
TELEMETRY = DEPLOY.parent / "crates" / "telemetry" / "src" / "metrics"
START_TIMEOUT_S = 20

# Prometheus' own, which no server shows.
PROMETHEUS = {"up"}
PROMETHEUS_LABELS = {"job", "instance", "le", "alertname"}

# What shows only when it happens, which it does not here: held against the table of all metrics instead.
RARE = {
    "playhouse_cache_answers_total",
    "playhouse_circuit_opened_total",
    "playhouse_circuit_state",
    "playhouse_key_refusals_total",
    "playhouse_lost_work_total",
    "playhouse_redis_command_failures_total",
    "playhouse_redis_fallbacks_total",
    "playhouse_redis_up",
}


def rules():
    """The expressions of the alert rules, each with where it stands."""
    for file in sorted((DEPLOY / "prometheus").glob("*.yaml")):
        for group in yaml.safe_load(file.read_text()).get("groups", []):
            for rule in group["rules"]:
                yield f"{file.name}: {rule.get('alert') or rule['record']}", rule["expr"]


def panels():
    """The expressions of the dashboards, with their variables filled in."""
    for file in sorted((DEPLOY / "grafana").glob("*.json")):
        board = json.loads(file.read_text())
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield f"{file.name}: {panel['title']}", filled(target["expr"])
        for note in board["annotations"]["list"]:
            yield f"{file.name}: {note['name']}", filled(note["expr"])
        for variable in board["templating"]["list"]:
            for selector in re.findall(r"label_values\((.*),[^,]*\)", str(variable.get("definition"))):
                yield f"{file.name}: ${variable['name']}", filled(selector)


def filled(expression):
    return expression.replace("$__rate_interval", "5m").replace("$instance", ".*")


def check_syntax(expressions):
    """Prometheus' own parser reads them, as rules."""
    rules = [{"record": f"check:{number}", "expr": text} for number, (_, text) in enumerate(expressions)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "check", "rules": rules}]}, file)
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


# What the double answers: the calculator is called, everything else is echoed.
SCRIPT = """
rules:
  - when: { tool_result: calculator }
    reply: It is 391.
  - when: { user: "17 * 23", tools: [calculator] }
    reply: { tool_calls: [{ name: calculator, arguments: { expression: 17 * 23 } }] }
  - reply: Hello to you.
"""

AGENT = """
[agents.math]
tools = ["calculator"]
"""


@contextmanager
def running(binary, home, *arguments, **variables):
    """The address of what this command starts, which lives as long as this."""
    log = Path(home) / f"{arguments[0]}.log"
    command = [binary, *arguments, "--listen", "127.0.0.1:0", "--log-format", "json"]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=home, stdout=out, stderr=out, env={"HOME": home, **variables})
        try:
            yield address_in(log, process)
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def server(binary):
    """The address of a server whose provider is the double on a socket."""
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "script.yaml").write_text(SCRIPT)
        (Path(home) / "playhouse.toml").write_text(AGENT)
        with running(binary, home, "mock", "script.yaml") as vendor:
            variables = {"OPENAI_BASE_URL": f"{vendor}/v1", "OPENAI_API_KEY": "sk-test-names"}
            with running(binary, home, "serve", **variables) as url:
                yield url


def address_in(log, process):
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("{") and "address" in (fields := json.loads(line)):
                return f"http://{fields['address']}"
        time.sleep(0.02)
    raise AssertionError(f"{log.stem} did not start: {log.read_text()}")


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def exercise(url):
    """Makes the server do what its metrics tell of."""
    ask(f"{url}/v1/chat", {"message": "Hello", "session_id": "ada"})
    ask(f"{url}/v1/chat", {"message": "Three words please", "session_id": "ada", "stream": True})
    ask(f"{url}/v1/chat/completions", {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]})
    ask(f"{url}/v1/agents/math/runs", {"input": "What is 17 * 23?"})
    ask(f"{url}/v1/chat", {"message": 1})
    ask(f"{url}/health")


SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ")


def shown(url):
    """The names that /metrics shows, each with its labels."""
    labels_of = {}
    for line in ask(f"{url}/metrics").splitlines():
        if match := SAMPLE.match(line):
            labels = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="', match[2] or "")
            labels_of.setdefault(match[1], set()).update(labels)
    assert labels_of, "/metrics shows nothing"
    return labels_of


def declared(name):
    """The labels that the table of all metrics gives this one, or None if it is not there."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    row = re.compile(rf'"{base}"\s*\[([^\]]*)\]')
    rows = [match[1] for file in sorted(TELEMETRY.rglob("*.rs")) for match in row.finditer(file.read_text())]
    return {label.strip() for label in rows[0].split(",")} if rows else None


def problems_of(where, expression, labels_of):
    found = asked(expression)
    known = set(PROMETHEUS_LABELS)
    for name, labels in found.labels_of.items():
        if name in PROMETHEUS:
            continue
        its_labels = labels_of.get(name, declared(name) if name in RARE else None)
        if its_labels is None:
            yield f"{where}: there is no metric {name}"
            continue
        known |= its_labels
        yield from (f"{where}: {name} has no label {label}" for label in sorted(labels - its_labels - PROMETHEUS_LABELS))
    yield from (f"{where}: no metric of it has the label {label}" for label in sorted(found.groups - known))


def main():
    expressions = [*rules(), *panels()]
    assert expressions, "no expressions were found"
    check_syntax(expressions)
    with server(sys.argv[1]) as url:
        exercise(url)
        labels_of = shown(url)
    problems = [problem for where, text in expressions for problem in problems_of(where, text, labels_of)]
    print("\n".join(f"FAIL names: {problem}" for problem in problems) or f"ok   names: {len(expressions)} expressions")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
