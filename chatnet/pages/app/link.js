/**
 * One WebSocket at a time, and what becomes of it.
 *
 * OFF → CONNECTING → GREETING → LIVE, WAITING until the next try, REFUSED until somebody does something about it.
 */

import {realClock} from "./clock.js";
import {Greeting} from "./greeting.js";
import {State} from "./model.js";
import {timeOf} from "./rows.js";
import {parse, serialise} from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./batches.js").Item} Item */
/** @typedef {import("./greeting.js").Who} Who */
/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {"OFF"|"CONNECTING"|"GREETING"|"LIVE"|"WAITING"|"REFUSED"} ConnectionState */

const PROTOCOL = "text.ircv3.net";
/** Milliseconds: for the socket to open, to be greeted, of silence until a PING, for its PONG; until all is well. */
const TIMES = {connecting: 10_000, greeting: 15_000, silent: 30_000, pong: 10_000, steady: 10_000};
const FIRST = 500;
const LONGEST = 30_000;
/** The server says that it goes: it takes a moment until it is back. */
const GOING_AWAY = 1001;
/** It lets nobody in just now, as its ERROR says: there is no point in trying at once. */
const TRY_AGAIN_LATER = 1013;
/** What one begins to count at then: a few seconds. */
const PATIENT = 3;

export class Link extends EventTarget {
    /**
     * @param {object} options
     * @param {string} options.url
     * @param {new (url: string, protocols: string) => WebSocket} [options.socket]
     * @param {Clock} [options.clock]
     * @param {() => number} [options.random]
     */
    constructor({url, socket = WebSocket, clock = realClock, random = Math.random}) {
        super();
        this._url = url;
        this._WebSocket = socket;
        this.clock = clock;
        this.random = random;
        this.model = new State();
        /** @type {ConnectionState} */
        this.state = "OFF";
        /** Why it is as it is, in a word (`closed`, `full`, `silent`, `timeout`, `banned`, `login` …). */
        this.reason = "";
        /** What the server said about that. */
        this.text = "";
        /** When it is tried again (as `ticks` has it), while WAITING. */
        this.retryAt = 0;
        /** By how many milliseconds the clock here is behind that of the server. */
        this.clockOff = 0;
        /** When the last line was said, in milliseconds of the server; 0: none came. */
        this.lastTime = 0;
        /** @type {Who} */
        this.who = {nick: ""};
        /** @type {Greeting|null} */
        this._greeting = null;
        /** @type {WebSocket|null} */
        this._socket = null;
        this._stopTimer = () => {};
        this._heard = 0;
        this._tries = 0;
        this._liveSince = 0;
    }

    /** One has come in. */
    begin() {}

    /** What hung on the socket is no more. */
    apart() {}

    // whether there is one

    /**
     * Come in as somebody, and stay until `stop`.
     * @param {Who} who
     */
    start(who) {
        this.who = who;
        this.text = "";
        this._tries = 0;
        if (this._socket) {
            this._drop();
        }
        this._connect();
    }

    /** Go, for good. */
    stop() {
        if (this.state === "LIVE") {
            this.send("QUIT", []);
        }
        this._drop();
        this._stopTimer();
        this._become("OFF");
    }

    /** Try again at once: somebody asks for it. */
    now() {
        if (this.state === "WAITING" || this.state === "REFUSED") {
            this._connect();
        }
    }

    /** The network is there again, or somebody looks: try at once, or find out whether the connection is alive. */
    wake() {
        if (this.state === "WAITING") {
            this._connect();
        } else if (this.state === "LIVE") {
            this._ping();
        }
    }

    /**
     * Have `wake` be called when a page is online again, or is looked at.
     * @param {Window} window
     */
    attend(window) {
        window.addEventListener("online", () => this.wake());
        window.document.addEventListener("visibilitychange", () => {
            if (window.document.visibilityState === "visible") {
                this.wake();
            }
        });
    }

    _connect() {
        this._stopTimer();
        const socket = new this._WebSocket(this._url, PROTOCOL);
        this._socket = socket;
        this._become("CONNECTING");
        this._after(TIMES.connecting, () => this._lost("timeout"));
        socket.onopen = () => socket === this._socket && this._greet();
        socket.onmessage = (event) => socket === this._socket && this._line(String(event.data));
        socket.onclose = (event) => socket === this._socket && this._lost("closed", event.code);
    }

    _greet() {
        this.model.offered.clear();
        this._heard = this.clock.ticks();
        this._become("GREETING");
        this._after(TIMES.greeting, () => this._lost("timeout"));
        this._greeting = new Greeting(this.model, this.who, (verb, params) => this.send(verb, params), this.random);
        this._greeting.begin();
    }

