/**
 * The connection as elements use it: what one says and asks, what is open, and what has changed.
 *
 * It tells of itself by two events: `state` (`detail`: state, reason, text, retryAt), and `changes` (`detail`: a list
 * of `Change`) when all is read that has come.  `model` is what is known.
 */

import {isBatch, lines} from "./batches.js";
import {Catching} from "./catching.js";
import {wantedOf} from "./greeting.js";
import {Labels, Refusal, Unanswered, refusalIn} from "./labels.js";
import {Link} from "./link.js";
import {Looking} from "./looking.js";
import {applyWhole} from "./model.js";
import {Outbox} from "./outbox.js";
import {jump} from "./questions.js";
import {replyTags} from "./speaking.js";
import {fold} from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./batches.js").Item} Item */
/** @typedef {import("./state.js").Change} Change */
/** @typedef {import("./state.js").Target} Target */

export {Refusal, Unanswered};

/** Milliseconds: for an answer, and between two lines that tell that one types. */
const ANSWER = 60_000;
const TYPING = 3000;

export class Connection extends Link {
    /** @param {ConstructorParameters<typeof Link>[0]} options */
    constructor(options) {
        super(options);
        /**
         * What somebody looks at.
         * @type {Target|null}
         */
        this.opened = null;
        this._labels = new Labels();
        this.outbox = new Outbox(this);
        this.looking = new Looking(this);
        this._catching = new Catching(this);
        /** @type {Change[]} */
        this._changes = [];
        /** @type {Map<Target, {first: string, last: string}|null>} */
        this._visible = new Map();
        /** @type {Map<Target, number>} */
        this._typed = new Map();
    }

    // what comes

    /** @override */
    begin() {
        this._catching.begin();
    }

    /** @override */
    apart() {
        this._catching.apart();
        this.looking.apart();
        this.outbox.apart();
        this._labels.fail("The connection is gone");
        this.tell([...this.model.targets.values()].map((target) => ({
            kind: "rows", target: target.name, first: "", last: "", live: false,
        })));
    }

    /**
     * @override
     * @param {{message: Message, item: Item|null}} line
     */
    came({message, item}) {
        super.came({message, item});
        const {verb, params} = message;
        if (verb === "PONG") {
            this._catching.pong(params[params.length - 1] ?? "");
        } else if (verb === "PERSISTENCE") {
            this._catching.persistence(params);
        } else if (verb === "CAP" && params[1] === "NEW" && this.state === "LIVE") {
            this._more(params[2] ?? "");
        }
        if (item) {
            this._take(item);
        }
    }

    /** @param {Item} item */
    _take(item) {
        const {request, items} = this._labels.take(item);
        const refusal = request && refusalIn(items);
        if (!request?.page) {
            const told = request?.aside ? items.filter((each) => isBatch(each) || each.verb !== "NOTICE") : items;
            const changes = told.flatMap((each) => applyWhole(this.model, each, this.serverTime()));
            this.tell(request?.told ? changes.filter((change) => change.kind !== "error") : changes);
            for (const change of changes) {
                this._heed(change);
            }
        }
        if (refusal) {
            request.failed(refusal);
        } else {
            request?.done(items);
        }
    }

    /** @param {Change} change */
    _heed(change) {
        if (change.kind === "joined") {
            this._catching.entered(change.target ?? "");
        } else if (change.kind === "missed") {
            this.looking.missed(this.model.target(change.target ?? ""));
        } else if (change.kind === "typing") {
            this.clock.later(6000, () => this._stopTyping(change.target ?? ""));
        } else if (change.kind === "channels") {
            this.outbox.tidy();
            if (this.opened && !this.model.targets.has(fold(this.opened.name))) {
                this.opened = null;
            }
        }
    }

    /** @param {string} name */
    _stopTyping(name) {
        const typing = this.model.targets.get(fold(name))?.typing;
        const over = [...(typing ?? [])].filter(([, until]) => until <= this.serverTime());
        if (typing && over.length) {
            over.forEach(([nick]) => typing.delete(nick));
            this.tell([{kind: "typing", target: name}]);
        }
        if (typing?.size) {
            this.clock.later(6000, () => this._stopTyping(name));
        }
    }

