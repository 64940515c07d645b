/**
 * Who comes and goes, and what becomes of channels and of people.
 */

import {timeOf} from "./rows.js";
import {fold, modes, same} from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Changes} Changes */
/** @typedef {import("./state.js").Channel} Channel */
/** @typedef {import("./state.js").Member} Member */

/**
 * What is done with a line; `quiet`: its row is told of elsewhere.
 * @callback Handler
 * @param {State} state
 * @param {Message} message
 * @param {number} now
 * @param {Changes} changes
 * @param {boolean} [quiet]
 * @returns {void}
 */

/**
 * A row in the past of a channel.
 * @param {State} state
 * @param {Message} message
 * @param {number} now
 * @param {Changes} changes
 * @param {Channel} channel
 */
function note(state, message, now, changes, channel) {
    const target = state.target(channel.name);
    const taken = target.past.take([message], {live: true}, now);
    if (taken) {
        changes.rows(target, taken, taken.added[0]?.row ? {row: taken.added[0].row} : {});
    }
}

/**
 * Signs of ranks in the order of the server, the highest first.
 * @param {State} state
 * @param {Iterable<string>} signs
 */
function ordered(state, signs) {
    const found = new Set(signs);
    return state.isupport.prefix.map((rank) => rank.char).filter((sign) => found.has(sign)).join("");
}

/** @type {Handler} */
function join(state, message, now, changes, quiet = false) {
    const [name = "", account, realname] = message.params;
    const own = state.isMe(message.nick);
    let channel = state.channel(name);
    if (own) {
        channel = entered(state, name, changes);
        state.target(name).past.hears(timeOf(message, now));
    }
    if (!channel) {
        return;
    }
    channel.members.set(fold(message.nick), {nick: message.nick, ranks: ""});
    const person = state.person(message.nick);
    Object.assign(person, {nick: message.nick, user: message.user, host: message.host, online: true});
    person.bot = message.tags.has("bot");
    if (account !== undefined) {
        person.account = account === "*" ? "" : account;
        person.realname = realname ?? "";
        person.away = null; // who is away is told so by the next line
    }
    changes.once("people", channel.name);
    if (own) {
        Object.assign(state.me, {user: message.user, host: message.host});
    } else if (!quiet) {
        note(state, message, now, changes, channel);
    }
}

/**
 * One is in a channel now; who else is will be told.
 * @param {State} state
 * @param {string} name
 * @param {Changes} changes
 */
function entered(state, name, changes) {
    const channel = state.outside(name);
    channel.name = name;
    channel.joined = true;
    channel.members = new Map();
    channel.topic = ""; // 332 follows if there is one
    state.channels.set(fold(name), channel);
    const target = state.target(name);
    target.channel = channel;
    target.name = name;
    changes.once("channels");
    changes.add({kind: "joined", target: name});
    return channel;
}

/**
 * Somebody is not in a channel any more.
 * @param {State} state
 * @param {Channel} channel
 * @param {string} nick
 * @param {Changes} changes
 */
function gone(state, channel, nick, changes) {
    channel.members.delete(fold(nick));
    state.targets.get(fold(channel.name))?.typing.delete(nick);
    changes.once("people", channel.name);
    state.forget(nick);
}

/** @type {Handler} */
function part(state, message, now, changes) {
    const channel = state.channel(message.params[0] ?? "");
    if (!channel) {
        return;
    }
    if (state.isMe(message.nick)) {
        channel.joined = false;
        state.channels.delete(fold(channel.name));
        state.targets.delete(fold(channel.name));
        changes.once("channels");
        forgetAll(state, channel);
        return;
    }
    note(state, message, now, changes, channel);
    gone(state, channel, message.nick, changes);
}

/**
 * @param {State} state
 * @param {Channel} channel
 */
function forgetAll(state, channel) {
    const nicks = [...channel.members.values()].map((member) => member.nick);
    channel.members.clear();
    nicks.forEach((nick) => state.forget(nick));
}

/** @type {Handler} */
function kick(state, message, now, changes) {
    const channel = state.channel(message.params[0] ?? "");
    const nick = message.params[1] ?? "";
    if (!channel) {
        return;
    }
    note(state, message, now, changes, channel);
    if (!state.isMe(nick)) {
        gone(state, channel, nick, changes);
        return;
    }
    channel.joined = false;
    forgetAll(state, channel);
    state.target(channel.name).past.apart();
    changes.once("channels");
    changes.once("people", channel.name);
}

/** @type {Handler} */
function quit(state, message, now, changes, quiet = false) {
    for (const channel of state.channelsOf(message.nick)) {
        if (!quiet) {
            note(state, message, now, changes, channel);
        }
        gone(state, channel, message.nick, changes);
    }
    const person = state.people.get(fold(message.nick));
    if (person) {
        person.online = false;
        changes.once("people", undefined, person.nick);
    }
    state.forget(message.nick);
}

