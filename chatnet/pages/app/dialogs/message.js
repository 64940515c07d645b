// @ts-check
/** What one can do with a message, as a list; and the question before it is deleted. */
import {field, form, frame} from "../dialogs.js";
import {h, icon} from "../dom.js";
import {plain} from "../text.js";
import {say} from "../words.js";

/** @typedef {import("../desk.js").Desk} Desk */
/** @typedef {import("../rows.js").Row} Row */

/** @param {Desk} desk @param {Row} row */
export function open(desk, row) {
    const may = desk.may(row);
    const {close} = frame(
        row.nick,
        h("p", {class: "soft"}, plain(row.text)),
        h(
            "ul",
            {class: "menu"},
            may.reply && entry("reply", say("reply"), () => desk.reply(row)),
            may.react && entry("react", say("react"), () => desk.dialog("emoji", row)),
            entry("copy", say("copy.text"), () => navigator.clipboard?.writeText(row.text)),
            !desk.isMe(row.nick) && entry("people", row.nick, () => desk.dialog("person", row.nick)),
            may.redact && entry("trash", say("redact.yes"), () => desk.dialog("redact", row), "danger"),
        ),
    );

    /** @param {string} drawing @param {string} words @param {() => void} go @param {string} [kind] */
    function entry(drawing, words, go, kind) {
        return h(
            "li",
            null,
            h(
                "button",
                {
                    type: "button",
                    class: kind ?? null,
                    onclick: () => {
                        close();
                        go();
                    },
                },
                icon(drawing),
                words,
            ),
        );
    }
}

/** @param {Desk} desk @param {Row} row */
export function redact(desk, row) {
    const why = h("input", {autocomplete: "off", maxlength: "200"});
    const {close} = frame(
        say("redact.title"),
        h("p", {class: "soft"}, `${row.nick}: ${plain(row.text)}`),
        form(
            say("redact.yes"),
            async () => {
                const wrong = await desk.redact(row, why.value.trim());
                if (wrong === null) close();
                return wrong;
            },
            field(say("redact.reason"), why, say("redact.lead")),
        ),
    );
}
