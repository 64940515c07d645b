/**
 * The server's answers and what it tells of itself, by their numbers.  https://modern.ircdocs.horse/#numerics
 */

import {setModes, userModes} from "./comings.js";
import {timeOf} from "./rows.js";
import {named} from "./splits.js";
import {fold} from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Changes} Changes */
/** @typedef {import("./state.js").Whois} Whois */
/** @typedef {import("./comings.js").Handler} Handler */

/** The fields that are asked for when one comes into a channel, and the token by which the answer is known. */
export const WHOX = "%tcuhnfar,152";
const TOKEN = "152";

/** @type {Handler} */
function welcome(state, message, now, changes) {
    state.me.nick = message.params[0] ?? state.me.nick;
    state.server = message.source;
    state.hears(timeOf(message, now));
    changes.once("welcome");
    changes.once("self");
}

/** @type {Handler} */
function isupport(state, message, now, changes) {
    state.isupport.take(message.params);
    state.readPage();
    changes.once("isupport");
}

/** @type {Handler} */
function names(state, {params}) {
    const channel = state.channel(params[2] ?? "");
    if (!channel) {
        return;
    }
    const signs = new Set(state.isupport.prefix.map((rank) => rank.char));
    channel.naming ??= new Map();
    for (const word of (params[3] ?? "").split(" ").filter(Boolean)) {
        let at = 0;
        while (signs.has(word[at])) {
            at++;
        }
        const [nick, user = "", host = ""] = word.slice(at).split(/[!@]/);
        channel.naming.set(fold(nick), {nick, ranks: word.slice(0, at)});
        const person = state.person(nick);
        person.nick = nick;
        person.online = true;
        if (host) {
            Object.assign(person, {user, host});
        }
    }
}

/** @type {Handler} */
function endOfNames(state, {params}, now, changes) {
    const channel = state.channel(params[1] ?? "");
    if (channel?.naming) {
        channel.members = channel.naming;
        channel.naming = null;
        changes.once("people", channel.name);
        named(state, channel, now, changes);
    }
}

/** @type {Handler} */
function who(state, {params}, now, changes) {
    const [, token, channel, user = "", host = "", nick = "", flags = "", account = "0", realname = ""] = params;
    if (token !== TOKEN) {
        return;
    }
    const known = state.people.get(fold(nick));
    if (known) {
        seen(known, flags);
        Object.assign(known, {user, host, realname, account: account === "0" ? "" : account});
        changes.once("people", channel);
    }
}

/** @type {Handler} */
function oldWho(state, {params}, now, changes) {
    const [, channel, user, host, , nick, flags = "", rest = ""] = params;
    const known = state.people.get(fold(nick ?? ""));
    if (known) {
        seen(known, flags);
        Object.assign(known, {user, host, realname: rest.slice(rest.indexOf(" ") + 1)});
        changes.once("people", channel);
    }
}

/**
 * @param {import("./state.js").Person} person
 * @param {string} flags
 */
function seen(person, flags) {
    person.away = flags[0] === "G" ? person.away ?? "" : null;
    person.oper = flags.includes("*");
    person.bot = flags.includes("B");
    person.online = true;
}

/** @type {Handler} */
function topic(state, {verb, params}, now, changes) {
    const channel = state.channel(params[1] ?? "");
    if (!channel) {
        return;
    }
    if (verb === "333") {
        channel.topicBy = (params[2] ?? "").split("!")[0];
        channel.topicAt = Number(params[3]) || 0;
    } else {
        channel.topic = verb === "332" ? params[2] ?? "" : "";
    }
    changes.once("target", channel.name);
}

/** @type {Handler} */
function channelModes(state, {params}, now, changes) {
    const channel = state.channel(params[1] ?? "");
    if (channel) {
        channel.modes.clear();
        setModes(state, channel, params.slice(2), changes);
        changes.once("target", channel.name);
    }
}

/** @type {Handler} */
function created(state, {params}) {
    const channel = state.channel(params[1] ?? "");
    if (channel) {
        channel.createdAt = Number(params[2]) || 0;
    }
}

/** @type {Handler} */
function list(state, {verb, params}, now, changes) {
    if (verb === "322") {
        state.listing.push({name: params[1] ?? "", members: Number(params[2]) || 0, topic: params[3] ?? ""});
        return;
    }
    if (verb === "323") {
        changes.add({kind: "list", list: state.listing});
    }
    state.listing = [];
}

/** @type {Record<string, (whois: Whois, params: string[]) => void>} */
const WHOIS = {
    301: (whois, [text = ""]) => { whois.away = text; },
    311: (whois, [user = "", host = "", , realname = ""]) => Object.assign(whois, {user, host, realname}),
    312: (whois, [server = ""]) => { whois.server = server; },
    313: (whois) => { whois.oper = true; },
    317: (whois, [idle, since]) => Object.assign(whois, {idle: Number(idle), since: Number(since) || 0}),
    319: (whois, [channels = ""]) => { whois.channels.push(...channels.split(" ").filter(Boolean)); },
    330: (whois, [account = ""]) => { whois.account = account; },
    335: (whois) => { whois.bot = true; },
    671: (whois) => { whois.secure = true; },
};
const MORE = ["276", "307", "320", "338", "378", "379"];

/** @type {Handler} */
function whois(state, {verb, params}, now, changes) {
    const nick = params[1] ?? "";
    let found = state.asked.get(fold(nick));
    if (verb === "318") {
        state.asked.delete(fold(nick));
        if (found) {
            changes.add({kind: "whois", nick: found.nick, whois: found});
        }
        return;
    }
    if (verb === "301" && !found) {
        state.person(nick).away = params[2] ?? "";
        changes.once("people", undefined, nick);
        return;
    }
    if (!found) {
        found = {
            nick, user: "", host: "", realname: "", account: "", server: "", away: null, channels: [], idle: -1, since: 0,
            oper: false, bot: false, secure: false, more: [],
        };
        state.asked.set(fold(nick), found);
    }
    if (WHOIS[verb]) {
        WHOIS[verb](found, params.slice(2));
    } else {
        found.more.push(params[params.length - 1]);
    }
}

/** @type {Handler} */
function online(state, {verb, params}, now, changes) {
    for (const source of (params[1] ?? "").split(",").filter(Boolean)) {
        const person = state.person(source.split("!")[0]);
        person.online = verb === "730";
        changes.once("people", undefined, person.nick);
    }
}

/** @type {Handler} */
function logged(state, {verb, params}, now, changes) {
    state.me.account = verb === "900" ? params[2] ?? "" : "";
    changes.once("self");
}

/** @type {Handler} */
function ownAway(state, {verb}, now, changes) {
    state.me.away = verb === "306" ? state.me.away ?? "" : null;
    changes.once("self");
}

/** @type {Handler} */
function ownModes(state, {params}, now, changes) {
    state.me.modes = userModes("", params[1] ?? "");
    changes.once("self");
}

/** @type {Record<string, Handler>} */
export const NUMERICS = {
    "001": welcome,
    "004": (state, {params}) => { state.version = params[2] ?? ""; },
    "005": isupport,
    221: ownModes,
    305: ownAway,
    306: ownAway,
    321: list, 322: list, 323: list,
    324: channelModes,
    329: created,
    331: topic, 332: topic, 333: topic,
    352: oldWho, 354: who,
    353: names, 366: endOfNames,
    730: online, 731: online,
    900: logged, 901: logged,
    ...Object.fromEntries([...Object.keys(WHOIS), ...MORE, "318"].map((code) => [code, whois])),
};
