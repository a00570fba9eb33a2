"""A server of tools over stdio, as the Model Context Protocol has it, whose tool takes as long as it is told.

Run by the binary, not by the checks: `python slow_tools.py`.
"""

import json
import sys
import time

TOOL = {
    "name": "wait",
    "description": "Waits",
    "inputSchema": {"type": "object", "properties": {"seconds": {"type": "number"}}, "required": ["seconds"]},
    "annotations": {"readOnlyHint": True},
}


def answer(method: str, params: dict) -> dict:
    if method == "initialize":
        return {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "slow-tools", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": [TOOL]}
    if method == "tools/call":
        time.sleep(params["arguments"]["seconds"])
        return {"content": [{"type": "text", "text": "waited"}]}
    return {}


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            result = answer(message["method"], message.get("params") or {})
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)


if __name__ == "__main__":
    main()
