/**
 * Lines of IRC and back, names, ISUPPORT and mode strings.
 *
 * The grammar is https://modern.ircdocs.horse/#message-format and
 * https://ircv3.net/specs/extensions/message-tags, as chatnet/wire/message.py reads it.
 */

/**
 * A line taken apart.  `verb` is in capitals; `source` is what stood behind the first colon, of which `nick`,
 * `user` and `host` are parts (of a server only `nick`, its name).
 * @typedef {object} Message
 * @property {Map<string, string>} tags
 * @property {string} nick
 * @property {string} user
 * @property {string} host
 * @property {string} source
 * @property {string} verb
 * @property {string[]} params
 */

/**
 * One letter of a mode string, with its parameter if it has one.
 * @typedef {{sign: "+"|"-", mode: string, param: string|null}} ModeChange
 */

/** @type {Record<string, string>} */
const ESCAPES = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"};
/** @type {Record<string, string>} */
const UNESCAPES = {":": ";", s: " ", r: "\r", n: "\n"};

/**
 * The value of a tag as it stands in a line.
 * @param {string} value
 */
export function escapeTag(value) {
    return value.replace(/[; \\\r\n]/g, (sign) => ESCAPES[sign]);
}

/**
 * What an escaped value means: an unknown escape loses its backslash, and so does a lone one at the end.
 * @param {string} value
 */
export function unescapeTag(value) {
    return value.replace(/\\([^]?)/gu, (_, sign) => UNESCAPES[sign] ?? sign);
}

/**
 * `a=1;+b` (no leading `@`) as a map; of several tags with one key the last one counts.
 * @param {string} text
 * @returns {Map<string, string>}
 */
export function parseTags(text) {
    const tags = new Map();
    for (const tag of text.split(";")) {
        const [key, value] = cut(tag, "=");
        if (key) {
            tags.set(key, value.includes("\\") ? unescapeTag(value) : value);
        }
    }
    return tags;
}

/**
 * A line without its line end; null when there is no command in it.
 * @param {string} line
 * @returns {Message|null}
 */
export function parse(line) {
    /** @type {Map<string, string>} */
    let tags = new Map();
    let source = "";
    let rest = behindSpaces(line);
    if (rest[0] === "@") {
        const [text, behind] = cut(rest.slice(1), " ");
        tags = parseTags(text);
        rest = behindSpaces(behind);
    }
    if (rest[0] === ":") {
        [source, rest] = cut(rest.slice(1), " ");
        rest = behindSpaces(rest);
        if (rest[0] === ":") {
            return null;
        }
    }
    const colon = rest.indexOf(" :");
    const params = (colon < 0 ? rest : rest.slice(0, colon)).split(" ").filter(Boolean);
    const verb = params.shift();
    if (verb === undefined) {
        return null;
    }
    if (colon >= 0) {
        params.push(rest.slice(colon + 2));
    }
    return {tags, ...parseSource(source), source, verb: verb.toUpperCase(), params};
}

/**
 * Whether a line can carry it as the name of one channel or one person, wherever it stands.
 * @param {string} name
 */
export function isName(name) {
    return /^[^:\0\r\n ,][^\0\r\n ,]*$/.test(name);
}

/**
 * `nick!user@host` taken apart.
 * @param {string} source
 */
export function parseSource(source) {
    const [front, host] = cut(source, "@");
    const [nick, user] = cut(front, "!");
    return {nick, user, host};
}

/**
 * The line, without its line end, that says this.  Throws where no line can carry it: nothing that a person
 * typed ever becomes a second line, or another parameter than it was meant to be.
 * @param {string} verb
 * @param {string[]} [params]
 * @param {Map<string, string>|Record<string, string>} [tags]
 */
