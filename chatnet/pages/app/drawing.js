// @ts-check
/** One row of the timeline, as the element that shows it. */
import {h, icon} from "./dom.js";
import {colour} from "./format.js";
import {isHuge, plain, said} from "./text.js";
import {clock, day, full, iso} from "./times.js";
import {say} from "./words.js";
import {tell} from "./events.js";

/** @typedef {import("./arrange.js").Item} Item */
/** @typedef {import("./rows.js").Row} Row */
/**
 * What a row needs to know of what is around it.
 * @typedef {object} Around
 * @property {string} me
 * @property {(name: string) => boolean} isChannel
 * @property {(word: string) => string} nick how somebody who is here is written, or ""
 * @property {(nick: string) => boolean} isMe
 * @property {(row: Row) => boolean} mentions whether it speaks to who reads
 * @property {(id: string) => Row | null} find the row with that msgid, if it is known
 * @property {string} clock
 * @property {() => number} now
 */

/** Different reactions to one message that are shown: each takes nodes of the page. */
const MOST_REACTIONS = 20;

/**
 * What of an item is seen, as one string: if it is the same as before, its element stays.
 * @param {Item} item
 * @param {Around} around
 */
export function look(item, around) {
    const {row} = item;
    if (!row) return item.key;
    const original = row.replyTo ? around.find(row.replyTo) : null;
    return [
        row.version,
        row.kind,
        row.state,
        item.first,
        item.events.length,
        original?.version,
        around.clock,
        around.me,
    ].join(" ");
}

/**
 * @param {Item} item
 * @param {Around} around
 * @returns {HTMLLIElement}
 */
export function element(item, around) {
    if (item.kind === "day") return h("li", {class: "day"}, h("span", null, day(item.at, around.now())));
    if (item.kind === "new") return h("li", {class: "new"}, h("span", null, say("new")));
    if (item.kind === "hole") return hole(/** @type {Row} */ (item.row));
    if (item.kind === "message") return message(item, around);
    return happened(item, around);
}

/** @param {Row} row */
function hole(row) {
    const state = row.hole?.state ?? "unread";
    if (state === "asked") return h("li", {class: "hole"}, h("p", null, say("hole.asked")));
    if (state === "denied") return h("li", {class: "hole"}, h("p", null, say("hole.denied")));
    return h(
        "li",
        {class: "hole"},
        h("button", {type: "button", "data-do": "hole", "data-id": row.id}, say(`hole.${state}`)),
    );
}

/** @param {Item} item @param {Around} around */
function message(item, around) {
    const row = /** @type {Row} */ (item.row);
    const gone = row.redacted;
    const states = [
        "row message",
        item.first ? "first" : "",
        row.kind,
        gone ? "gone" : "",
        row.state === "sent" ? "" : row.state,
        around.isMe(row.nick) ? "own" : around.mentions(row) && !gone ? "mention" : "",
    ];
    const shade = `c${colour(row.nick)}`;
    return h(
        "li",
        {class: states.filter(Boolean).join(" "), tabindex: "-1", "data-id": row.id},
        item.first && h("span", {class: `avatar ${shade}`, "aria-hidden": "true"}, initial(row.nick)),
        h(
            "div",
            {class: "head"},
            h("time", {datetime: iso(row.at), title: full(row.at)}, clock(row.at, around.clock)),
            h(
                "button",
                {type: "button", class: `nick ${shade}`, tabindex: "-1", "data-do": "person", "data-nick": row.nick},
                row.nick,
            ),
            row.bot && h("span", {class: "label"}, say("bot")),
            row.oper && h("span", {class: "label"}, say("oper")),
            row.status && h("span", {class: "label"}, say("status", {status: row.status})),
            row.kind === "notice" && h("span", {class: "label"}, say("notice")),
        ),
        h(
            "div",
            {class: "body"},
            row.replyTo && !gone && quote(row.replyTo, around),
            gone
                ? h(
                      "div",
                      {class: "text"},
                      gone.reason ? say("gone.why", {by: gone.by, reason: gone.reason}) : say("gone", {by: gone.by}),
                  )
                : text(row, around),
            !gone && row.reactions?.size > 0 && reactions(row, around),
            state(row),
        ),
    );
}

/** @param {string} nick @returns {string} the first letter of it, or its first sign */
function initial(nick) {
    return [...nick.replace(/^[^\p{L}\p{N}]+/u, "")][0] ?? [...nick][0] ?? "?";
}

/** @param {Row} row @param {Around} around */
function text(row, around) {
    const huge = row.kind === "message" && isHuge(row.text) ? " huge" : "";
    return h("div", {class: `text${huge}`, dir: "auto"}, ...said(row.text, around));
}

/** @param {string} id @param {Around} around */
function quote(id, around) {
    const original = around.find(id);
    const words = original ? (original.redacted ? say("quote.gone") : plain(original.text)) : say("quote.far");
    return h(
        "button",
        {type: "button", class: "quote", tabindex: "-1", "data-do": "goto", "data-id": id},
        icon("reply"),
        original && h("span", {class: `who nick c${colour(original.nick)}`}, original.nick),
        h("span", null, words),
    );
}

/** @param {Row} row @param {Around} around */
function reactions(row, around) {
    return h(
        "ul",
        {class: "reactions", "aria-label": say("reactions")},
        ...[...row.reactions]
            .filter(([, nicks]) => nicks.size)
            .slice(0, MOST_REACTIONS)
            .map(([emoji, nicks]) => {
                const names = [...nicks].join(", ");
                const own = [...nicks].some(around.isMe);
                return h(
                    "li",
                    null,
                    h(
                        "button",
                        {
                            type: "button",
                            class: "reaction",
                            tabindex: "-1",
                            "aria-pressed": String(own),
                            title: names,
                            "aria-label": say("reaction.by", {emoji, n: nicks.size, names}),
                            "data-do": "react",
                            "data-id": row.id,
                            "data-emoji": emoji,
                        },
                        h("span", {class: "emoji"}, emoji),
                        h("span", {class: "many"}, String(nicks.size)),
                    ),
                );
            }),
    );
}

/** @param {Row} row */
function state(row) {
    if (row.state === "waiting") return h("div", {class: "state"}, say("state.waiting"));
    if (row.state === "uncertain" || row.state === "refused")
        return h(
            "div",
            {class: "state bad"},
            row.state === "refused" ? say("state.refused", {reason: row.reason}) : say("state.uncertain"),
            h("button", {type: "button", class: "link", "data-do": "again", "data-id": row.id}, say("state.again")),
        );
    return null;
}

/** @param {Item} item @param {Around} around */
function happened(item, around) {
    const row = /** @type {Row} */ (item.row);
    const {line, more} = tell(item, around.isMe);
    return h(
        "li",
        {class: `row ${item.kind === "split" ? "split" : "event"}`, tabindex: "-1", "data-id": row.id},
        icon(item.kind === "split" ? "split" : "swap"),
        h(
            "div",
            {class: "body"},
            more.length > 1
                ? h(
                      "details",
                      null,
                      h("summary", {title: full(row.at)}, line),
                      h("ul", null, ...more.map((each) => h("li", null, each))),
                  )
                : h("span", {title: full(row.at)}, line),
        ),
    );
}
