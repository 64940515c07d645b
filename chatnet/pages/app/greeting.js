/**
 * How one comes in: capabilities, login, nick.
 * https://ircv3.net/specs/extensions/capability-negotiation, https://ircv3.net/specs/extensions/sasl-3.2
 */

import {base64} from "./api.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./state.js").State} State */

/**
 * Who comes: with `account` and `secret` (a token or a password) they log in.
 * @typedef {object} Who
 * @property {string} nick
 * @property {string} [account]
 * @property {string} [secret]
 * @property {string} [realname]
 * @property {string} [password]  of the server
 */

/**
 * What has come of it: `in`; `refused`, and asking again is of no use; `later`.
 * @typedef {{state: "in"|"refused"|"later", reason: string, text: string}} Outcome
 */

export const WANTED = [
    "sasl", "message-tags", "server-time", "batch", "labeled-response", "echo-message", "standard-replies",
    "account-tag", "account-notify", "away-notify", "extended-join", "chghost", "setname", "multi-prefix",
    "userhost-in-names", "invite-notify", "cap-notify", "extended-monitor", "draft/oper-tag", "draft/multiline",
    "draft/chathistory", "draft/event-playback", "draft/message-redaction", "draft/read-marker",
    "draft/channel-rename", "draft/persistence", "draft/account-registration", "soju.im/search",
];
const CHUNK = 400;
const REASONS = {464: "password", 465: "banned", 432: "nick", 902: "login", 904: "login", 905: "login", 908: "login"};

export class Greeting {
    /**
     * @param {State} state
     * @param {Who} who
     * @param {(verb: string, params?: string[]) => void} send
     * @param {() => number} random
     */
    constructor(state, who, send, random) {
        this._state = state;
        this._who = who;
        this._send = send;
        this._random = random;
        this._tries = 0;
        this._unanswered = 0;
        this._introduced = false;
        /** @type {Outcome|null} */
        this._no = null;
    }

    begin() {
        this._send("CAP", ["LS", "302"]);
    }

    /**
     * A line that came, which the state knows already; what came of it, or null.
     * @param {Message} message
     * @returns {Outcome|null}
     */
    take(message) {
        const {verb, params} = message;
        const text = params[params.length - 1] ?? "";
        switch (verb) {
            case "CAP":
                this._capabilities(params);
                return this._no;
            case "AUTHENTICATE":
                if (params[0] === "+") {
                    this._login();
                }
                return null;
            case "903":
                this._introduce();
                return null;
            case "001":
                return {state: "in", reason: "", text};
            case "433":
            case "437":
                this._send("NICK", [this._anotherNick()]);
                return null;
            case "432":
            case "464":
            case "465":
            case "902":
            case "904":
            case "905":
                return {state: "refused", reason: REASONS[verb], text};
            case "ERROR":
                return {state: "later", reason: "error", text};
            default:
                return null;
        }
    }

    /** @param {string[]} params */
    _capabilities(params) {
        const verb = params[1];
        if (verb === "LS" && params[2] !== "*") {
            this._request();
        } else if (verb === "ACK" || verb === "NAK") {
            this._unanswered -= 1;
            if (this._unanswered === 0) {
                this._afterCapabilities();
            }
        }
    }

    _request() {
        const lines = requests(this._state.offered.keys());
        this._unanswered = lines.length;
        lines.forEach((line) => this._send("CAP", ["REQ", line]));
        if (!lines.length) {
            this._afterCapabilities();
        }
    }

    _afterCapabilities() {
        if (!this._who.secret) {
            this._introduce();
        } else if (this._state.caps.has("sasl")) {
            this._send("AUTHENTICATE", ["PLAIN"]);
        } else {
            this._no = {state: "refused", reason: "no-login", text: ""};
        }
    }

    /** “PLAIN”, in pieces of 400 bytes.  https://ircv3.net/specs/extensions/sasl-3.1#the-authenticate-command */
    _login() {
        const {account = "", secret = ""} = this._who;
        const text = base64(`\0${account}\0${secret}`);
        for (let at = 0; at < text.length; at += CHUNK) {
            this._send("AUTHENTICATE", [text.slice(at, at + CHUNK)]);
        }
        if (text.length % CHUNK === 0) {
            this._send("AUTHENTICATE", ["+"]);
        }
    }

    _introduce() {
        if (this._introduced) {
            return;
        }
        this._introduced = true;
        const {nick, password, realname} = this._who;
        if (password) {
            this._send("PASS", [password]);
        }
        this._send("NICK", [nick]);
        this._send("USER", [userName(nick), "0", "*", realname || nick]);
        this._send("CAP", ["END"]);
    }

    /** `ann_`, `ann__`, and then with a number. */
    _anotherNick() {
        this._tries += 1;
        const {nick} = this._who;
        const tail = this._tries < 3 ? "_".repeat(this._tries) : String(10 + Math.floor(this._random() * 9990));
        return nick.slice(0, Math.max(1, this._state.isupport.nicklen - tail.length)) + tail;
    }
}

/**
 * What of these capabilities one wants.
 * @param {Iterable<string>} offered
 */
export function wantedOf(offered) {
    const there = new Set(offered);
    return WANTED.filter((name) => there.has(name));
}

/**
 * What to ask for of what is offered, as lines of not too many words.
 * @param {Iterable<string>} offered
 */
export function requests(offered) {
    /** @type {string[]} */
    const lines = [];
    for (const name of wantedOf(offered)) {
        const last = lines[lines.length - 1];
        if (last !== undefined && last.length + name.length < CHUNK) {
            lines[lines.length - 1] = `${last} ${name}`;
        } else {
            lines.push(name);
        }
    }
    return lines;
}

/**
 * A user name, which has letters and digits only.
 * @param {string} nick
 */
function userName(nick) {
    return nick.toLowerCase().replace(/[^a-z0-9]/g, "").slice(0, 9) || "web";
}