export function serialise(verb, params = [], tags = {}) {
    if (!/^[A-Za-z0-9]+$/.test(verb)) {
        throw new RangeError(`not a command: ${JSON.stringify(verb)}`);
    }
    const words = [];
    const pairs = tags instanceof Map ? [...tags] : Object.entries(tags);
    if (pairs.length) {
        words.push("@" + pairs.map(([key, value]) => formatTag(key, value)).join(";"));
    }
    words.push(verb);
    params.forEach((param, index) => {
        if (/[\0\r\n]/.test(param)) {
            throw new RangeError(`no line has room for ${JSON.stringify(param)}`);
        }
        const bare = param !== "" && param[0] !== ":" && !param.includes(" ");
        if (!bare && index < params.length - 1) {
            throw new RangeError(`only the last parameter can be ${JSON.stringify(param)}`);
        }
        words.push(bare ? param : ":" + param);
    });
    return words.join(" ");
}

/**
 * @param {string} key
 * @param {string} value
 */
function formatTag(key, value) {
    if (!key || /[\0\r\n ;=]/.test(key) || value.includes("\0")) {
        throw new RangeError(`not a tag: ${JSON.stringify(key)}`);
    }
    return value ? `${key}=${escapeTag(value)}` : key;
}

/**
 * What is before the first `mark`, and what is behind it.
 * @param {string} text
 * @param {string} mark
 * @returns {[string, string]}
 */
export function cut(text, mark) {
    const at = text.indexOf(mark);
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** @param {string} text */
function behindSpaces(text) {
    let start = 0;
    while (text[start] === " ") {
        start++;
    }
    return text.slice(start);
}

// names

/** @param {string} name */
const foldRfc1459 = (name) => name.replace(/[A-Z[\]\\~]/g, lower);
/** @type {Map<string|undefined, (name: string) => string>} */
const FOLDERS = new Map([["ascii", (name) => name.replace(/[A-Z]/g, lower)], ["rfc1459", foldRfc1459]]);
const rfc1459 = new Map([["[", "{"], ["]", "}"], ["\\", "|"], ["~", "^"]]);
let folder = foldRfc1459;

/** @param {string} sign */
function lower(sign) {
    return rfc1459.get(sign) ?? sign.toLowerCase();
}

/**
 * From now on names are folded as the CASEMAPPING of this name does; one that is unknown changes nothing.
 * @param {string|undefined} mapping
 */
export function foldAs(mapping) {
    folder = FOLDERS.get(mapping) ?? folder;
}

/**
 * The folded name: two that are folded alike are one.
 * @param {string} name
 */
export function fold(name) {
    return folder(name);
}

/**
 * Whether two names are one.
 * @param {string} a
 * @param {string} b
 */
export function same(a, b) {
    return a === b || folder(a) === folder(b);
}

// what the server tells of itself

/** The tokens of 005.  https://modern.ircdocs.horse/#rplisupport-005 */
export class Isupport {
    constructor() {
        /** @type {Map<string, string>} */
        this.tokens = new Map();
        /**
         * Ranks, the highest first.
         * @type {{mode: string, char: string}[]}
         */
        this.prefix = [];
        /**
         * Letters of modes: lists, always with a parameter, with one when set, without.
         * @type {string[]}
         */
        this.chanmodes = [];
        this.chantypes = this.network = this.casemapping = this.statusmsg = "";
        this.nicklen = this.channellen = this.topiclen = this.kicklen = this.awaylen = this.userlen = this.hostlen = 0;
        /** Nicks that one may MONITOR. */
        this.monitor = 0;
        /** Messages that one CHATHISTORY gives; 0: nothing is stored. */
        this.chathistory = 0;
        this._read();
    }

    /**
     * The parameters of one 005: the own nick, tokens, and some words at the end.
     * @param {string[]} params
     */
    take(params) {
        for (const token of params.slice(1, -1)) {
            if (token[0] === "-") {
                this.tokens.delete(token.slice(1));
                continue;
            }
            const [key, value] = cut(token, "=");
            this.tokens.set(key, value.replace(/\\x([0-9A-Fa-f]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16))));
        }
        this._read();
    }

    /**
     * The value of a token: "" for one that has none, undefined for one that is not there.
     * @param {string} name
     */
    get(name) {
        return this.tokens.get(name);
    }

    _read() {
        const found = /^\(([^)]*)\)(.*)$/.exec(this.get("PREFIX") ?? "(ov)@+");
        const [letters, signs] = found ? [found[1], found[2]] : ["", ""];
        this.prefix = [...letters].map((mode, index) => ({mode, char: signs[index] ?? ""}));
        this.chanmodes = (this.get("CHANMODES") ?? "b,k,l,imnpst").split(",");
        this.chantypes = this.get("CHANTYPES") ?? "#";
        this.network = this.get("NETWORK") ?? "";
        this.casemapping = this.get("CASEMAPPING") ?? "rfc1459";
        this.statusmsg = this.get("STATUSMSG") ?? "";
        this.nicklen = this._number("NICKLEN", 30);
        this.channellen = this._number("CHANNELLEN", 50);
        this.topiclen = this._number("TOPICLEN", 390);
        this.kicklen = this._number("KICKLEN", 255);
        this.awaylen = this._number("AWAYLEN", 200);
        this.userlen = this._number("USERLEN", 10);
        this.hostlen = this._number("HOSTLEN", 63);
        this.monitor = this._number("MONITOR", 0);
        this.chathistory = this._number("CHATHISTORY", 0);
        foldAs(this.casemapping);
    }

    /**
     * @param {string} name
     * @param {number} otherwise
     */
    _number(name, otherwise) {
        const value = this.get(name) ?? "";
        return /^[0-9]{1,9}$/.test(value) ? Number(value) : otherwise;
    }

    /**
     * Whether that is the name of a channel.
     * @param {string} name
     */
    isChannel(name) {
        return name !== "" && this.chantypes.includes(name[0]);
    }

    /**
     * A target as it stands in a line, without the ranks before a channel (`@#club`): [ranks, name].
     * @param {string} target
     * @returns {[string, string]}
     */
    target(target) {
        let start = 0;
        while (start < target.length && this.statusmsg.includes(target[start])) {
            start++;
        }
        return start && this.isChannel(target.slice(start)) ? [target.slice(0, start), target.slice(start)] : ["", target];
    }
}

