// A bot on irc-framework over WebSocket: PORT, SUBPROTOCOL (empty for none), to speak TLS `tls`, and a
// password to log in with.
"use strict";

const IRC = require("irc-framework");
const transport = require("irc-framework/src/transports/websocket");

// Node has one of its own from version 22 on.
globalThis.WebSocket ??= require("ws");

const [port, subprotocol, tls, password] = process.argv.slice(2);
const client = new IRC.Client({
    host: "localhost",
    port: Number(port),
    tls: tls === "tls",
    transport,
    websocket_protocol: subprotocol,
    nick: "frame",
    username: "frame",
    gecos: "A library",
    account: password ? {account: "frame", password} : undefined,
    auto_reconnect: false,
    enable_echomessage: true,
});

client.on("registered", () => {
    const enabled = client.network.cap.enabled;
    console.log("registered with", [...enabled].sort().join(" "));
    client.join("#den");
});
client.on("loggedin", (event) => console.log("logged in as", event.account));
client.on("sasl failed", (event) => console.log("not logged in:", event.reason));
client.on("userlist", (event) => {
    const nicks = event.users.map((user) => user.nick).sort();
    console.log("on", client.network.name, "in", event.channel, "with", nicks.join(" "));
});
client.on("message", (event) => {
    if (event.from_server) {
        return;
    }
    const tags = Object.keys(event.tags).sort().join(" ");
    console.log(`${event.type} from ${event.nick}: ${event.message} [${tags}]`);
    if (event.nick === client.user.nick) {
        return;
    }
    if (event.message === "leave") {
        client.quit("good night");
        return;
    }
    client.say(event.target, `${event.nick}: I heard ${event.message}`, {"+draft/reply": event.tags.msgid});
});
client.on("tagmsg", (event) => console.log("tagmsg from", event.nick, JSON.stringify(event.tags["+typing"])));
client.on("unknown command", (event) => {
    // Numerics that say in words what it knows better go by.
    if (!/^\d{3}$/.test(event.command)) {
        console.log("not understood:", event.command);
    }
});
client.on("close", () => console.log("closed"));
client.connect();
