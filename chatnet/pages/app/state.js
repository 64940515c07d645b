/**
 * What the client knows: of itself, of channels, of people, and of what was said to whom.
 */

import {Batches} from "./batches.js";
import {Past} from "./past.js";
import {Isupport, fold, same} from "./wire.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./past.js").Taken} Taken */

/**
 * `ranks` are signs, the highest first: `@+`.
 * @typedef {{nick: string, ranks: string}} Member
 */

/**
 * `modes`: letter → parameter ("" for one without).  `joined`: one is in it.
 * @typedef {object} Channel
 * @property {string} name
 * @property {string} topic
 * @property {string} topicBy
 * @property {number} topicAt  seconds; 0: unknown
 * @property {number} createdAt
 * @property {Map<string, string>} modes
 * @property {Map<string, Member>} members
 * @property {Map<string, Member>|null} naming  members, while NAMES tells them
 * @property {boolean} joined
 * @property {string} key  by which one came in
 */

/**
 * `away`: null is here, "" is away without a word.  `online`: null is unknown.
 * @typedef {object} Person
 * @property {string} nick
 * @property {string} user
 * @property {string} host
 * @property {string} account
 * @property {string} realname
 * @property {string|null} away
 * @property {boolean|null} online
 * @property {boolean} bot
 * @property {boolean} oper
 */

/**
 * Where something is said: a channel, or a talk with somebody.  `mark` is how far one has read (ISO time); `news`
 * tells that something was said there which is not read from the server yet.  `typing`: nick → until when (ms).
 * @typedef {object} Target
 * @property {string} name
 * @property {Channel|null} channel
 * @property {Past} past
 * @property {string|null} mark
 * @property {number} unread
 * @property {number} mentions
 * @property {boolean} news
 * @property {Map<string, number>} typing
 * @property {string} draft
 */

/**
 * Something has changed.  `self`: nick, account, modes or absence of one's own · `welcome` · `isupport` · `caps` ·
 * `channels`: the list of targets · `target`: counts, topic, mark, modes of one · `rows`: its past, from `first` to
 * `last`; with `live` the new `row`, and whether it is a `mention` or one's `own` · `people`: the members of one, or
 * (no target) what is known of `nick` · `typing` · `error`: a numeric or FAIL that answers no question · `notice`: a
 * word of the server · `list` · `whois` · `search` · `renamed` · `invited` · `joined`: one is in a channel now ·
 * `missed`: of one something is to be asked for that was said to others.
 * @typedef {object} Change
 * @property {"self"|"welcome"|"isupport"|"caps"|"channels"|"target"|"rows"|"people"|"typing"|"error"|"notice"|"list"|"whois"|"search"|"renamed"|"invited"|"joined"|"missed"} kind
 * @property {string} [target]
 * @property {string} [nick]
 * @property {string} [first]
 * @property {string} [last]
 * @property {boolean} [live]
 * @property {Row} [row]
 * @property {boolean} [mention]
 * @property {boolean} [own]
 * @property {string} [code]
 * @property {string[]} [params]
 * @property {string} [text]
 * @property {Listed[]} [list]
 * @property {Whois} [whois]
 * @property {Found[]} [found]
 * @property {string} [from]
 * @property {string} [to]
 */

/** @typedef {{name: string, members: number, topic: string}} Listed */
/** @typedef {{target: string, row: Row}} Found */
/**
 * @typedef {object} Whois
 * @property {string} nick
 * @property {string} user
 * @property {string} host
 * @property {string} realname
 * @property {string} account
 * @property {string} server
 * @property {string|null} away
 * @property {string[]} channels
 * @property {number} idle  seconds; -1: not told
 * @property {number} since  seconds; 0: not told
 * @property {boolean} oper
 * @property {boolean} bot
 * @property {boolean} secure
 * @property {string[]} more  other lines about them
 */

/** Messages that are kept of all channels and talks together. */
const MOST = 20_000;
/** What it takes to ask for the past, and to know what is an answer. */
const NEEDED = ["draft/chathistory", "batch", "message-tags", "server-time", "labeled-response"];

export class State {
    constructor() {
        /** @type {{nick: string, user: string, host: string, account: string, modes: string, away: string|null}} */
        this.me = {nick: "", user: "", host: "", account: "", modes: "", away: null};
        this.isupport = new Isupport();
        /**
         * The capabilities that are in force.
         * @type {Set<string>}
         */
        this.caps = new Set();
        /**
         * What the server offers, and the values.
         * @type {Map<string, string>}
         */
        this.offered = new Map();
        /** @type {Map<string, Channel>} */
        this.channels = new Map();
        /** @type {Map<string, Person>} */
        this.people = new Map();
        /** @type {Map<string, Target>} */
        this.targets = new Map();
        /** What the server itself had to say. */
        this.notices = new Past();
        /**
         * Words, beside one's nick, that are a mention.
         * @type {string[]}
         */
        this.words = [];
        /** Since when (milliseconds) one is connected: what people say to one is heard. */
        this.heardFrom = Infinity;
        this.server = "";
        this.version = "";
        this.batches = new Batches();
        /** @type {Listed[]} */
        this.listing = [];
        /** @type {Map<string, Whois>} */
        this.asked = new Map();
    }

