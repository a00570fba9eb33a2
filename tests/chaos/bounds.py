"""How long anything may take: what the replicas are configured with, and what a caller may wait because of it."""

CONNECT_MS = 1_000
FIRST_TOKEN_MS = 3_000
IDLE_MS = 1_500
CALL_MS = 8_000
"""A call with all its retries."""

STATEMENT_MS = 1_500
DATABASE_CONNECT_MS = 1_000
ACQUIRE_MS = 1_000
REDIS_COMMAND_MS = 250

LEASE_BEAT_MS = 400
LEASE_MISSED_BEATS = 5
GRACE_MS = 20_000
DRAIN_DELAY_MS = 1_000

MAX_STEPS = 3
"""Steps of an agent, each of which is a call."""

LONGEST_OUTAGE_S = 5.0
"""The longest that anything is stopped or paused on purpose."""
START_S = 30.0
"""The longest that a process may take to start on a busy machine, recovery of the database included."""
SLACK_S = 4.0
"""What two busy cores may add."""

_statement_s = (STATEMENT_MS + 500 + ACQUIRE_MS + DATABASE_CONNECT_MS) / 1000
_call_s = CALL_MS / 1000
_lease_s = LEASE_BEAT_MS * (LEASE_MISSED_BEATS + 2) / 1000 + _statement_s

# A request may arrive at a replica that stands still, wait for a few statements of a database that does, and for
# its calls. One that waits for what another replica does may have to wait until that one is found dead.
REQUEST_S = {
    "completion": _call_s + LONGEST_OUTAGE_S + SLACK_S,
    "turn": _call_s + 4 * _statement_s + LONGEST_OUTAGE_S + SLACK_S,
    "run": MAX_STEPS * (_call_s + 3 * _statement_s) + LONGEST_OUTAGE_S + SLACK_S,
    "follow": MAX_STEPS * _call_s + _lease_s + LONGEST_OUTAGE_S + 4 * _statement_s + SLACK_S,
    # At worst the replica that answered has died and the database is away when that could be found out.
    "a broken stream to its end": MAX_STEPS * _call_s + _lease_s + 2 * LONGEST_OUTAGE_S + 2 * _statement_s + SLACK_S,
    "read": 2 * _statement_s + LONGEST_OUTAGE_S + SLACK_S,
}

EXIT_S = GRACE_MS / 1000 + DRAIN_DELAY_MS / 1000 + _statement_s + SLACK_S
"""From SIGTERM to the end of the process."""

SETTLE_S = 60.0
"""Once all is well again: until every request that is under way has its end."""
QUIET_S = _call_s + _lease_s + 10.0
"""After that: until nothing runs any more and every record is in the database."""