    /**
     * Capabilities that are there now.
     * @param {string} offered
     */
    _more(offered) {
        const names = offered.split(" ").map((word) => word.split("=")[0]);
        const wanted = wantedOf(names).filter((name) => !this.model.caps.has(name));
        if (wanted.length) {
            this.send("CAP", ["REQ", wanted.join(" ")]);
        }
    }

    /**
     * Changes, of which those who listen are told when all is read that has come.
     * @param {Change[]} changes
     */
    tell(changes) {
        if (!changes.length) {
            return;
        }
        if (!this._changes.length) {
            this.clock.soon(() => this._tellAll());
        }
        this._changes.push(...changes);
    }

    _tellAll() {
        const changes = this._changes;
        this._changes = [];
        this.model.notices.prune(null);
        for (const name of new Set(changes.map((change) => (change.kind === "rows" ? change.target : undefined)))) {
            const target = name === undefined ? undefined : this.model.targets.get(fold(name));
            target?.past.prune(this.visible(target));
        }
        this.model.thin(this.opened);
        this.dispatchEvent(new CustomEvent("changes", {detail: changes}));
    }

    // what is asked and said

    /**
     * Whether what is said to a target now would be heard, and what is said there is.
     * @param {Target} target
     */
    hears(target) {
        const isChannel = this.model.isupport.isChannel(target.name);
        return this.state === "LIVE" && this._catching.settled && (!isChannel || Boolean(target.channel?.joined));
    }

    /**
     * A label for a question; with a `verb` it is asked.
     * @param {(items: Item[]) => void} done
     * @param {(error: Error & {code?: string}) => void} failed
     * @param {string} [verb]
     * @param {string[]} [params]
     * @param {{page?: boolean, told?: boolean, aside?: boolean, tags?: Record<string, string>}} [how]
     */
    request(done, failed, verb = "", params = [], {page = false, told = page || !verb, aside = false, tags = {}} = {}) {
        const until = this.clock.ticks() + ANSWER;
        const label = this._labels.open({done, failed, told, aside, page, until});
        this.clock.later(ANSWER, () => this._labels.fail("There was no answer", this.clock.ticks()));
        if (verb) {
            this.send(verb, params, this.model.caps.has("labeled-response") ? {...tags, label} : tags);
        }
        return label;
    }

    /**
     * The answer to a line; rejects with the server's `Refusal`, or as `Unanswered`.
     * @param {string} verb
     * @param {string[]} [params]
     * @param {Record<string, string>} [tags]
     * @param {boolean} [aside]  whoever asks shows what is said in the answer, and nobody else
     * @returns {Promise<Message[]>}
     */
    ask(verb, params = [], tags = {}, aside = false) {
        return new Promise((resolve, reject) => {
            if (this.state !== "LIVE" || !this.model.caps.has("labeled-response")) {
                reject(new Unanswered("There is no connection"));
                return;
            }
            this.request((items) => resolve(items.flatMap(lines)), reject, verb, params, {told: true, aside, tags});
        });
    }

    /**
     * Say something, now or as soon as there is a connection; false: too much waits already.
     * @param {string} target
     * @param {string} text
     * @param {{replyTo?: string, kind?: "message"|"notice"|"action"}} [how]
     */
    say(target, text, {replyTo = "", kind = "message"} = {}) {
        const known = this.model.targets.size;
        const place = this.model.target(target);
        if (this.model.targets.size !== known) {
            this.tell([{kind: "channels"}]);
        }
        this._typed.delete(place);
        return this.outbox.say(place, text, kind, replyTo);
    }

