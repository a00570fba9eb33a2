# Words to the person who runs this. Progress goes to stderr, the table alone to stdout.

say() { echo "bench: $*" >&2; }

# Ends the run: something is missing that no row can do without.
die() { say "$*"; exit 2; }

# give_up REASON: for `|| return 1` chains; ends the row, not the run.
give_up() { reason=$*; return 1; }
