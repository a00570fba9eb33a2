"""Wrong configuration: the file, the line, the key, and what to do."""

import pytest

from harness import playhouse
from harness.words import UPSTREAM_KEY

KEY = {"OPENAI_API_KEY": UPSTREAM_KEY}

# name: (file, what the message must hold)
WRONG = {
    "an unknown key": (
        "[server]\nlisten = '127.0.0.1:0'\nmax_body_bites = 5\n",
        ["playhouse.toml:3", "max_body_bites", "did you mean", "max_body_bytes"],
    ),
    "an unknown section": ("[sever]\nlisten = '127.0.0.1:0'\n", ["playhouse.toml:1", "sever", "server"]),
    "a wrong type": ("[upstream]\nretries = 'many'\n", ["playhouse.toml:2", "retries", "number"]),
    "a number below nought": ("[upstream]\n\nretries = -1\n", ["playhouse.toml:3", "retries"]),
    "no TOML": ("[server\n", ["playhouse.toml:1"]),
    "an unknown vendor": (
        "[providers.mine]\nvendor = 'opennai'\nbase_url = 'http://127.0.0.1:1/v1'\n",
        ["playhouse.toml:2", "opennai", "openai"],
    ),
    "an address that is none": ("[providers.mine]\nbase_url = 'localhost'\n", ["playhouse.toml:2", "base_url"]),
    "a chain to nobody": ("[models.fast]\nchain = ['nobody/gpt-4o']\n", ["playhouse.toml:2", "nobody"]),
    "a listen address that is none": ("[server]\nlisten = 'everywhere'\n", ["playhouse.toml:2", "everywhere"]),
    "a key in the wrong place": (f"[providers.openai]\napi_keys = '{UPSTREAM_KEY}'\n", ["playhouse.toml:2", "api_keys", "api_key"]),
    "a key of the wrong type": (f"[providers.groq]\napi_key = ['{UPSTREAM_KEY}']\n", ["playhouse.toml:2", "api_key"]),
}


@pytest.mark.parametrize("command", ["check", "serve"])
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file(home, case, command):
    text, wanted = WRONG[case]
    (home / "playhouse.toml").write_text(text)
    ended = playhouse.run([command], home, KEY)
    assert ended.returncode == 2, ended
    assert_tells(ended.stderr, wanted)


VARIABLES = {
    "an unknown variable of a section": ({"PLAYHOUSE_UPSTREAM__RETRYS": "1"}, ["did you mean PLAYHOUSE_UPSTREAM__RETRIES?"]),
    "a short name misspelt": ({"PLAYHOUSE_LISTNE": "127.0.0.1:1"}, ["PLAYHOUSE_LISTNE", "PLAYHOUSE_LISTEN"]),
    "a value that does not fit": ({"PLAYHOUSE_UPSTREAM__RETRIES": "many"}, ["PLAYHOUSE_UPSTREAM__RETRIES", "many"]),
    "a secret's file that is not there": ({"PLAYHOUSE_API_KEYS_FILE": "/nowhere/keys"}, ["PLAYHOUSE_API_KEYS_FILE", "/nowhere/keys"]),
    "a secret given twice": ({"OPENAI_API_KEY_FILE": "/nowhere/key"}, ["OPENAI_API_KEY_FILE", "OPENAI_API_KEY"]),
    "a log level that is none": ({"LOG_LEVEL": "loud"}, ["LOG_LEVEL", "loud"]),
}


@pytest.mark.parametrize("case", VARIABLES)
def test_a_wrong_variable(home, case):
    variables, wanted = VARIABLES[case]
    ended = playhouse.run(["check"], home, KEY | variables)
    assert ended.returncode == 2, ended
    assert_tells(ended.stderr, wanted)


def assert_tells(told: str, wanted: list[str]) -> None:
    missing = [piece for piece in wanted if piece not in told]
    assert not missing, f"{missing} is not in the message: {told}"
    assert UPSTREAM_KEY not in told, f"the message shows a key: {told}"


def test_all_problems_are_told_at_once(home):
    (home / "playhouse.toml").write_text("[server]\nlissten = 'x'\n\n[upstream]\nretries = 'many'\n")
    ended = playhouse.run(["check"], home, KEY | {"PLAYHOUSE_CHAT__MODLE": "m"})
    assert_tells(ended.stderr, ["playhouse.toml:2", "playhouse.toml:5", "PLAYHOUSE_CHAT__MODLE", "3 problems"])


def test_a_file_that_was_asked_for_and_is_not_there(home):
    ended = playhouse.run(["check", "--config", "nowhere.toml"], home, KEY)
    assert ended.returncode == 2
    assert_tells(ended.stderr, ["nowhere.toml"])


def test_a_wrong_flag_is_told_with_the_right_one(home):
    ended = playhouse.run(["serve", "--lisen", "127.0.0.1:0"], home, KEY)
    assert ended.returncode == 2
    assert_tells(ended.stderr, ["--lisen", "--listen"])


def test_flags_go_before_variables_and_those_before_the_file(home):
    (home / "playhouse.toml").write_text("[server]\nlisten = '127.0.0.1:1001'\ndata_dir = 'of-the-file'\n\n[upstream]\nretries = 9\n")
    env = KEY | {"PLAYHOUSE_LISTEN": "127.0.0.1:1002", "PLAYHOUSE_DATA_DIR": "of-the-variable"}
    told = playhouse.run(["check", "--listen", "127.0.0.1:1003"], home, env).stdout
    assert "127.0.0.1:1003" in told and "of-the-variable" in told and "retries = 9" in told, told


def test_a_secret_can_come_from_a_file(started, home):
    (home / "keys").write_text("sk-caller-sentinel-77aa\n")
    server = started(env={"PLAYHOUSE_API_KEYS_FILE": str(home / "keys")})
    assert server.http.get("/v1/models").status_code == 401
    assert server.http.get("/v1/models", headers={"authorization": "Bearer sk-caller-sentinel-77aa"}).status_code == 200
