"""The plugin in tests of its own, with the real clients of OpenAI and Anthropic and the real double."""

import textwrap

import pytest

HEAD = """
import anthropic
import openai
import pytest

def ask(text="Hi", **more):
    with openai.OpenAI(max_retries=0) as client:
        messages = [{"role": "user", "content": text}]
        return client.chat.completions.create(model="gpt-4o-mini", messages=messages, **more).choices[0].message.content

def ask_claude(text="Hi", **more):
    with anthropic.Anthropic(max_retries=0) as client:
        messages = [{"role": "user", "content": text}]
        return client.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=messages, **more).content[0].text
"""


@pytest.fixture
def run(pytester):
    """Runs tests that are handed in as text."""

    def run(tests: str, *arguments: str):
        pytester.makepyfile(HEAD + textwrap.dedent(tests))
        # By name, so that it does not matter whether plugins are loaded by themselves.
        return pytester.runpytest("-p", "playhouse", "-p", "xdist", "-p", "no:cacheprovider", *arguments)

    return run


def test_a_test_passes_with_the_openai_client(run):
    result = run("""
        def test_it(llm):
            llm.reply("Hello")
            assert ask("Greet me") == "Hello"
            call, = llm.calls
            assert (call.user, call.model, call.status) == ("Greet me", "gpt-4o-mini", 200)
            assert llm.api_key not in str(call.headers)
    """)
    result.assert_outcomes(passed=1)


def test_a_test_passes_with_the_anthropic_client(run):
    result = run("""
        def test_it(llm):
            llm.reply("Hello").fail(529)
            assert ask_claude("Greet me", system="Be polite.") == "Hello"
            with pytest.raises(anthropic.APIStatusError) as refused:
                ask_claude()
            assert refused.value.status_code == 529
            call, _ = llm.calls
            assert (call.user, call.model, call.status) == ("Greet me", "claude-haiku-4-5", 200)
            assert llm.api_key not in str(call.headers)

        def test_one_script_for_both(llm):
            llm.reply("one").reply("two")
            assert [ask(), ask_claude()] == ["one", "two"]

        def test_strict(llm):
            llm.strict = False
            with pytest.raises(anthropic.BadRequestError, match="range: 0..1"):
                ask_claude(temperature=1.5)
    """)
    result.assert_outcomes(passed=3)


def test_replies_come_in_turn_and_by_condition(run):
    result = run("""
        def test_in_turn(llm):
            llm.reply("one").reply("two")
            assert [ask(), ask()] == ["one", "two"]

        def test_by_condition(llm):
            llm.reply("sunny", when="weather", times=None).reply("else")
            assert [ask("the weather"), ask("more weather"), ask("Hi")] == ["sunny", "sunny", "else"]

        def test_a_script(llm, tmp_path):
            file = tmp_path / "script.yaml"
            file.write_text("rules:\\n  - reply: from a file\\n")
            llm.script(file)
            assert ask() == "from a file"
            llm.script("rules: [{reply: from YAML}]")
            assert ask() == "from YAML"
            llm.script({"rules": [{"reply": "from a dict"}]})
            assert ask() == "from a dict"

        def test_a_fixture_beside_its_script(llm, tmp_path):
            (tmp_path / "answer.txt").write_text("from a fixture")
            (tmp_path / "script.yaml").write_text("rules: [{reply: {fixture: answer.txt}}]")
            llm.script(tmp_path / "script.yaml")
            assert ask() == "from a fixture"

        def test_without_a_script(llm):
            assert ask("echo") == "echo"

        def test_faults(llm):
            llm.fail(429).fail({"kind": "reset_before_headers"}).reply("ok")
            with pytest.raises(openai.RateLimitError):
                ask()
            with pytest.raises(openai.APIConnectionError):
                ask()
            assert ask() == "ok"
    """)
    result.assert_outcomes(passed=6)


def test_the_variables_are_set_and_set_back(run, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-before")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "secret-before")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    result = run("""
        import os

        def test_within(llm):
            assert os.environ["OPENAI_BASE_URL"] == llm.base_url
            assert os.environ["OPENAI_API_KEY"] == llm.api_key == f"sk-test-{llm.namespace}"
            assert os.environ["ANTHROPIC_BASE_URL"] == llm.anthropic_base_url == llm.url
            assert os.environ["ANTHROPIC_API_KEY"] == llm.api_key and "ANTHROPIC_AUTH_TOKEN" not in os.environ
            assert llm.namespace.startswith("test_within-")

        def test_after():
            assert "OPENAI_BASE_URL" not in os.environ and os.environ["OPENAI_API_KEY"] == "sk-before"
            assert "ANTHROPIC_BASE_URL" not in os.environ and os.environ["ANTHROPIC_AUTH_TOKEN"] == "secret-before"
    """)
    result.assert_outcomes(passed=2)


def test_a_reply_that_is_not_fetched_fails_the_test(run):
    result = run("""
        def test_it(llm):
            llm.reply("one").reply("two")
            ask()
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*every rule to have given all of its answers*", "*rule 2*1 answer is left*"])
    result.stdout.fnmatch_lines(["*what the double was asked*", "*#1 POST chat gpt-4o-mini \"Hi\"*rule 1 200*"])
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_a_request_that_matches_nothing_fails_the_test(run):
    result = run("""
        def test_it(llm):
            llm.reply("sunny", when="weather")
            ask("the weather")
            try:
                ask("the time")
            except openai.NotFoundError:
                pass
    """)
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*During handling*")
    result.stdout.fnmatch_lines(["*no rule matched #2*", "*expected to contain \"weather\"*\"the time\"*"])


def test_what_differs_can_be_let_pass(run):
    result = run("""
        def test_it(llm):
            llm.strict = False
            llm.reply("never fetched")
    """)
    result.assert_outcomes(passed=1)


def test_a_verification_reads_well(run):
    result = run("""
        def test_it(llm):
            llm.reply("ok")
            ask("the weather in Oslo")
            llm.verify(calls=[{"when": {"user": "Oslo"}, "times": 1}], total=1)
            llm.verify(calls=[{"when": {"user": "Rome"}, "times": 1}])
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Rome*", "*Oslo*"])


def test_a_failing_test_shows_the_exchange(run):
    result = run("""
        def test_it(llm):
            llm.reply("Hello")
            assert ask("Greet me") == "Goodbye"
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 'Hello' == 'Goodbye'*", "*what the double was asked*", "*Greet me*"])


def test_a_wrong_rule_is_told_at_once(run):
    result = run("""
        def test_it(llm):
            llm.reply("Hello", finnish="stop")
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*unknown key 'finnish' in reply*", "*did you mean 'finish'?*"])


def test_a_test_that_asks_for_it_late_is_verified_too(run):
    result = run("""
        def test_it(request):
            request.getfixturevalue("llm").reply("never fetched")
    """)
    result.assert_outcomes(failed=1)


def test_many_workers_share_nothing(run):
    result = run(
        """
        @pytest.mark.parametrize("number", range(24))
        def test_it(llm, number):
            llm.reply(f"{number}-a").reply(f"{number}-b")
            assert [ask("one"), ask("two")] == [f"{number}-a", f"{number}-b"]
            assert [call.user for call in llm.calls] == ["one", "two"]
        """,
        "-n",
        "4",
    )
    result.assert_outcomes(passed=24)


def test_a_binary_that_is_not_there_is_told(run):
    result = run("def test_it(llm): ...", "--playhouse-binary", "no-such-program")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*'no-such-program' was not found*PLAYHOUSE_BINARY*"])
