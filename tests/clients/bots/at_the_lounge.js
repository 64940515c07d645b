// Somebody in front of The Lounge, who uses what its own page does: PORT USER PASSWORD, and as JSON a network
// to connect to, if it is not connected to one yet.
"use strict";

const {io} = require("socket.io-client");

const [port, user, password, network] = process.argv.slice(2);
const socket = io(`http://127.0.0.1:${port}`, {transports: ["websocket"]});
const names = new Map();
let done = 0;

const told = (channel, message, how) => {
    const who = message.from && message.from.nick ? message.from.nick : "*";
    console.log(`${how} ${names.get(channel)} ${message.type} ${who}: ${message.text || ""}`);
    // What is told of the past is nothing to be done again.
    if (how !== "heard" || new Date(message.time).getTime() <= done) {
        return;
    }
    const said = /^lounge, say (.*)$/.exec(message.text || "");
    if (said) {
        done = new Date(message.time).getTime();
        socket.emit("input", {target: channel, text: said[1]});
    } else if (message.text === "lounge, look back") {
        socket.emit("more", {target: channel, lastId: message.id, condensed: false});
    }
};
const entered = (channel) => {
    names.set(channel.id, channel.name);
    console.log("in", channel.name);
    // All that it keeps of it is asked for as one scrolls back.
    channel.messages.forEach((message) => told(channel.id, message, "kept"));
};

socket.on("auth:start", () => socket.emit("auth:perform", {user, password}));
socket.on("auth:failed", () => console.log("not let in"));
socket.on("auth:success", () => console.log("let in"));
socket.on("init", ({networks}) => {
    networks.forEach(({channels}) => channels.forEach(entered));
    if (network && networks.length === 0) {
        socket.emit("network:new", JSON.parse(network));
    }
});
socket.on("network", ({network: {channels}}) => channels.forEach(entered));
socket.on("join", ({chan}) => entered(chan));
socket.on("msg", ({chan, msg}) => told(chan, msg, "heard"));
socket.on("more", ({chan, messages}) => {
    messages.forEach((message) => told(chan, message, "kept"));
    console.log("no more of", names.get(chan));
});
