"""Words that every request, answer and key in the checks carries, so that a leak can be found."""

PROMPT = "prompt-sentinel-4c1f"
ANSWER = "answer-sentinel-9b2e"
CALLER_KEY = "sk-caller-sentinel-77aa"
UPSTREAM_KEY = "sk-upstream-sentinel-55bb"

SENTINELS = (PROMPT, ANSWER, CALLER_KEY, UPSTREAM_KEY)