    _welcome() {
        this._greeting = null;
        this.text = "";
        this._liveSince = this.clock.ticks();
        this._become("LIVE");
        this._watch();
        this.begin();
    }

    /** PING when nothing came for a while. */
    _watch() {
        this._after(Math.max(0, this._heard + TIMES.silent - this.clock.ticks()), () => {
            if (this.clock.ticks() - this._heard >= TIMES.silent) {
                this._ping();
            } else {
                this._watch();
            }
        });
    }

    _ping() {
        const heard = this._heard;
        this.send("PING", [`alive-${this.nonce()}`]);
        this._after(TIMES.pong, () => (this._heard > heard ? this._watch() : this._lost("silent")));
    }

    /**
     * The connection is no more, or will not be.
     * @param {string} reason
     * @param {number} [code]  of the WebSocket
     */
    _lost(reason, code = 0) {
        if (this.state === "LIVE" && this.clock.ticks() - this._liveSince >= TIMES.steady) {
            this._tries = 0;
        }
        this._drop();
        if (code === TRY_AGAIN_LATER) {
            this._tries = Math.max(this._tries, PATIENT);
        }
        const delay = code === GOING_AWAY && this._tries === 0
            ? 1000 + 9000 * this.random() : Math.min(LONGEST, FIRST * 2 ** this._tries) * (0.7 + 0.6 * this.random());
        this._tries += 1;
        this.retryAt = this.clock.ticks() + delay;
        this._after(delay, () => this._connect());
        this._become("WAITING", code === TRY_AGAIN_LATER ? "full" : reason);
    }

    /**
     * It is of no use to try again.
     * @param {string} reason
     * @param {string} text
     */
    _refuse(reason, text) {
        this._drop();
        this._stopTimer();
        this.text = (reason === "login" && this.text) || text; // who was put out reads why, not that a login failed
        this._become("REFUSED", reason);
    }

    /** Let go of the socket, and of all that hung on it. */
    _drop() {
        const socket = this._socket;
        this._socket = null;
        this._greeting = null;
        socket?.close();
        this.model.apart();
        this.apart();
    }

    /**
     * @param {ConnectionState} state
     * @param {string} [reason]
     */
    _become(state, reason = "") {
        this.state = state;
        this.reason = reason;
        if (state !== "WAITING") {
            this.retryAt = 0;
        }
        this.dispatchEvent(new CustomEvent("state", {detail: {state, reason, text: this.text, retryAt: this.retryAt}}));
    }

    /**
     * @param {number} ms
     * @param {() => void} what
     */
    _after(ms, what) {
        this._stopTimer();
        this._stopTimer = this.clock.later(ms, what);
    }

    // what comes

    /** @param {string} line */
    _line(line) {
        const text = line.replace(/\r?\n$/, "");
        const message = /[\0\r\n]/.test(text) ? null : parse(text); // (no line has these, and none could answer)
        if (!message) {
            return;
        }
        this._heard = this.clock.ticks();
        this.came({message, item: this.model.batches.take(message)});
        const outcome = this._greeting?.take(message);
        if (outcome?.state === "in") {
            this._welcome();
        } else if (outcome?.state === "refused" || (message.verb === "465" && this.state === "LIVE")) {
            this._refuse(outcome?.reason ?? "banned", outcome?.text ?? message.params[message.params.length - 1] ?? "");
        } else if (message.verb === "KILL" && this.model.isMe(message.params[0] ?? "")) {
            this._refuse("killed", `${message.nick}: ${message.params[1] ?? ""}`);
        }
    }

    /**
     * A line has come, and with it (or null) what is whole now.
     * @param {{message: Message, item: Item|null}} line
     */
    came({message}) {
        const at = timeOf(message, 0);
        this.lastTime = Math.max(this.lastTime, at);
        if (message.verb === "PING") {
            this.send("PONG", message.params.slice(-1));
        } else if (message.verb === "ERROR") {
            this.text = (message.params[0] ?? "").replace(/^Closing Link: \S+ \((.*)\)$/, "$1");
        } else if (message.verb === "001" && at) {
            this.clockOff = at - this.clock.now();
        }
    }

    /** The time of the server, in milliseconds. */
    serverTime() {
        return this.clock.now() + this.clockOff;
    }

    /** Letters and digits that nobody has used before. */
    nonce() {
        return [0, 0].map(() => Math.floor(this.random() * 36 ** 6).toString(36).padStart(6, "0")).join("");
    }

    /**
     * Send a line, and forget it; without a connection nothing is sent.
     * @param {string} verb
     * @param {string[]} [params]
     * @param {Map<string, string>|Record<string, string>} [tags]
     */
    send(verb, params = [], tags = {}) {
        if (this._socket?.readyState === 1) {
            this._socket.send(serialise(verb, params, tags));
        }
    }
}
