"""Makes a corpus of recorded exchanges: the bodies of requests and of answers, each a file."""

import hashlib
import json
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
SIDES = {"requests": "request", "answers": "response"}


def main(recorded: Path) -> None:
    for path in recorded.rglob("*.json"):
        exchange = json.loads(path.read_text())
        for folder, side in SIDES.items():
            body = exchange[side]["body"].encode()
            file = CORPUS / folder / hashlib.sha256(body).hexdigest()[:16]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: seed.py FOLDER, where recorded exchanges are")
    main(Path(sys.argv[1]))