    /**
     * Somebody looks at a channel or talk, or (null) at none.
     * @param {string|null} name
     * @returns {Target|null}
     */
    open(name) {
        if (name === null) {
            this.opened = null;
            return null;
        }
        const known = this.model.targets.size;
        const target = this.model.target(name);
        if (this.model.isupport.isChannel(name)) {
            target.channel ??= this.model.outside(name);
        }
        if (this.model.targets.size !== known) {
            this.tell([{kind: "channels"}]);
        }
        this.opened = target;
        this._catching.open(target);
        return target;
    }

    /**
     * Read what is missing where these rows are seen.
     * @param {string} name
     * @param {{first: string, last: string}|null} visible
     */
    look(name, visible) {
        const target = this.model.target(name);
        this._visible.set(target, visible);
        this.looking.look(target, visible);
    }

    /**
     * Which rows of a target are seen, as `look` was told last; null: the newest.
     * @param {Target} target
     */
    visible(target) {
        return this._visible.get(target) ?? null;
    }

    /**
     * Read what is around a message.
     * @param {string} name
     * @param {string} msgid
     */
    jump(name, msgid) {
        const target = this.model.target(name);
        const question = target.past.row(msgid) ? null : jump(target.past, msgid);
        if (question && !target.past.asking && this.hears(target)) {
            this.looking.ask(target, question);
        }
    }

    /**
     * Try a hole again that could not be read.
     * @param {string} name
     * @param {string} hole  the id of its row
     */
    again(name, hole) {
        const target = this.model.target(name);
        target.past.again(hole);
        this.looking.look(target, {first: hole, last: hole});
    }

    /**
     * Forget a message of one's own that was refused, or perhaps not said.
     * @param {string} name
     * @param {string} id  of its row
     */
    dismiss(name, id) {
        const target = this.model.target(name);
        target.past.settle(id.slice(1));
        this.outbox.apart();
        this.tell([{kind: "rows", target: target.name, first: id, last: id, live: false}]);
    }

    /**
     * Forget a channel that one has left, or a talk.
     * @param {string} name
     */
    close(name) {
        const folded = fold(name);
        if (this.opened && fold(this.opened.name) === folded) {
            this.opened = null;
        }
        this.model.targets.delete(folded);
        this.model.channels.delete(folded);
        this.outbox.tidy();
        this.tell([{kind: "channels"}]);
    }

    /**
     * Enter a channel, now or when there is a connection.
     * @param {string} name
     * @param {string} [key]
     */
    join(name, key = "") {
        if (this._catching.settled) {
            this._catching.join([{name, key}]);
        } else {
            this._catching.wanted.set(fold(name), {name, key});
        }
    }

    /**
     * React to a message, or (`on` false) no more.
     * @param {string} target
     * @param {string} msgid
     * @param {string} emoji
     * @param {boolean} on
     */
    react(target, msgid, emoji, on) {
        this.send("TAGMSG", [target], {[on ? "+draft/react" : "+draft/unreact"]: emoji, ...replyTags(msgid)});
    }

    /**
     * Tell that one types, or no more; it is told once in three seconds.
     * @param {string} name
     * @param {boolean} on
     */
    typing(name, on) {
        const target = this.model.target(name);
        const told = this._typed.get(target);
        const now = this.clock.ticks();
        if (!this.model.caps.has("message-tags") || !this.hears(target) || (on ? told !== undefined && now - told < TYPING : told === undefined)) {
            return;
        }
        if (on) {
            this._typed.set(target, now);
        } else {
            this._typed.delete(target);
        }
        this.send("TAGMSG", [name], {"+typing": on ? "active" : "done"});
    }

    /**
     * One has read up to a time (milliseconds).
     * @param {string} name
     * @param {number} at
     */
    markRead(name, at) {
        const target = this.model.target(name);
        const time = new Date(at).toISOString();
        if (target.mark !== null && Date.parse(target.mark) >= at) {
            return;
        }
        const source = {tags: new Map(), nick: "", user: "", host: "", source: "", verb: "MARKREAD"};
        const params = [name, `timestamp=${time}`];
        this.tell(applyWhole(this.model, {...source, params}, this.serverTime()));
        if (this.model.caps.has("draft/read-marker")) {
            this.send("MARKREAD", params);
        }
    }
}
