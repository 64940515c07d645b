// @ts-check
/**
 * What all parts of the page share: the connection, the settings, what is open, and what one does.
 * The elements read here and ask here; they never write what the connection keeps.
 */
import {run} from "./commands.js";
import {mentions} from "./format.js";
import {portions} from "./speaking.js";
import {fold, isName} from "./wire.js";
import {say} from "./words.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./state.js").Target} Target */
/** @typedef {import("./state.js").Channel} Channel */
/** What a page can do. @typedef {{show(): void, dialog(name: string, detail: any): void, people(on: boolean): void, reply(row: Row): void, insert(words: string): void, goTo(id: string): void, intro(target: Target | null): Node, logOut(way?: string): void, operate(): void}} Page */

export class Desk {
    /** @type {Target | null} */
    open = null;
    /** @type {import("./api.js").Api | null} */
    api = null;
    /** Says each change of the model, by its kind. */
    heard = new EventTarget();

    /**
     * @param {import("./connection.js").Connection} connection
     * @param {import("./settings.js").Settings} settings
     * @param {Page} page
     */
    constructor(connection, settings, page) {
        this.connection = connection;
        this.settings = settings;
        this.page = page;
    }

    get model() {
        return this.connection.model;
    }

    // names

    /** @param {string} name */
    fold(name) {
        return fold(name);
    }

    /** @param {string} nick */
    isMe(nick) {
        return this.model.isMe(nick);
    }

    /** @param {string} name */
    isChannel(name) {
        return this.model.isupport.isChannel(name);
    }

    /** Whether it is one channel or one person, with whom one talks. @param {string} name */
    isTalk(name) {
        return isName(name) && !/^[$*]/.test(name) && this.model.isupport.target(name)[0] === "";
    }

    /** A channel's name without what all names begin with. @param {string} name */
    bare(name) {
        return name[0] === "#" ? name.slice(1) : name;
    }

    /** The address that shows a channel or a talk. @param {string} name */
    path(name) {
        return this.isChannel(name)
            ? `/c/${encodeURIComponent(this.bare(name))}`
            : `/?talk=${encodeURIComponent(name)}`;
    }

    network() {
        return this.model.isupport.network || location.hostname;
    }

    // what is there

    /** Channels and talks, in the order of the list. */
    targets() {
        const all = [...this.model.targets.values()];
        const {order} = this.settings.values;
        const place = (/** @type {Target} */ target) => order.indexOf(fold(target.name)) + 1 || order.length + 1;
        const name = (/** @type {Target} */ one, /** @type {Target} */ other) => one.name.localeCompare(other.name);
        return {
            channels: all
                .filter((each) => each.channel)
                .sort((one, other) => place(one) - place(other) || name(one, other)),
            people: all.filter((each) => !each.channel).sort(name),
        };
    }

    /** Drag one before another. @param {string} key @param {string} other */
    moveBefore(key, other) {
        const order = this.targets()
            .channels.map((target) => fold(target.name))
            .filter((each) => each !== key);
        order.splice(order.indexOf(other), 0, key);
        this.settings.set("order", order);
    }

    /** @param {string} nick */
    person(nick) {
        return this.model.people.get(fold(nick)) ?? null;
    }

    /** Those in a channel: who ranks higher comes first, then by name. @param {Channel} channel */
    members(channel) {
        const signs = this.model.isupport.prefix.map((each) => each.char);
        const rank = (/** @type {string} */ ranks) => (ranks ? signs.indexOf(ranks[0]) : signs.length);
        return [...channel.members.values()].sort(
            (one, other) =>
                rank(one.ranks) - rank(other.ranks) ||
                one.nick.localeCompare(other.nick, undefined, {sensitivity: "base"}),
        );
    }

    /** @param {string} ranks */
    rankName(ranks) {
        const found = this.model.isupport.prefix.find((each) => each.char === ranks[0]);
        return found && "qaohv".includes(found.mode) ? say(`rank.${found.mode}`) : found ? found.char : say("rank.");
    }

    /** Whether one may act in a channel, as half-operators may. @param {Target | null} target @param {string} [nick] */
    isOperator(target, nick = this.model.me.nick) {
        const ranks = target?.channel?.members.get(fold(nick))?.ranks ?? "";
        const voice = this.model.isupport.prefix.find((each) => each.mode === "v")?.char;
        return [...ranks].some((rank) => rank !== voice);
    }