/**
 * The changes that `["+ov-k", "ann", "bob", "key"]` speaks of; letters that nobody knows take nothing.
 * @param {Isupport} isupport
 * @param {string[]} params
 * @returns {ModeChange[]}
 */
export function modes(isupport, params) {
    /** @type {ModeChange[]} */
    const found = [];
    const rest = params.slice(1);
    const [lists, always, set] = isupport.chanmodes;
    /** @type {"+"|"-"} */
    let sign = "+";
    for (const mode of params[0] ?? "") {
        if (mode === "+" || mode === "-") {
            sign = mode;
            continue;
        }
        const takes =
            isupport.prefix.some((rank) => rank.mode === mode) ||
            lists?.includes(mode) || always?.includes(mode) || (sign === "+" && set?.includes(mode));
        found.push({sign, mode, param: takes ? rest.shift() ?? null : null});
    }
    return found;
}

const utf8 = new TextEncoder();

/**
 * How many bytes a text has in UTF-8.
 * @param {string} text
 */
export function bytes(text) {
    return utf8.encode(text).length;
}

/**
 * A text in pieces of at most `room` bytes each, none of which ends in the middle of a character.
 * @param {string} text
 * @param {number} room
 */
export function pieces(text, room) {
    const found = [];
    let piece = "";
    let size = 0;
    for (const sign of text) {
        const more = bytes(sign);
        if (piece && size + more > room) {
            found.push(piece);
            [piece, size] = ["", 0];
        }
        piece += sign;
        size += more;
    }
    found.push(piece);
    return found;
}
