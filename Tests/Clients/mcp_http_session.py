"""A session of the official MCP SDK (PyPI `mcp`) with `store serve`, over streamable HTTP.

    python mcp_http_session.py STORE ADDRESS

Prints what happened as one JSON object, by mode: `auto` (the revision without a handshake) and `legacy`.
"""
import asyncio
import json
import sys

from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

found = {}


async def session(mode):
    async with Client(streamable_http_client(sys.argv[2]), mode=mode) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        asked = await client.call_tool("search", {"question": "which port?", "limit": 2})
        added = await client.call_tool("add_text", {"text": "Anna likes figs.", "id": f"anna-{mode}"})
        wrong = await client.call_tool("search", {"question": 7})
        found[mode] = {
            "tools": tools, "search": asked.content[0].text, "added": not added.is_error,
            "refused": bool(wrong.is_error),
        }


for mode in ("auto", "legacy"):
    asyncio.run(session(mode))
print(json.dumps(found))