    /** Whether one may choose the topic of a channel. @param {Target | null} target */
    maySetTopic(target) {
        const channel = target?.channel;
        return Boolean(channel?.joined && (this.isOperator(target) || !channel.modes.has("t")));
    }

    /** Those who spoke last, the last first. @param {Target | null} target @returns {string[]} */
    lastSpoken(target) {
        const rows = target?.past.rows() ?? [];
        return [
            ...new Set(
                rows
                    .slice(-100)
                    .reverse()
                    .filter((row) => row.kind === "message" || row.kind === "action")
                    .map((row) => row.nick),
            ),
        ];
    }

    /** Who is typing there now. @param {Target} target @returns {string[]} */
    typing(target) {
        const now = this.connection.serverTime();
        return [...target.typing]
            .filter(([nick, until]) => until > now && !this.isMe(nick))
            .map(([nick]) => this.person(nick)?.nick ?? nick);
    }

    /** @param {Target | null} target @param {string} id @returns {Row | null} */
    find(target, id) {
        return target?.past.row(id) ?? target?.past.rows()[target.past.index(id)] ?? null;
    }

    /** Whether a message is for who reads, in a channel. @param {Row} row */
    mentions(row) {
        return !this.isMe(row.nick) && mentions(row.text, [this.model.me.nick, ...this.model.words]);
    }

    /** Who and what can be clicked in a text. @returns {import("./text.js").Known} */
    known() {
        const members = this.open?.channel?.members;
        return {
            me: this.model.me.nick,
            isChannel: (name) => this.isChannel(name) && name.length > 1,
            nick: (word) => members?.get(fold(word))?.nick ?? "",
        };
    }

    /** What may be done with a message. @param {Row} row */
    may(row) {
        const real =
            row.state === "sent" &&
            !row.redacted &&
            !row.id.startsWith("~") &&
            ["message", "action", "notice"].includes(row.kind);
        const tags = this.model.caps.has("message-tags");
        return {
            reply: real && tags,
            react: real && tags,
            redact:
                real &&
                this.model.caps.has("draft/message-redaction") &&
                (this.isMe(row.nick) || this.isOperator(this.open)),
        };
    }

    // what one does; a text is why it was not done

    /** @param {string} name */
    show(name) {
        this.open = this.connection.open(name);
        this.page.show();
    }

    /** @param {string} name @param {any} [detail] @returns {null} */
    dialog(name, detail) {
        this.page.dialog(name, detail);
        return null;
    }

    /** @param {boolean} on */
    people(on) {
        this.page.people(on);
    }

    /** @param {Row} row */
    reply(row) {
        this.page.reply(row);
    }

    /** How many messages a text takes. @param {Target} target @param {string} text */
    messages(target, text) {
        return portions(this.model, target.name, text).length;
    }

    /** A line of the composer. @param {Target} target @param {string} text @param {Row | null} reply @returns {Promise<string | null>} */
    async enter(target, text, reply) {
        if (text.startsWith("/") && !text.startsWith("//")) return run(text, this, target);
        return this.say(target.name, text.startsWith("//") ? text.slice(1) : text, reply ? {replyTo: reply.id} : {});
    }

    /** @param {string} name @param {string} text @param {{replyTo?: string, kind?: "message" | "action" | "notice"}} [how] @returns {string | null} */
    say(name, text, how = {}) {
        return this.connection.say(name, text, how) ? null : say("outbox.full");
    }

    /** A command, and its refusal in words. @param {string} verb @param {string[]} params @returns {Promise<string | null>} */
    async command(verb, params) {
        try {
            await this.connection.ask(verb, params);
            return null;
        } catch (error) {
            return reason(error);
        }
    }

    /**
     * Ask, and wait for what the model makes of the answer: a change of this kind.
     * @param {string} kind
     * @param {string} verb
     * @param {string[]} params
     * @returns {Promise<import("./state.js").Change | null>} refused: as the connection does
     */
    async learn(kind, verb, params) {
        /** @type {import("./state.js").Change | null} */
        let found = null;
        const heard = (/** @type {Event} */ event) => {
            found = /** @type {CustomEvent} */ (event).detail;
        };
        this.heard.addEventListener(kind, heard);
        try {
            await this.connection.ask(verb, params);
            for (let times = 0; found === null && times < 20; times += 1)
                await new Promise((done) => setTimeout(done, 25));
        } finally {
            this.heard.removeEventListener(kind, heard);
        }
        return found;
    }

