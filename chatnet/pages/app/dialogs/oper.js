// @ts-check
/** Becoming an operator of the server: OPER, with a name and its password. */
import {field, form, frame} from "../dialogs.js";
import {h} from "../dom.js";
import {say} from "../words.js";

/** @typedef {import("../desk.js").Desk} Desk */

/** @param {Desk} desk @param {string} [name] to begin with */
export function open(desk, name = "") {
    const {close, within} = frame(
        say("oper.title"),
        asking(desk, name, () => close()),
    );
    within.querySelectorAll("input")[name ? 1 : 0].focus();
}

/**
 * The form alone.
 * @param {Desk} desk
 * @param {string} name to begin with
 * @param {() => void} done
 */
export function asking(desk, name, done) {
    const block = h("input", {
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
        value: name,
        required: true,
    });
    const password = h("input", {type: "password", autocomplete: "off"});
    return form(
        say("oper.go"),
        async () => {
            const words = [block.value.trim(), password.value].filter(Boolean);
            if (!block.value.trim()) return say("oper.name.none");
            const wrong = await desk.command("OPER", words);
            password.value = "";
            if (wrong === null) done();
            return wrong;
        },
        h("p", {class: "small soft"}, say("oper.lead")),
        field(say("oper.name"), block),
        field(say("oper.password"), password),
    );
}
