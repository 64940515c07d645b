// @ts-check
/** What happened in a channel, in words: one line for those that are folded, and one for each. */
import {plain} from "./text.js";
import {clock} from "./times.js";
import {say} from "./words.js";

/** @typedef {import("./rows.js").Happening} Happening */

const NAMED = 4;

/**
 * @param {import("./arrange.js").Item} item
 * @param {(nick: string) => boolean} isMe
 * @returns {{line: string, more: string[]}}
 */
export function tell(item, isMe) {
    if (item.kind === "split") return told(/** @type {import("./rows.js").Split} */ (item.row?.split));
    const each = item.events.map((event) => `${clock(event.at, "locale")}  ${one(event, isMe)}`);
    if (item.events.length === 1) return {line: one(item.events[0], isMe), more: each};
    /** @type {string[]} */
    const line = [];
    for (const type of /** @type {const} */ (["join", "part", "quit"])) {
        const nicks = [...new Set(item.events.filter((event) => event.type === type).map((event) => event.nick))];
        if (nicks.length) line.push(say(`event.${type}.many`, {names: names(nicks), n: nicks.length}));
    }
    const others = item.events.filter((event) => !["join", "part", "quit"].includes(event.type));
    line.push(...others.slice(-NAMED).map((event) => one(event, isMe)));
    if (others.length > NAMED) line.push(say("event.more", {n: others.length - NAMED}));
    return {line: line.join(" · "), more: each};
}

/** @param {import("./rows.js").Split} split */
function told({near, far, gone, back, backAt}) {
    const servers = near.startsWith("*") ? say("split.hidden") : say("split.servers", {near, far});
    const here = gone.filter((nick) => back.includes(nick)).length;
    const line = [
        gone.length && say("split", {n: gone.length, servers}),
        backAt && (here ? say(here < gone.length ? "split.some" : "split.back", {n: here}) : say("split.met", {servers})),
    ];
    return {
        line: line.filter(Boolean).join(" · "),
        more: [
            gone.length ? names(gone, 200) : "",
            back.length ? say("split.names", {names: names(back, 200)}) : "",
        ].filter(Boolean),
    };
}

/** @param {string[]} nicks @param {number} [most] */
export function names(nicks, most = NAMED) {
    if (nicks.length <= most + 1) return nicks.join(", ");
    return say("names.more", {names: nicks.slice(0, most).join(", "), n: nicks.length - most});
}

/** @param {Happening} event @param {(nick: string) => boolean} isMe */
function one({type, nick, by, other, text}, isMe) {
    const reason = text ? plain(text) : "";
    const who = type === "kick" || type === "invite" ? nick : nick || by;
    const key = type === "topic" && !text ? "event.topic.none" : `event.${type}`;
    const words = say(isMe(who) && ["join", "nick", "kick"].includes(type) ? `${key}.you` : key, {
        nick,
        by: by || nick,
        other,
        text: reason,
    });
    return reason && type !== "topic" ? say("because", {words, reason}) : words;
}
