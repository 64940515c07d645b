/**
 * What is done after one has come in: back into the channels, and to where something was said meanwhile.
 */

import {lines} from "./batches.js";
import {WHOX} from "./numerics.js";
import {iso} from "./questions.js";
import {Changes} from "./state.js";
import {fold, isName} from "./wire.js";

/** @typedef {import("./connection.js").Connection} Connection */
/** @typedef {import("./state.js").Target} Target */
/** @typedef {import("./batches.js").Item} Item */

const DAY = 86_400_000;
/** How far back talks are looked for by somebody who has just come. */
const RECENT = 30 * DAY;
const TALKS = 50;
const JOINED = 400;

export class Catching {
    /** @param {Connection} connection */
    constructor(connection) {
        this._connection = connection;
        /**
         * Channels to enter, and their keys ("": none); `was`: one was in it before.
         * @type {Map<string, {name: string, key: string, was?: boolean}>}
         */
        this.wanted = new Map();
        /** @type {Map<string, string>} */
        this._keys = new Map();
        this._token = "";
        /**
         * Channels of whose members and modes nothing is asked yet.
         * @type {Set<string>}
         */
        this._unknown = new Set();
        /** Whether all is told that the server tells by itself. */
        this.settled = false;
        this._persists = false;
        /** When the last line before came, in milliseconds of the server; 0: never. */
        this.since = 0;
    }

    /** One is in: whatever one was in before is to be entered again. */
    begin() {
        const {model} = this._connection;
        this.settled = false;
        this._persists = false;
        for (const channel of model.channels.values()) {
            if (channel.joined) {
                this.wanted.set(fold(channel.name), {name: channel.name, key: channel.key, was: true});
                channel.joined = false;
            }
        }
        // What the server tells by itself, it tells before it answers this.
        this._token = `settled-${this._connection.nonce()}`;
        this._connection.send("PING", [this._token]);
    }

    /**
     * PONG.
     * @param {string} token
     */
    pong(token) {
        if (token === this._token) {
            this._token = "";
            this._settle();
        }
    }

    /**
     * What the server says of whether one stays when one is gone: `PERSISTENCE STATUS <wish> <what holds>`.
     * @param {string[]} params
     */
    persistence(params) {
        this._persists = params[0] === "STATUS" && params[2] === "ON";
    }

    _settle() {
        const {model} = this._connection;
        this.settled = true;
        const told = [...model.channels.values()].filter((channel) => channel.joined);
        const wanted = [...this.wanted.values()].filter(({name}) => !model.channel(name)?.joined);
        this.wanted.clear();
        if (this._persists || (model.me.account && told.length)) {
            // One was here all the time: what is not told was left on another device.
            wanted.filter(({was}) => was).forEach(({name}) => this._left(name));
            this.join(wanted.filter(({was}) => !was));
        } else {
            this.join(wanted);
        }
        this._targets();
        this._monitor();
        this._connection.outbox.flush();
        for (const target of this._connection.outbox.undecided()) {
            this._connection.looking.look(target, null);
        }
        if (this._connection.opened) {
            this.open(this._connection.opened);
        }
    }

    /** @param {string} name */
    _left(name) {
        const {model} = this._connection;
        if (!model.target(name).past.outbox.length) { // (what waits to be said there is not thrown away unseen)
            model.channels.delete(fold(name));
            model.targets.delete(fold(name));
        }
        this._connection.tell([{kind: "channels"}]);
    }

    /**
     * Enter channels, of which some may have keys.
     * @param {{name: string, key: string}[]} channels
     */
    join(channels) {
        const sorted = [...channels].sort((a, b) => Number(Boolean(b.key)) - Number(Boolean(a.key)));
        let names = "";
        let keys = "";
        const send = () => {
            if (names) {
                const asked = names.split(",");
                this._connection.request(() => this._entered(asked), () => this._entered(asked), "JOIN", keys ? [names, keys] : [names]);
            }
            names = keys = "";
        };
        for (const {name, key} of sorted) {
            this._keys.set(fold(name), key);
            if (names.length + keys.length + name.length + key.length > JOINED) {
                send();
            }
            names += (names && ",") + name;
            keys += key && (keys && ",") + key;
        }
        send();
    }

    /**
     * The server has answered: who is not in is kept out.
     * @param {string[]} names
     */
    _entered(names) {
        const {model, outbox} = this._connection;
        for (const name of names) {
            const channel = model.channel(name);
            if (channel && !channel.joined) {
                channel.members.clear();
                this._connection.tell([{kind: "channels"}, {kind: "people", target: channel.name}]);
                outbox.decide(model.target(name), true);
            }
        }
    }

    /**
     * One is in a channel.
     * @param {string} name
     */
    entered(name) {
        const connection = this._connection;
        const target = connection.model.target(name);
        const key = this._keys.get(fold(name));
        if (key && target.channel) {
            target.channel.key = key;
        }
        this._unknown.add(fold(name));
        connection.outbox.flush();
        if (target === connection.opened) {
            this.open(target);
        } else if (connection.outbox.isUndecided(target)) {
            this._connection.looking.look(target, null);
        }
    }

    /**
     * Somebody looks at a target: who is there, with which modes, and what was said.
     * @param {Target} target
     */
    open(target) {
        const {name, channel} = target;
        if (channel?.joined && this._unknown.delete(fold(name))) {
            this._connection.send("MODE", [name]);
            this._connection.send("WHO", [name, WHOX]);
        }
        this._connection.looking.look(target, null);
    }

    /** Where something was said since the last line. */
    _targets() {
        const {model} = this._connection;
        if (!model.page) {
            return;
        }
        const now = this._connection.serverTime();
        const since = this.since ? this.since - 1 : now - RECENT;
        const points = [iso(now + DAY), iso(since)].map((time) => `timestamp=${time}`);
        this._connection.request(
            (items) => this._news(items), () => {}, "CHATHISTORY", ["TARGETS", ...points, String(TALKS)],
        );
    }

    /** @param {Item[]} items */
    _news(items) {
        const {model} = this._connection;
        const changes = new Changes();
        for (const {verb, params} of items.flatMap(lines)) {
            const [what, name, time] = params;
            if (verb !== "CHATHISTORY" || what !== "TARGETS" || !isName(name ?? "") || (model.isupport.isChannel(name) && !model.channel(name))) {
                continue;
            }
            const known = model.targets.has(fold(name));
            const target = model.target(name);
            if (target.past.end && (target.past.newest?.at ?? 0) < Date.parse(time)) {
                target.news = true;
                this._connection.looking.later(target);
                changes.once("target", target.name);
            }
            if (!known) {
                changes.once("channels");
            }
            if (target.mark === null && !target.channel && model.caps.has("draft/read-marker")) {
                this._connection.send("MARKREAD", [target.name]);
            }
        }
        this._connection.tell(changes.list);
    }

    /** Those to whom one talks are told of when they come and go. */
    _monitor() {
        const {model} = this._connection;
        const nicks = [...model.targets.values()].filter((target) => !model.isupport.isChannel(target.name)).map((target) => target.name);
        for (let at = 0; at < Math.min(nicks.length, model.isupport.monitor); at += 15) {
            this._connection.send("MONITOR", ["+", nicks.slice(at, at + 15).join(",")]);
        }
    }

    /** The connection is gone. */
    apart() {
        this.settled = false;
        this._token = "";
        this.since = this._connection.lastTime;
    }
}