    /** @param {string} line of IRC, as it is @param {string} [name] of its answer @returns {Promise<string | null>} */
    async quote(line, name = line) {
        const [, middle, , last] = /** @type {RegExpMatchArray} */ (line.match(/^(.*?)( :(.*))?$/s));
        const [verb, ...params] = middle.trim().split(/ +/);
        try {
            const whole = last === undefined ? params : [...params, last];
            const answer = await this.connection.ask(verb.toUpperCase(), whole, {}, true);
            const told = answer.map((message) => message.params.slice(1).join(" ")).filter(Boolean);
            if (told.length) this.dialog("answer", {line: name, told});
            return null;
        } catch (error) {
            return reason(error);
        }
    }

    /** @param {string} name @param {string} [key] @returns {Promise<string | null>} */
    async join(name, key) {
        const whole = this.isChannel(name) ? name : `#${name}`;
        if (!isName(whole)) return say("join.one");
        const known = this.model.targets.get(fold(whole));
        if (this.connection.state !== "LIVE") this.connection.join(whole, key);
        else if (!known?.channel?.joined) {
            const refused = await this.command("JOIN", key ? [whole, key] : [whole]);
            if (refused !== null) return refused;
        }
        this.show(whole);
        return null;
    }

    /** @param {string} name @param {string} [why] @returns {Promise<string | null>} */
    async part(name, why) {
        const wrong = await this.command("PART", why ? [name, why] : [name]);
        if (wrong === null && this.open && fold(this.open.name) === fold(name)) this.#elsewhere();
        return wrong;
    }

    /** To another channel or talk, if there is one. */
    #elsewhere() {
        const {channels, people} = this.targets();
        const next = [...channels, ...people].find((each) => each !== this.open);
        this.open = null;
        if (next) this.show(next.name);
        else this.page.show();
    }

    /** Keep somebody out of a channel: by account if there is one, else by address. @param {string} name @param {string} who */
    ban(name, who) {
        const person = this.person(who);
        const extban = this.model.isupport.get("EXTBAN") ?? "";
        const mask = /[!@*:]/.test(who)
            ? who
            : person?.account && extban.includes("a")
              ? `${extban.split(",")[0]}a:${person.account}`
              : person?.host
                ? `*!*@${person.host}`
                : `${who}!*@*`;
        return this.command("MODE", [name, "+b", mask]);
    }

    /** React, or take it back. @param {Row} row @param {string} emoji */
    react(row, emoji) {
        if (!this.open) return;
        const on = ![...(row.reactions.get(emoji) ?? [])].some((nick) => this.isMe(nick));
        this.connection.react(this.open.name, row.id, emoji, on);
    }

    /** @param {Row} row @param {string} why @returns {Promise<string | null>} */
    redact(row, why) {
        return this.command("REDACT", why ? [this.open?.name ?? "", row.id, why] : [this.open?.name ?? "", row.id]);
    }

    /** Others see that one writes, or no more. @param {Target} target @param {boolean} on */
    tellTyping(target, on) {
        this.connection.typing(target.name, on);
    }

    /** All that is there has been seen. @param {Target} target */
    read(target) {
        const newest = target.past.newest;
        if (newest) this.connection.markRead(target.name, newest.at);
    }

    /** Leave a channel, or end a talk. @param {Target} target */
    async leave(target) {
        if (target.channel?.joined) await this.part(target.name);
        this.connection.close(target.name);
        if (this.open === target) this.#elsewhere();
    }

    // the past

    /** @param {Target} target @param {{first: string | null, last: string | null}} visible */
    wantPast(target, {first, last}) {
        this.connection.look(target.name, first && last ? {first, last} : null);
    }

    /** @param {Target} target @param {string} id */
    wantAround(target, id) {
        this.connection.jump(target.name, id);
    }

    /** @param {string} id of the row of a hole */
    fillHole(id) {
        if (this.open) this.connection.again(this.open.name, id);
    }

    /** Say again what was refused, or perhaps not heard. @param {Row} row */
    again(row) {
        if (!this.open) return;
        this.connection.dismiss(this.open.name, row.id);
        this.say(this.open.name, row.text, row.replyTo ? {replyTo: row.replyTo} : {});
    }

    /** Whether nothing was said before the first row. @param {Target} target */
    beginsHere(target) {
        return target.past.most === 0 || target.past.rows()[0]?.kind !== "hole";
    }

    /** @param {Target | null} target */
    intro(target) {
        return this.page.intro(target);
    }
}

/** What somebody reads of a refusal. @param {any} error @returns {string} */
export function reason(error) {
    return error?.text || error?.detail || error?.title || error?.message || String(error);
}
