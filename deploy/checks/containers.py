"""The image and the compose stack, built and run for real on the Docker engine that answers.

    containers.py [--image NAME]

builds the image, unless one is named, looks at it, runs it alone, and runs compose.yaml with the double as the
model: sessions in PostgreSQL, confinement, an API that is replaced, Redis that is away, secrets from files.
Everything it starts is removed, also after a failure.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAX_IMAGE_BYTES = 40_000_000
BUILD_TIMEOUT_S = 40 * 60
COMMAND_TIMEOUT_S = 120
HEALTHY_TIMEOUT_S = 60
PROJECT = "playhouse-check"
USER = 65532
PASSWORD = "a-password-of-this-check"
KEY = "sk-caller-of-this-check"


class Failed(Exception):
    """Something is not as it must be."""


def need(condition, words):
    if not condition:
        raise Failed(words)


def run(*command, timeout=COMMAND_TIMEOUT_S, code=0, env=None):
    """What a command prints; it must end with this code, or with any if that is None."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})}
    )
    if code is not None and done.returncode != code:
        raise Failed(f"`{' '.join(command)}` ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return (done.stdout + done.stderr if code != 0 else done.stdout).strip()


def docker(*arguments, **options):
    return run("docker", *arguments, **options)


def inspect(name):
    return json.loads(docker("inspect", name))[0]


def ask(port, path, body=None, key=None):
    """The status and the JSON of an answer."""
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def until(condition, words, seconds=HEALTHY_TIMEOUT_S):
    """Waits for a condition, within a bound; refused connections count as not yet."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.2)
    raise Failed(f"not within {seconds} s: {words}")


def confined(name, user=USER):
    """A container whose process is nobody, may do nothing more, and writes to nothing but its volumes."""
    state = inspect(name)
    host = state["HostConfig"]
    need(host["ReadonlyRootfs"], f"{name}: its root can be written to")
    need("ALL" in host["CapDrop"] and not host["CapAdd"], f"{name}: it has capabilities")
    need(any(option.startswith("no-new-privileges") for option in host["SecurityOpt"] or []), f"{name}: it may gain rights")
    need(host["Memory"] > 0 and host["PidsLimit"] > 0 and host["NanoCpus"] > 0, f"{name}: it has no limits")
    status = Path(f"/proc/{state['State']['Pid']}/status").read_text()
    of = lambda field: re.search(rf"^{field}:\s*(.*)$", status, re.MULTILINE)[1].split()
    need(of("Uid") == [str(user)] * 4, f"{name}: its process is of user {of('Uid')}")
    need(of("CapEff") == of("CapPrm") == ["0" * 16], f"{name}: its process has capabilities {of('CapEff')}")
    need(of("NoNewPrivs") == ["1"], f"{name}: its process may gain rights")


class Image:
    """The image itself, and containers of it that run alone."""

    def __init__(self, name):
        self.name = name
        self.config = inspect(name)["Config"]

    def check_size(self):
        size = inspect(self.name)["Size"]
        print(f"     {size / 1e6:.1f} MB")
        need(size < MAX_IMAGE_BYTES, f"the image has {size} bytes")

    def check_configuration(self):
        config = self.config
        need(config["User"] == f"{USER}:{USER}", f"user {config['User']}")
        need(config["Entrypoint"] == ["/playhouse"] and config["Cmd"] == ["serve"], "what it runs")
        need(config["Healthcheck"]["Test"] == ["CMD", "/playhouse", "health"], "how its health is asked")
        need(list(config["ExposedPorts"]) == ["8000/tcp"], "its ports")
        need(list(config["Volumes"]) == ["/var/lib/playhouse"], "its volumes")

    def check_labels(self):
        labels = {name.removeprefix("org.opencontainers.image."): text for name, text in self.config["Labels"].items()}
        version = docker("run", "--rm", self.name, "--version").split()[1]
        need(labels["version"] == version, f"its label says {labels['version']}, its binary {version}")
        need(all(labels[name] for name in ("title", "description", "revision", "licenses")), f"labels {labels}")
        need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"]), f"created {labels['created']}")

    def check_nothing_else_is_in_it(self):
        container = docker("create", self.name)
        try:
            tar = ["bash", "-c", f"set -o pipefail; docker export {container} | tar -t"]
            files = {name for name in run(*tar).splitlines() if not name.endswith("/")}
        finally:
            docker("rm", "--volumes", container)
        # What the engine itself puts into every container.
        engine = {".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}
        ours = {"playhouse", "etc/ssl/certs/ca-certificates.crt", "licenses/LICENSE-APACHE", "licenses/LICENSE-MIT"}
        need(files - engine == ours, f"{sorted(files - engine)}")

    def refusal(self, *arguments):
        """What a container says that must end by itself, and not with 0."""
        name = f"{PROJECT}-refusal"
        try:
            said = docker("run", "--name", name, *arguments, code=None, timeout=20)
            need(inspect(name)["State"]["ExitCode"] != 0, f"it ended well: {said}")
            return said
        finally:
            docker("rm", "--force", "--volumes", name)

    def check_it_refuses_to_be_open(self):
        said = self.refusal("--env", "OPENAI_API_KEY=sk-test", self.name)
        need("PLAYHOUSE_API_KEYS" in said or "api_keys" in said, f"it does not say what to set: {said}")

    def check_it_runs_alone(self):
        """Read-only, without rights, by the image's own health check, and ends with 0 when told to."""
        limits = ["--memory", "256m", "--pids-limit", "64", "--cpus", "1"]
        flags = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", *limits]
        env = ["--env", "OPENAI_API_KEY=sk-test", "--env", f"PLAYHOUSE_API_KEYS={KEY}"]
        name = f"{PROJECT}-alone"
        docker("run", "--detach", "--name", name, "--publish", "127.0.0.1::8000", *flags, *env, self.name)
        try:
            port = docker("port", name, "8000/tcp").rsplit(":", 1)[1]
            until(lambda: ask(port, "/health/ready")[0] == 200, "it is ready")
            confined(name)
            need(ask(port, "/v1/sessions")[0] == 401, "it answers without a key")
            need(ask(port, "/v1/sessions", key=KEY) == (200, {"sessions": [], "next": None}), "its database")
            until(lambda: inspect(name)["State"]["Health"]["Status"] == "healthy", "its health check says so")
            docker("stop", "--time", "40", name)
            need(inspect(name)["State"]["ExitCode"] == 0, f"it ended with {inspect(name)['State']['ExitCode']}")
        finally:
            docker("rm", "--force", "--volumes", name)

    def check_nothing_else_can_be_written(self):
        env = ["--env", "OPENAI_API_KEY=sk-test", "--env", f"PLAYHOUSE_API_KEYS={KEY}"]
        said = self.refusal("--read-only", *env, self.name, "serve", "--data-dir", "/elsewhere")
        need("ead-only" in said, f"/elsewhere could be written to: {said}")

    def check_the_double(self):
        name = f"{PROJECT}-double"
        command = ["mock", "--listen", "0.0.0.0:4010"]
        docker("run", "--detach", "--name", name, "--read-only", "--publish", "127.0.0.1::4010", self.name, *command)
        try:
            port = docker("port", name, "4010/tcp").rsplit(":", 1)[1]
            body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello there!"}]}
            until(lambda: ask(port, "/health")[0] == 200, "it listens")
            status, answer = ask(port, "/v1/chat/completions", body, key="sk-test-a")
            need(status == 200 and answer["usage"]["completion_tokens"] > 0, f"{status} {answer}")
        finally:
            docker("rm", "--force", "--volumes", name)


class Stack:
    """compose.yaml, with the double as its model."""

    def __init__(self, image, *files, **variables):
        self.files = ["compose.yaml", "compose.demo.yaml", *files]
        self.env = {
            "PLAYHOUSE_IMAGE": image,
            "PLAYHOUSE_PORT": str(free_port()),
            "POSTGRES_PASSWORD": PASSWORD,
            "OPENAI_API_KEY": "",
            "OPENAI_BASE_URL": "",
            "PLAYHOUSE_API_KEYS": "",
            "LOG_LEVEL": "",
            **variables,
        }
        self.key = None

    def compose(self, *arguments, **options):
        files = [word for file in self.files for word in ("--file", file)]
        command = ["docker", "compose", "--project-name", PROJECT, "--env-file", "/dev/null", *files, *arguments]
        return run(*command, env=self.env, timeout=300, **options)

    def up(self, *services):
        self.compose("up", "--detach", "--wait", "--wait-timeout", "180", "--no-build", *services)

    def down(self):
        self.compose("down", "--volumes", "--timeout", "45")

    def container(self, service):
        return self.compose("ps", "--all", "--quiet", service)

    def ask(self, path, body=None):
        return ask(self.env["PLAYHOUSE_PORT"], path, body, self.key)

    def sql(self, text):
        command = ["exec", "--no-TTY", "postgres", "psql", "--username=playhouse", "--dbname=playhouse", "-tAc", text]
        return self.compose(*command)

    def redis(self):
        return self.ask("/health/detailed")[1]["checks"]["redis"]

    def check_it_comes_up(self):
        self.up()
        need(self.ask("/health/ready")[0] == 200, "the API is not ready")
        status, health = self.ask("/health/detailed")
        need(health == {"status": "healthy", "checks": {**health["checks"], "database": "ok", "redis": "ok"}}, f"{health}")

    def check_only_the_api_is_published(self):
        for service in ("api", "postgres", "redis", "double"):
            published = {port: at for port, at in inspect(self.container(service))["NetworkSettings"]["Ports"].items() if at}
            want = {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": self.env["PLAYHOUSE_PORT"]}]} if service == "api" else {}
            need(published == want, f"{service} is published at {published}")

    def check_all_are_confined(self):
        for service, user in (("api", USER), ("double", USER), ("postgres", 70), ("redis", 999)):
            confined(self.container(service), user)

    def check_a_chat_is_kept_in_postgres(self):
        status, answer = self.ask("/v1/chat", {"message": "I am Ada.", "session_id": "ada"})
        need(status == 200 and "Ada" in answer["content"], f"{status} {answer}")
        kept = self.sql(
            "SELECT turns.question, turns.state FROM turns JOIN sessions ON sessions.key = turns.session"
            " WHERE sessions.id = 'ada'"
        )
        need(kept == "I am Ada.|completed", f"PostgreSQL has: {kept!r}")

    def check_a_new_api_knows_the_session(self):
        """First the container is started again, then another takes its place, with an empty folder."""
        self.compose("restart", "--timeout", "45", "api")
        self.up()
        self.knows_ada()
        self.compose("rm", "--stop", "--force", "api")
        docker("volume", "rm", f"{PROJECT}_api-data")
        self.up()
        self.knows_ada()
        status, answer = self.ask("/v1/chat", {"message": "And I am still here.", "session_id": "ada"})
        need(status == 200, f"{status} {answer}")

    def knows_ada(self):
        status, session = self.ask("/v1/sessions/ada")
        need(status == 200 and session["messages"][0]["content"] == "I am Ada.", f"{status} {session}")

    def check_the_call_is_recorded(self):
        until(lambda: self.sql("SELECT count(*) FROM calls") != "0", "a call's record is in PostgreSQL")

    def check_redis_may_be_away(self):
        self.compose("stop", "--timeout", "5", "redis")
        until(lambda: self.redis() == "error", "the API sees that Redis is away")
        status, answer = self.ask("/v1/chat", {"message": "Without Redis.", "session_id": "ada"})
        need(status == 200, f"without Redis: {status} {answer}")
        self.up()
        until(lambda: self.redis() == "ok", "the API finds Redis again")

    def check_it_ends_in_order(self):
        api = self.container("api")
        self.compose("stop", "--timeout", "45", "api")
        code = inspect(api)["State"]["ExitCode"]
        need(code == 0, f"the API ended with {code}")

    def check_nothing_is_left(self):
        self.down()
        left = docker("volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}")
        left += docker("ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}")
        need(left == "", f"left over: {left}")


class SecretStack(Stack):
    """The same with secrets from files, which stand in no environment."""

    def __init__(self, image, folder):
        secrets = {
            "openai_api_key": "sk-test-of-a-file",
            "playhouse_api_keys": KEY,
            "postgres_password": PASSWORD,
            "database_url": f"postgres://playhouse:{PASSWORD}@postgres:5432/playhouse",
        }
        for name, text in secrets.items():
            (folder / name).write_text(f"{text}\n")
            (folder / name).chmod(0o444)
        super().__init__(image, "compose.secrets.yaml", PLAYHOUSE_SECRETS=str(folder), POSTGRES_PASSWORD="")
        self.key = KEY

    check_it_comes_up = Stack.check_it_comes_up
    check_a_chat_is_kept_in_postgres = Stack.check_a_chat_is_kept_in_postgres

    def check_a_key_is_asked_for(self):
        status, _ = ask(self.env["PLAYHOUSE_PORT"], "/v1/chat", {"message": "Hello"})
        need(status == 401, f"without a key: {status}")

    def check_no_secret_is_shown(self):
        for service in ("api", "postgres"):
            container = self.container(service)
            shown = docker("inspect", container) + docker("logs", container, code=None)
            for secret in (PASSWORD, KEY, "sk-test-of-a-file"):
                need(secret not in shown, f"{service} shows {secret}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build():
    """Builds the image as a release would, and says its name."""
    revision = run("git", "rev-parse", "HEAD", code=None).splitlines()[-1]
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    arguments = ["--build-arg", f"REVISION={revision}", "--build-arg", f"CREATED={created}"]
    begun = time.monotonic()
    docker("build", "--quiet", "--tag", "playhouse:check", *arguments, ".", timeout=BUILD_TIMEOUT_S)
    print(f"ok   image: built in {time.monotonic() - begun:.0f} s", flush=True)
    return "playhouse:check"


def run_checks(subject, what):
    """Runs the checks one after another; says how many failed. What follows a failure may fail because of it."""
    failed = 0
    for name in [name for name in vars(type(subject)) if name.startswith("check_")]:
        label = f"{what}: {name.removeprefix('check_').replace('_', ' ')}"
        begun = time.monotonic()
        try:
            getattr(subject, name)()
        except (Failed, OSError, ValueError, KeyError, LookupError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"FAIL {label}: {type(error).__name__}: {error}", flush=True)
        else:
            print(f"ok   {label} ({time.monotonic() - begun:.1f} s)", flush=True)
    return failed


def run_stack(stack, what):
    try:
        failed = run_checks(stack, what)
        if failed:
            print(stack.compose("logs", "--no-color", "--tail", "30", code=None), flush=True)
        return failed
    finally:
        stack.down()


def main():
    parser = argparse.ArgumentParser(description="Checks the image and the compose stack for real.")
    parser.add_argument("--image", help="an image that is there already, instead of building one")
    image = parser.parse_args().image or build()
    failed = run_checks(Image(image), "image")
    failed += run_stack(Stack(image), "stack")
    with tempfile.TemporaryDirectory() as folder:
        failed += run_stack(SecretStack(image, Path(folder)), "secrets")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
