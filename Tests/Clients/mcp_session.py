"""A session of the official MCP SDK (PyPI `mcp`) with `store mcp`: every tool, a resource, nonsense, a call given up.

    python mcp_session.py STORE MODE FOLDER

MODE is `auto` (the revision without a handshake) or `legacy`. Prints what happened as one JSON object.
"""
import asyncio
import json
import os
import sys

from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client

store, mode, folder = sys.argv[1:]
found = {}


async def call(client, tool, arguments, name=None, **options):
    result = await client.call_tool(tool, arguments, **options)
    found[name or tool] = {"error": bool(result.is_error), "text": result.content[0].text}


async def main():
    server = StdioServerParameters(
        command=store, args=["mcp", "--write", "--root", folder], env=dict(os.environ))
    async with Client(stdio_client(server), mode=mode) as client:
        found["tools"] = [tool.name for tool in (await client.list_tools()).tools]
        resources = (await client.list_resources()).resources
        found["resources"] = [resource.name for resource in resources]
        found["resource"] = (await client.read_resource(resources[0].uri)).contents[0].text
        await call(client, "search", {"question": "which port?", "limit": 2})
        await call(client, "get", {"source": resources[0].name, "first_line": 3})
        await call(client, "list", {})
        await call(client, "status", {})
        await call(client, "add_text", {"text": "Anna likes figs.", "id": "anna"})
        await call(client, "add_path", {"path": folder}, progress_callback=progress)
        await call(client, "remove", {"source": "anna"})
        await call(client, "search", {"question": 7, "colour": "red"}, "nonsense")
        try:
            await client.call_tool("drop", {})
        except Exception as error:
            found["unknown"] = getattr(getattr(error, "error", error), "code", str(error))
        try:
            await asyncio.wait_for(
                client.call_tool("add_text", {"text": "To be given up.", "id": "given up"}), 1)
        except (asyncio.TimeoutError, TimeoutError):
            found["cancelled"] = True
        # The session goes on, and what was given up holds nothing up.
        await call(client, "add_text", {"text": "Ben likes plums.", "id": "ben"}, "after")
    print(json.dumps(found))


async def progress(done, total, message):
    found["progress"] = [done, total, message]


asyncio.run(main())
