"""The contract against the running server: schemathesis with all checks on."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from harness.words import CALLER_KEY

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
MAX_S = 240


@pytest.mark.timeout_s(MAX_S + 20)
def test_schemathesis_finds_nothing(started, home):
    server = started()
    report = home / "report.xml"
    command = [
        str(SCHEMATHESIS),
        "run",
        f"{server.url}/openapi.json",
        "--checks=all",
        "--max-examples=250",
        # More make Python 3.11's parser fail now and then, which schemathesis takes for an error.
        "--workers=1",
        "--continue-on-failure",
        "--request-timeout=10",
        "--generation-database=none",
        "--seed=20260101",
        "--no-shrink",
        "--output-sanitize=false",
        "--report=junit",
        f"--report-junit-path={report}",
        "--no-color",
    ]
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "COLUMNS": "200"}
    ended = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=MAX_S)
    found = failures(report) if report.exists() else []
    assert not found, f"{len(found)} failures: " + "; ".join(found)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-1000:]
    examined = {case.get("name") for case in ElementTree.parse(report).iter("testcase")}
    assert operations(server) <= examined, f"not examined: {operations(server) - examined}"


def operations(server) -> set[str]:
    paths = server.http.get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def failures(report: Path) -> list[str]:
    """Each failure of a report: the operation, what is wrong, and the command that shows it."""
    found = []
    for case in ElementTree.parse(report).iter("testcase"):
        for failure in [*case.iter("failure"), *case.iter("error")]:
            for part in re.split(r"^\d+\. Test Case ID: .*$", failure.text or "", flags=re.MULTILINE):
                what = re.findall(r"^- (.+)|^ +(Event #.+|Invalid component.+)|^ +`(.+)`$", part, re.MULTILINE)
                reproduction = re.search(r"^ +(curl .+)$", part, re.MULTILINE)
                told = [piece[:300] for groups in what for piece in groups if piece]
                if told:
                    found.append(f"{case.get('name')}: {', '.join(told)}: {reproduction.group(1) if reproduction else '?'}")
            if not failure.text:
                found.append(f"{case.get('name')}: {failure.get('message')}")
    return found


def test_every_reference_leads_somewhere(demo):
    contract = demo.http.get("/openapi.json").json()
    dangling = {reference for reference in references(contract) if not is_there(contract, reference)}
    assert not dangling, f"the contract refers to what it does not hold: {sorted(dangling)}"


def references(node) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in references(item)]
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for item in node.values() for found in references(item)]
    return []


def is_there(contract: dict, reference: str) -> bool:
    node = contract
    for key in reference.removeprefix("#/").split("/"):
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return reference.startswith("#/")


def test_every_operation_is_described(demo):
    contract = demo.http.get("/openapi.json").json()
    assert contract["openapi"].startswith("3.")
    paths = set(contract["paths"])
    for path in ("/v1/chat", "/v1/sessions", "/v1/sessions/{id}", "/v1/turns/{id}", "/v1/calls", "/v1/chat/completions", "/v1/models"):
        assert path in paths, f"{path} is not in the contract"
    for path in ("/health", "/health/detailed", "/health/ready", "/metrics"):
        assert path in paths, f"{path} is not in the contract"


def test_keys_are_wanted_on_every_route_but_the_open_ones(locked_demo):
    contract = locked_demo.http.get("/openapi.json").json()
    open_paths = set()
    for path, operations in contract["paths"].items():
        for method in operations:
            answer = locked_demo.http.request(method, path.replace("{id}", "x"))
            if answer.status_code != 401:
                open_paths.add(path)
            with_key = locked_demo.http.request(method, path.replace("{id}", "x"), headers={"authorization": f"Bearer {CALLER_KEY}"})
            assert with_key.status_code != 401, path
    assert open_paths == {"/health", "/health/ready", "/health/detailed"}


def test_the_docs_page_asks_no_other_host(demo):
    page = demo.http.get("/docs")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "://" not in page.text.replace("http://www.w3.org/2000/svg", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]
