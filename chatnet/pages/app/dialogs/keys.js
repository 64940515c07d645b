// @ts-check
/** The keys, and the commands. */
import {COMMANDS} from "../commands.js";
import {frame} from "../dialogs.js";
import {h} from "../dom.js";
import {said} from "../text.js";
import {say} from "../words.js";

const KEYS = /** @type {const} */ ([
    ["switch", ["Ctrl K"]],
    ["next", ["Alt ↑", "Alt ↓"]],
    ["page", ["PgUp", "PgDn", "Home", "End"]],
    ["esc", ["Esc"]],
    ["panes", ["F6"]],
    ["row", ["↑", "↓"]],
    ["on.row", ["R", "E", "Del", "Enter"]],
    ["line", ["Shift Enter"]],
    ["complete", ["Tab", "@", "#", ":"]],
    ["help", ["?"]],
]);

export function open() {
    frame(
        say("keys.title"),
        h("h3", null, say("keys.keys")),
        h(
            "div",
            {class: "keys"},
            ...KEYS.flatMap(([name, keys]) => [
                h("span", null, ...keys.flatMap((key) => [h("kbd", null, key), " "])),
                h("span", null, say(`keys.${name}`)),
            ]),
        ),
        h("h3", null, say("keys.commands")),
        h(
            "div",
            {class: "keys"},
            ...Object.keys(COMMANDS).flatMap((name) => [
                h("span", {class: "mono"}, `/${name} ${say(`command.${name}.form`)}`.trim()),
                h("span", null, say(`command.${name}`)),
            ]),
        ),
    );
}

/** What the server answered to a line. @param {import("../desk.js").Desk} desk @param {{line: string, told: string[]}} detail */
export function answer(desk, {line, told}) {
    frame(line, ...told.map((words) => h("p", {class: "text mono"}, ...said(words, desk.known()))));
}
