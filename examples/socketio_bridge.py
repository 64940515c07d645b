"""Channels for pages that speak Socket.IO: what is said in one is heard in the other.

    pip install python-socketio aiohttp             (both are other people's; chatnet itself needs neither)
    TOKEN=cn-… python socketio_bridge.py http://127.0.0.1:8080 5000 '#club' '#lobby'

The token is for ``read,send,events`` (``chatnet token bridge --scope read,send,events``).  In a page:

    const socket = io("http://127.0.0.1:5000");
    socket.on("message", ({target, from, text}) => …);           // as the API tells messages
    socket.emit("join", "#club");
    socket.emit("say", {channel: "#club", nick: "ann", text: "hi"}, (answer) => …);     // its id, or an error

All of them speak by the one user of the token, who puts their names before what they say; so whoever can
reach the bridge can speak there.  Pages of other sites may not, unless ORIGINS names them.
"""

import asyncio
import json
import os
import sys

import socketio
from aiohttp import ClientError, ClientSession, ClientTimeout, web

AGAIN = 5
"""Seconds until the stream is opened again."""


async def listen(api, server, channels):
    """Tell the rooms what is said in the channels; a stream that was cut goes on where it was."""
    last = {}
    while True:
        try:
            query = {"types": "message", "channels": ",".join(channels)}
            async with api.get(
                "events", params=query, headers=last, timeout=ClientTimeout(sock_read=60)
            ) as stream:
                stream.raise_for_status()
                async for line in stream.content:
                    name, _, value = line.decode().strip().partition(": ")
                    if name == "id":
                        last = {"Last-Event-ID": value}
                    elif name == "data" and (event := json.loads(value))["type"] == "message":
                        await server.emit("message", event, room=event["target"].lower())
        except (ClientError, TimeoutError) as why:
            print(f"The stream is cut, and opened again in {AGAIN} s: {why}", file=sys.stderr)
        await asyncio.sleep(AGAIN)


def bridge(address, token, channels, origins):
    """The application: a Socket.IO server, and what it asks of chatnet."""
    server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins=origins)
    known = {name.lower(): name for name in channels}
    app = web.Application()
    server.attach(app)

    @server.event
    async def join(sid, channel):
        if str(channel).lower() not in known:
            return {"error": f"Channels are {', '.join(channels)}"}
        await server.enter_room(sid, str(channel).lower())
        return None

    @server.event
    async def say(sid, what):
        channel = known.get(str(what.get("channel")).lower()) if isinstance(what, dict) else None
        if channel is None:
            return {"error": f"Channels are {', '.join(channels)}"}
        nick = " ".join(str(what.get("nick", "")).split())[:30]
        body = {"text": f"[{nick}] {what.get('text', '')}" if nick else str(what.get("text", ""))}
        async with app["api"].post(f"channels/{channel[1:]}/messages", json=body) as answer:
            found = await answer.json()
        return {"id": found["id"]} if answer.ok else {"error": found["detail"]}

    async def running(app):
        headers = {"Authorization": f"Bearer {token}"}
        async with ClientSession(f"{address.rstrip('/')}/api/v1/", headers=headers) as app["api"]:
            listening = asyncio.create_task(listen(app["api"], server, channels))
            yield
            listening.cancel()

    app.cleanup_ctx.append(running)
    return app


if __name__ == "__main__":
    address, port, *names = sys.argv[1:]
    origins = os.environ.get("ORIGINS", "").split() or None
    web.run_app(bridge(address, os.environ["TOKEN"], names, origins), host="127.0.0.1", port=int(port))
