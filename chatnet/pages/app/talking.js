/**
 * What is said, to channels and to people: messages, reactions, deletions, typing, and how far one has read.
 */

import {mentions} from "./format.js";
import {entryOf, timeOf} from "./rows.js";
import {fold} from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Changes} Changes */
/** @typedef {import("./state.js").Target} Target */
/** @typedef {import("./rows.js").Row} Row */

/** Milliseconds for which somebody types who said so, and for which they think. */
const TYPING = {active: 6000, paused: 30_000};

/**
 * Where a line belongs: [target, ranks before a channel]; null: it is a word of the server.
 * @param {State} state
 * @param {Message} message
 * @returns {[string, string]|null}
 */
export function placeOf(state, message) {
    const [status, name] = state.isupport.target(message.params[0] ?? "");
    if (state.isupport.isChannel(name)) {
        return [name, status];
    }
    if (!message.user || name[0] === "$" || (!state.isMe(name) && !state.isMe(message.nick))) {
        return null;
    }
    return [state.isMe(message.nick) ? name : message.nick, ""];
}

/**
 * PRIVMSG and NOTICE.
 * @param {State} state
 * @param {Message} message
 * @param {number} now
 * @param {Changes} changes
 */
export function spoke(state, message, now, changes) {
    const place = placeOf(state, message);
    if (!place) {
        const taken = state.notices.take([message], {live: true}, now);
        const text = message.params[1] ?? "";
        changes.add({kind: "notice", nick: message.nick, text, ...(taken?.added[0]?.row ? {row: taken.added[0].row} : {})});
        return;
    }
    const [name, status] = place;
    const known = state.targets.size;
    const taken = state.target(name).past.take([message], {live: true, status}, now);
    const target = state.target(name);
    if (!taken) {
        return;
    }
    if (state.targets.size !== known) {
        changes.once("channels");
    }
    if (target.typing.delete(message.nick)) {
        changes.once("typing", target.name);
    }
    learn(state, message, changes);
    const row = taken.added[0]?.row;
    if (!row) {
        changes.rows(target, taken); // it was here already: an echo behind a page, say
        return;
    }
    const own = state.isMe(row.nick);
    const mention = !own && isMention(state, target, row);
    if (!own && row.at > markOf(target)) {
        target.unread++;
        target.mentions += Number(mention);
        changes.once("target", target.name);
    }
    changes.rows(target, taken, {row, own, mention});
}

/**
 * What tags tell of who speaks.
 * @param {State} state
 * @param {Message} message
 * @param {Changes} changes
 */
function learn(state, message, changes) {
    const person = state.person(message.nick);
    const account = message.tags.get("account") ?? (state.caps.has("account-tag") ? "" : person.account);
    const bot = message.tags.has("bot");
    if (person.account !== account || person.bot !== bot || person.host !== message.host || person.online === false) {
        Object.assign(person, {account, bot, user: message.user, host: message.host, online: true});
        changes.once("people", undefined, person.nick);
    }
}

/**
 * TAGMSG: a reaction, or that somebody types.
 * @param {State} state
 * @param {Message} message
 * @param {number} now
 * @param {Changes} changes
 */
export function tagged(state, message, now, changes) {
    const place = placeOf(state, message);
    const target = place && state.targets.get(fold(place[0]));
    if (!target) {
        return;
    }
    const typing = message.tags.get("+typing");
    if (typing !== undefined && !state.isMe(message.nick)) {
        const lasts = typing === "active" ? TYPING.active : typing === "paused" ? TYPING.paused : 0;
        if (lasts) {
            target.typing.set(message.nick, now + lasts);
        } else {
            target.typing.delete(message.nick);
        }
        changes.once("typing", target.name);
    }
    const to = entryOf(message, now, true)?.reaction?.to;
    const taken = to && target.past.take([message], {live: true}, now);
    if (taken) {
        changes.rows(target, {first: to, last: to, live: false});
    }
}

/**
 * REDACT.
 * @param {State} state
 * @param {Message} message
 * @param {number} now
 * @param {Changes} changes
 */
export function redacted(state, message, now, changes) {
    const place = placeOf(state, message);
    if (!place) {
        return;
    }
    const target = state.target(place[0]);
    const id = message.params[1] ?? "";
    const reaction = target.past.known.get(id)?.reaction;
    target.past.take([message], {live: true}, now);
    const touched = reaction ? reaction.to : id;
    changes.rows(target, {first: touched, last: touched, live: false});
    recount(state, target, changes);
}

/**
 * MARKREAD: how far one has read, on whichever device.
 * @param {State} state
 * @param {Message} message
 * @param {Changes} changes
 */
export function marked(state, message, changes) {
    const [name = "", point = "*"] = message.params;
    const target = state.target(name);
    const at = point.startsWith("timestamp=") ? point.slice("timestamp=".length) : null;
    if (at !== null && !Number.isNaN(Date.parse(at))) {
        target.mark = at;
        recount(state, target, changes);
    }
    changes.once("target", target.name);
}

/**
 * Until when one has read, in milliseconds.
 * @param {Target} target
 */
export function markOf(target) {
    return target.mark === null ? -Infinity : Date.parse(target.mark);
}

/**
 * Whether a message is for oneself: in private, or by one's nick or words.
 * @param {State} state
 * @param {Target} target
 * @param {Row} row
 */
function isMention(state, target, row) {
    if (!state.isupport.isChannel(target.name) && row.kind !== "notice") {
        return true;
    }
    return mentions(row.text, [state.me.nick, ...state.words]);
}

/**
 * Count anew what is not read yet of what is known.
 * @param {State} state
 * @param {Target} target
 * @param {Changes} changes
 */
export function recount(state, target, changes) {
    if (target.mark === null) {
        return;
    }
    const mark = markOf(target);
    let [unread, mention] = [0, 0];
    const entries = target.past.entries;
    for (let at = entries.length - 1; at >= 0 && entries[at].at > mark; at--) {
        const row = entries[at].row;
        if (row && !row.redacted && ["message", "notice", "action"].includes(row.kind) && !state.isMe(row.nick)) {
            unread++;
            mention += Number(isMention(state, target, row));
        }
    }
    if (target.unread !== unread || target.mentions !== mention) {
        target.unread = unread;
        target.mentions = mention;
        changes.once("target", target.name);
    }
}

/**
 * Messages that were searched for.
 * @param {State} state
 * @param {Message[]} messages
 * @param {number} now
 * @param {Changes} changes
 */
export function searched(state, messages, now, changes) {
    const found = [];
    for (const message of messages) {
        const place = placeOf(state, message);
        const row = entryOf(message, timeOf(message, now), false)?.row;
        if (place && row) {
            found.push({target: place[0], row});
        }
    }
    changes.add({kind: "search", found});
}
