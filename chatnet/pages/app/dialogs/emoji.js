// @ts-check
/** Choose an emoji: to react to a message, or to write it. */
import {frame} from "../dialogs.js";
import {composing, fill, h} from "../dom.js";
import {emojis} from "../format.js";
import {say} from "../words.js";

/** @param {import("../desk.js").Desk} desk @param {import("../rows.js").Row} [row] */
export function open(desk, row) {
    const input = h("input", {
        type: "text",
        role: "searchbox",
        "aria-label": say("emoji.find"),
        placeholder: say("emoji.find"),
        autocomplete: "off",
        autofocus: true,
    });
    const list = h("div", {class: "emojis"});
    const {close} = frame(row ? say("react") : say("emoji"), input, list);
    const choose = (/** @type {string} */ emoji) => {
        close();
        if (row) desk.react(row, emoji);
        else desk.page.insert(emoji);
    };
    const draw = () => {
        const wanted = input.value.trim().toLowerCase();
        const found = new Map(
            Object.entries(emojis)
                .filter(([name]) => name.includes(wanted))
                .map(([name, emoji]) => [emoji, name]),
        );
        fill(
            list,
            ...[...found].map(([emoji, name]) =>
                h(
                    "button",
                    {type: "button", title: `:${name}:`, "aria-label": name, onclick: () => choose(emoji)},
                    emoji,
                ),
            ),
        );
    };
    input.addEventListener("input", draw);
    input.addEventListener("keydown", (event) => {
        const first = /** @type {HTMLElement | null} */ (list.firstElementChild);
        if (event.key === "Enter" && first && !composing(event)) first.click();
    });
    draw();
}
