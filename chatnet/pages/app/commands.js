// @ts-check
/** What one types with a slash before it: `/me waves`.  Each says what it sends; a text is why it does not. */
import {say} from "./words.js";

/** @typedef {import("./desk.js").Desk} Desk */
/**
 * @typedef {object} Typed
 * @property {Desk} desk
 * @property {any} target where it was typed
 * @property {string} rest all behind the name
 * @property {string[]} words of it
 */
/** @typedef {(typed: Typed) => Promise<string | null> | string | null} Command a text says what is wrong */

/** @param {Typed} typed @param {number} from @returns {string} what stands behind so many words */
function after({rest}, from) {
    let left = rest;
    for (let times = 0; times < from; times += 1) left = left.replace(/^\S+\s*/, "");
    return left;
}

/** A channel named first, or the open one. @param {Typed} typed @returns {[string | null, number]} and how many words it took */
function channel({desk, target, words}) {
    if (words[0] && desk.isChannel(words[0])) return [words[0], 1];
    return [target.channel ? target.name : null, 0];
}

/** @type {Record<string, Command>} */
export const COMMANDS = {
    me: ({desk, target, rest}) => (rest ? desk.say(target.name, rest, {kind: "action"}) : wants("me")),
    msg: (typed) => {
        const [name] = typed.words;
        const text = after(typed, 1);
        if (!name) return wants("msg");
        // (Several at once, all of a server, those of a rank: that is no talk that one could open.)
        if (!typed.desk.isTalk(name)) return text ? typed.desk.command("PRIVMSG", [name, text]) : wants("msg");
        typed.desk.show(name);
        return text ? typed.desk.say(name, text) : null;
    },
    join: ({desk, words: [name, key]}) => (name ? desk.join(name, key) : wants("join")),
    part: (typed) => {
        const [name, took] = channel(typed);
        return name ? typed.desk.part(name, after(typed, took)) : wants("part");
    },
    nick: ({desk, words: [nick]}) => (nick ? desk.command("NICK", [nick]) : wants("nick")),
    topic: (typed) => {
        const [name, took] = channel(typed);
        const text = after(typed, took);
        if (!name) return wants("topic");
        if (!text) return typed.desk.dialog("channel", name);
        return typed.desk.command("TOPIC", [name, text]);
    },
    away: ({desk, rest}) => desk.command("AWAY", rest ? [rest] : []),
    invite: (typed) => {
        const [nick, where] = typed.words;
        const name = where ?? (typed.target.channel ? typed.target.name : null);
        return nick && name ? typed.desk.command("INVITE", [nick, name]) : wants("invite");
    },
    kick: (typed) => {
        const [name, took] = channel(typed);
        const nick = typed.words[took];
        const reason = after(typed, took + 1);
        return name && nick ? typed.desk.command("KICK", reason ? [name, nick, reason] : [name, nick]) : wants("kick");
    },
    ban: (typed) => {
        const [name, took] = channel(typed);
        const who = typed.words[took];
        return name && who ? typed.desk.ban(name, who) : wants("ban");
    },
    mode: ({desk, target, words}) => {
        const [first = ""] = words;
        if (!first) return wants("mode");
        if (!/^[+-]/.test(first)) return desk.command("MODE", words);
        return target.channel ? desk.command("MODE", [target.name, ...words]) : wants("mode");
    },
    whois: ({desk, target, words: [nick]}) =>
        desk.dialog("person", nick ?? (target.channel ? desk.model.me.nick : target.name)),
    oper: ({desk, words}) => (words.length === 2 ? desk.command("OPER", words) : desk.dialog("oper", words[0])),
    quote: ({desk, rest}) => (rest ? desk.quote(rest) : wants("quote")),
    cs: (typed) => served("CS", typed),
    ns: (typed) => served("NS", typed),
    hs: (typed) => served("HISTSERV", typed),
    help: ({desk}) => desk.dialog("keys"),
};
/** Other names of commands. @type {Record<string, string>} */
const ALIASES = {chanserv: "cs", nickserv: "ns", histserv: "hs"};

/** What the server's own helpers do; they tell of it. @param {string} verb @param {Typed} typed */
function served(verb, {desk, rest}) {
    const line = `${verb} ${rest || "HELP"}`;
    return desk.quote(line, `/${line.split(" ", 2).join(" ").toLowerCase()}`); // (what stands behind may be a password)
}

/** @param {string} name */
function wants(name) {
    return say("command.wants", {name, form: say(`command.${name}.form`)});
}

/**
 * Do what a line with a slash says.
 * @param {string} line
 * @param {Desk} desk
 * @param {any} target
 * @returns {Promise<string | null>} what is wrong with it
 */
export async function run(line, desk, target) {
    const [, name, rest] = /** @type {RegExpMatchArray} */ (line.match(/^\/(\S*)\s*([^]*)$/));
    const lower = name.toLowerCase();
    const known = Object.hasOwn(ALIASES, lower) ? ALIASES[lower] : lower;
    const command = Object.hasOwn(COMMANDS, known) ? COMMANDS[known] : null;
    if (!command) return say("command.none", {name, upper: name.toUpperCase()});
    return command({desk, target, rest, words: rest.split(/\s+/).filter(Boolean)});
}
