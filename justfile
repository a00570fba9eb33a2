# The few verbs of this project. What CI runs is what these run.

# Format, lints, licences.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo deny check licenses bans sources

# Everything that tests.
test:
    cargo test --workspace

# Look through changed snapshots.
review:
    cargo insta review

# Measure against the baselines.
bench:
    bench/run

# The documentation of all crates.
docs:
    cargo doc --workspace --no-deps --open

# Everything works, with no key and no network.
demo:
    cargo run --release -- demo