    /**
     * Whether that is oneself.
     * @param {string} nick
     */
    isMe(nick) {
        return this.me.nick !== "" && same(nick, this.me.nick);
    }

    /**
     * The channel one knows of that name, or null.
     * @param {string} name
     */
    channel(name) {
        return this.channels.get(fold(name)) ?? null;
    }

    /**
     * The channel of that name; if one knows of none, one is outside of it.
     * @param {string} name
     */
    outside(name) {
        let channel = this.channel(name);
        if (!channel) {
            channel = {
                name, topic: "", topicBy: "", topicAt: 0, createdAt: 0, modes: new Map(), members: new Map(), naming: null,
                joined: false, key: "",
            };
            this.channels.set(fold(name), channel);
        }
        return channel;
    }

    /**
     * The channel or talk of that name; made if there is none.
     * @param {string} name
     */
    target(name) {
        const folded = fold(name);
        let target = this.targets.get(folded);
        if (!target) {
            target = {
                name, channel: this.channel(name), past: new Past(), mark: null, unread: 0, mentions: 0, news: false,
                typing: new Map(), draft: "",
            };
            target.past.most = this.page;
            if (!this.isupport.isChannel(name)) {
                target.past.hears(this.heardFrom);
            }
            this.targets.set(folded, target);
        }
        return target;
    }

    /**
     * Beyond so many messages in all those are forgotten that nobody looks at, first where most are kept.
     * @param {Target|null} opened
     */
    thin(opened) {
        const targets = [...this.targets.values()];
        let over = targets.reduce((sum, {past}) => sum + past.entries.length, 0) - MOST;
        const others = over > 0 ? targets.filter((target) => target !== opened) : [];
        others.sort((one, other) => one.past.entries.length - other.past.entries.length);
        for (let next = others.pop(); next && over > 0; next = others.pop()) {
            const before = next.past.entries.length;
            next.past.prune(null, Math.max(1, before >> 1));
            over -= before - next.past.entries.length;
        }
    }

    /** Messages that one question of the past gives at most; 0: none. */
    get page() {
        return NEEDED.every((name) => this.caps.has(name))
            ? this.isupport.chathistory || 100 : 0;
    }

    /** How much can be asked of the past has changed. */
    readPage() {
        for (const target of this.targets.values()) {
            target.past.most = this.page;
            target.past.touch();
        }
    }

    /**
     * What is known of somebody; made if nothing is.
     * @param {string} nick
     */
    person(nick) {
        const folded = fold(nick);
        let person = this.people.get(folded);
        if (!person) {
            person = {
                nick, user: "", host: "", account: "", realname: "", away: null, online: null, bot: false, oper: false,
            };
            this.people.set(folded, person);
        }
        return person;
    }

    /**
     * The channels in which somebody is known to be.
     * @param {string} nick
     */
    channelsOf(nick) {
        const folded = fold(nick);
        return [...this.channels.values()].filter((channel) => channel.members.has(folded));
    }

    /**
     * Nothing is to be remembered of somebody whom one sees nowhere any more.
     * @param {string} nick
     */
    forget(nick) {
        const folded = fold(nick);
        if (!this.targets.has(folded) && !this.isMe(nick) && !this.channelsOf(nick).length) {
            this.people.delete(folded);
        }
    }

    /**
     * One has come in: what people say to one is heard from now on, and in channels as one enters them.
     * @param {number} at
     */
    hears(at) {
        this.heardFrom = at;
        for (const target of this.targets.values()) {
            if (!this.isupport.isChannel(target.name)) {
                target.past.hears(at);
            }
        }
    }

    /** The connection is gone: nothing is heard from now on. */
    apart() {
        this.heardFrom = Infinity;
        this.batches.clear();
        this.caps.clear();
        this.listing = [];
        this.asked.clear();
        for (const target of this.targets.values()) {
            target.typing.clear();
            target.past.apart();
        }
        for (const person of this.people.values()) {
            person.online = null;
        }
    }
}

/** Changes as they come about, each of which is told once. */
export class Changes {
    constructor() {
        /** @type {Change[]} */
        this.list = [];
        /** @type {Set<string>} */
        this._told = new Set();
    }

    /**
     * @param {Change} change
     */
    add(change) {
        this.list.push(change);
    }

    /**
     * One of those that say the same however often they are told.
     * @param {Change["kind"]} kind
     * @param {string} [target]
     * @param {string} [nick]
     */
    once(kind, target, nick) {
        const key = `${kind} ${target ?? ""} ${nick ?? ""}`;
        if (!this._told.has(key)) {
            this._told.add(key);
            this.list.push({kind, ...(target === undefined ? {} : {target}), ...(nick === undefined ? {} : {nick})});
        }
    }

    /**
     * The past of a target has changed.
     * @param {Target} target
     * @param {{first: string, last: string, live: boolean}} taken
     * @param {Partial<Change>} [more]
     */
    rows(target, {first, last, live}, more = {}) {
        this.list.push({kind: "rows", target: target.name, first, last, live, ...more});
    }
}