/** @type {Handler} */
function nick(state, message, now, changes) {
    const old = message.nick;
    const name = message.params[0] ?? "";
    if (state.isMe(old)) {
        state.me.nick = name;
        changes.once("self");
    }
    const person = state.people.get(fold(old));
    if (person) {
        state.people.delete(fold(old));
        person.nick = name;
        state.people.set(fold(name), person);
    }
    for (const channel of state.channelsOf(old)) {
        const member = /** @type {Member} */ (channel.members.get(fold(old)));
        channel.members.delete(fold(old));
        channel.members.set(fold(name), {...member, nick: name});
        state.targets.get(fold(channel.name))?.typing.delete(old);
        note(state, message, now, changes, channel);
        changes.once("people", channel.name);
    }
    const talk = state.targets.get(fold(old));
    if (talk && (same(old, name) || !state.targets.has(fold(name)))) {
        state.targets.delete(fold(old));
        talk.name = name;
        state.targets.set(fold(name), talk);
        changes.add({kind: "renamed", from: old, to: name});
        changes.once("channels");
    }
    changes.once("people", undefined, name);
}

/** @type {Handler} */
function mode(state, message, now, changes, quiet = false) {
    const [name = "", ...rest] = message.params;
    if (state.isMe(name)) {
        state.me.modes = userModes(state.me.modes, rest[0] ?? "");
        changes.once("self");
        return;
    }
    const channel = state.channel(name);
    if (!channel) {
        return;
    }
    setModes(state, channel, rest, changes);
    if (!quiet) {
        note(state, message, now, changes, channel);
    }
}

/**
 * The letters of user modes after a change.
 * @param {string} before
 * @param {string} change
 */
export function userModes(before, change) {
    const found = new Set(before);
    let sign = "+";
    for (const letter of change) {
        if (letter === "+" || letter === "-") {
            sign = letter;
        } else if (sign === "+") {
            found.add(letter);
        } else {
            found.delete(letter);
        }
    }
    return [...found].sort().join("");
}

/**
 * @param {State} state
 * @param {Channel} channel
 * @param {string[]} params
 * @param {Changes} changes
 */
export function setModes(state, channel, params, changes) {
    for (const {sign, mode: letter, param} of modes(state.isupport, params)) {
        const rank = state.isupport.prefix.find((each) => each.mode === letter);
        if (rank) {
            const member = channel.members.get(fold(param ?? ""));
            if (member) {
                const others = [...member.ranks].filter((each) => each !== rank.char);
                member.ranks = ordered(state, sign === "+" ? [...others, rank.char] : others);
                changes.once("people", channel.name);
            }
        } else if (!state.isupport.chanmodes[0].includes(letter)) {
            if (sign === "+") {
                channel.modes.set(letter, param ?? "");
            } else {
                channel.modes.delete(letter);
            }
            changes.once("target", channel.name);
        }
    }
}

/** @type {Handler} */
function topic(state, message, now, changes) {
    const channel = state.channel(message.params[0] ?? "");
    if (channel) {
        channel.topic = message.params[1] ?? "";
        channel.topicBy = message.nick;
        channel.topicAt = Math.floor(timeOf(message, now) / 1000);
        note(state, message, now, changes, channel);
        changes.once("target", channel.name);
    }
}

/** @type {Handler} */
function rename(state, message, now, changes) {
    const [old = "", name = ""] = message.params;
    const channel = state.channel(old);
    if (!channel) {
        return;
    }
    const target = state.target(old);
    state.channels.delete(fold(old));
    state.targets.delete(fold(old));
    channel.name = target.name = name;
    state.channels.set(fold(name), channel);
    state.targets.set(fold(name), target);
    note(state, message, now, changes, channel);
    changes.add({kind: "renamed", from: old, to: name});
    changes.once("channels");
}

/** @type {Handler} */
function invite(state, message, now, changes) {
    const [nickname = "", name = ""] = message.params;
    if (state.isMe(nickname)) {
        changes.add({kind: "invited", target: name, nick: message.nick});
        return;
    }
    const channel = state.channel(name);
    if (channel) {
        note(state, message, now, changes, channel);
    }
}

/** @type {Handler} */
function away(state, message, now, changes) {
    const person = state.person(message.nick);
    person.away = message.params.length ? message.params[0] : null;
    if (state.isMe(message.nick)) {
        state.me.away = person.away;
        changes.once("self");
    }
    changes.once("people", undefined, person.nick);
}

/** @type {Handler} */
function account(state, message, now, changes) {
    const person = state.person(message.nick);
    person.account = message.params[0] === "*" ? "" : message.params[0] ?? "";
    if (state.isMe(message.nick)) {
        state.me.account = person.account;
        changes.once("self");
    }
    changes.once("people", undefined, person.nick);
}

/** @type {Handler} */
function chghost(state, message, now, changes) {
    const [user = "", host = ""] = message.params;
    Object.assign(state.person(message.nick), {user, host});
    if (state.isMe(message.nick)) {
        Object.assign(state.me, {user, host});
        changes.once("self");
    }
    changes.once("people", undefined, message.nick);
}

/** @type {Handler} */
function setname(state, message, now, changes) {
    state.person(message.nick).realname = message.params[0] ?? "";
    changes.once("people", undefined, message.nick);
}

/** @type {Record<string, Handler>} */
export const COMINGS = {
    JOIN: join, PART: part, KICK: kick, QUIT: quit, NICK: nick, MODE: mode, TOPIC: topic, RENAME: rename,
    INVITE: invite, AWAY: away, ACCOUNT: account, CHGHOST: chghost, SETNAME: setname,
};
