"""What the checks stand on: the running binary, a scripted upstream, plain sockets, the report."""
