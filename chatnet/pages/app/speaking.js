/**
 * What one says, as lines: in one piece, in a batch of several, or in several messages.
 * https://ircv3.net/specs/extensions/multiline
 */

import {NONCE, action} from "./rows.js";
import {bytes, pieces} from "./wire.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./rows.js").Row} Row */
/** @typedef {{verb: string, params: string[], tags: Record<string, string>}} Line */

const LINE = 510;
const ACTION = bytes(action(""));

/**
 * How many bytes of text a line to a target has room for, wherever it is read.
 * @param {State} state
 * @param {string} target
 * @param {string} verb
 */
export function room(state, target, verb) {
    const {nick, user, host} = state.me;
    const {nicklen, userlen, hostlen} = state.isupport;
    const source = Math.max(bytes(nick), Math.min(nicklen, 30)) + Math.max(bytes(user), userlen + 1) + Math.max(bytes(host), hostlen);
    return Math.max(80, LINE - source - bytes(`:!@ ${verb} ${target} :`));
}

/**
 * The limits of messages of several lines, or null where there are none.
 * @param {State} state
 */
export function limits(state) {
    if (!state.caps.has("draft/multiline") || !state.caps.has("batch")) {
        return null;
    }
    const value = state.offered.get("draft/multiline") ?? "";
    const number = (/** @type {string} */ key, /** @type {number} */ otherwise) =>
        Number(new RegExp(`(?:^|,)${key}=([0-9]+)`).exec(value)?.[1] ?? otherwise);
    return {bytes: number("max-bytes", 4096), lines: number("max-lines", 24)};
}

/**
 * A text in as many parts as messages are needed to say it.
 * @param {State} state
 * @param {string} target
 * @param {string} text
 * @param {Row["kind"]} [kind]
 * @returns {string[]}
 */
export function portions(state, target, text, kind = "message") {
    const fits = room(state, target, "PRIVMSG");
    text = text.replaceAll("\0", ""); // no line has it
    if (kind === "action") {
        return pieces(text.replace(/\s*\n\s*/g, " ").trim(), fits - ACTION).filter(Boolean);
    }
    const lines = trimmed(text).split("\n");
    const most = limits(state);
    if (!most) {
        return lines.flatMap((line) => pieces(line, fits)).filter((line) => line.trim());
    }
    /** @type {string[]} */
    const found = [];
    /** @type {string[]} */
    let open = [];
    let [size, count] = [0, 0];
    for (const line of lines.flatMap((each) => pieces(each, most.bytes))) {
        const [moreBytes, moreLines] = [bytes(line) + 1, pieces(line, fits).length];
        if (open.length && (size + moreBytes > most.bytes || count + moreLines > most.lines)) {
            found.push(trimmed(open.join("\n")));
            [open, size, count] = [[], 0, 0];
        }
        open.push(line);
        size += moreBytes;
        count += moreLines;
    }
    found.push(trimmed(open.join("\n")));
    return found.filter((each) => each.trim());
}

/**
 * Without empty lines around it.
 * @param {string} text
 */
function trimmed(text) {
    return text.replace(/\r\n?/g, "\n").replace(/^(?:[ \t]*\n)+|[\s]+$/g, "");
}

/**
 * The lines that say a portion; the answer to the first has the label.
 * @param {State} state
 * @param {string} target
 * @param {string} text
 * @param {{nonce: string, label: string, replyTo: string, kind: Row["kind"], reference: string}} how
 * @returns {Line[]}
 */
export function linesOf(state, target, text, {nonce, label, replyTo, kind, reference}) {
    /** @type {Record<string, string>} */
    const tags = state.caps.has("labeled-response") ? {label} : {};
    if (state.caps.has("message-tags")) {
        tags[NONCE] = nonce;
        Object.assign(tags, replyTags(replyTo));
    }
    const verb = kind === "notice" ? "NOTICE" : "PRIVMSG";
    const fits = room(state, target, verb);
    if (kind === "action" || (!text.includes("\n") && bytes(text) <= fits) || !limits(state)) {
        return [{verb, params: [target, kind === "action" ? action(text) : text], tags}];
    }
    const parts = text.split("\n").flatMap((line) =>
        pieces(line, fits).map((piece, index) => ({
            verb, params: [target, piece],
            tags: {batch: reference, ...(index ? {"draft/multiline-concat": ""} : {})},
        })));
    return [
        {verb: "BATCH", params: [`+${reference}`, "draft/multiline", target], tags}, ...parts,
        {verb: "BATCH", params: [`-${reference}`], tags: {}},
    ];
}

/**
 * What makes a line a reply; clients know the one or the other.
 * @param {string} replyTo
 * @returns {Record<string, string>}
 */
export function replyTags(replyTo) {
    return replyTo ? {"+reply": replyTo, "+draft/reply": replyTo} : {};
}
