#!/usr/bin/env python3
"""{{pluginDisplayName}}: one tool, {{toolName}}. SPDX-License-Identifier: MIT

The host writes one request a line and reads one answer a line. Everything else is up to this program, which may be written in
any language. As it stands the tool counts the words of a text.
"""

import json
import sys

TOOLS = [
    {
        "name": "{{toolName}}",
        "description": "{{toolDescription}}",
        "input_schema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["input"],
            "properties": {"input": {"type": "string", "description": "the text"}},
        },
    }
]


def call(name, arguments):
    if name != "{{toolName}}":
        return {"error": {"code": "not_found", "message": "no such tool"}}
    return {"result": {"words": len(arguments.get("input", "").split())}}


def main():
    for line in sys.stdin:  # ends when the host closes it
        request = json.loads(line)
        if request["method"] == "list":
            answer = {"result": TOOLS}
        else:
            answer = call(request.get("name"), request.get("arguments") or {})
        print(json.dumps({"id": request["id"], **answer}), flush=True)


if __name__ == "__main__":
    main()
