// @ts-check
/** What opens over the page: each dialog is a module of its own, imported when it is wanted first. */
import {button, fill, h, tool} from "./dom.js";
import {say} from "./words.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{open(desk: Desk, detail: any): void}} Opener */

/** @type {Record<string, () => Promise<Opener>>} */
const TABLE = {
    answer: () => import("./dialogs/keys.js").then((module) => ({open: module.answer})),
    channel: () => import("./dialogs/channel.js"),
    emoji: () => import("./dialogs/emoji.js"),
    invite: () => import("./dialogs/invite.js"),
    join: () => import("./dialogs/join.js"),
    keys: () => import("./dialogs/keys.js"),
    logout: () => import("./dialogs/account.js").then((module) => ({open: module.logOut})),
    message: () => import("./dialogs/message.js"),
    oper: () => import("./dialogs/oper.js"),
    person: () => import("./dialogs/person.js"),
    redact: () => import("./dialogs/message.js").then((module) => ({open: module.redact})),
    search: () => import("./dialogs/search.js"),
    settings: () => import("./dialogs/settings.js"),
    switcher: () => import("./dialogs/switcher.js"),
    talk: () => import("./dialogs/join.js").then((module) => ({open: module.talk})),
};

/**
 * Open one; another of the same name that is open stays.
 * @param {string} name
 * @param {Desk} desk
 * @param {any} detail
 */
export async function open(name, desk, detail) {
    const load = TABLE[name];
    if (!load) throw new Error(`there is no dialog ${name}`);
    coming += 1;
    const {open: show} = await load().finally(() => (coming -= 1));
    show(desk, detail);
    const input = /** @type {HTMLInputElement} */ (document.activeElement);
    if (typed && input.closest("dialog") && input.matches("input")) {
        input.value += typed;
        input.dispatchEvent(new Event("input", {bubbles: true}));
    }
    typed = "";
}

/** Dialogs that are being loaded, and what is typed meanwhile: it is meant for them. */
let coming = 0;
let typed = "";

/** Keep a key for the dialog that is to be seen in a moment. @param {KeyboardEvent} event @returns {boolean} whether one is */
export function awaited(event) {
    if (coming && event.key.length === 1 && !event.ctrlKey && !event.metaKey) typed += event.key;
    return coming > 0;
}

/** Whether any is open. */
export function anyOpen() {
    return document.querySelector("dialog[open]") !== null;
}

/**
 * A dialog with a title, shown at once.  It goes when it is closed: by Esc, its button, a click beside it.
 * @param {string} title
 * @param {...import("./dom.js").Child} within
 * @returns {{dialog: HTMLDialogElement, within: HTMLElement, close: () => void}}
 */
export function frame(title, ...within) {
    const id = `title${document.querySelectorAll("dialog").length}`;
    const place = h("div", {class: "within"}, ...within);
    const close = () => dialog.close();
    const dialog = h(
        "dialog",
        {"aria-labelledby": id},
        h("header", null, h("h2", {id}, title), tool("close", say("close"), close)),
        place,
    );
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", (event) => event.target === dialog && close());
    if (!place.querySelector("a, button, input, select, textarea")) place.tabIndex = 0; // it is scrolled by keys
    document.body.append(dialog);
    dialog.showModal();
    /** @type {HTMLElement | null} */ (place.querySelector("[autofocus]"))?.focus();
    return {dialog, within: place, close};
}

/**
 * A field with its name.
 * @param {string} name
 * @param {HTMLElement} input
 * @param {string} [more]
 */
export function field(name, input, more) {
    return h("label", {class: "field"}, h("span", null, name), input, more && h("span", {class: "small"}, more));
}

/**
 * A text to be copied.
 * @param {string} text
 * @param {string} name of what it is
 */
export function copied(text, name) {
    const input = h("input", {readonly: true, value: text, "aria-label": name});
    input.addEventListener("focus", () => input.select());
    const copy = button(say("copy"), async () => {
        input.select();
        await navigator.clipboard?.writeText(text);
        copy.textContent = say("copied");
    });
    return h("div", {class: "join field"}, input, copy);
}

/**
 * A form whose sending is a function; while it runs its button waits, what it says is wrong is shown.
 * @param {string} words of its button
 * @param {() => Promise<string | null>} send a text is what is wrong
 * @param {...import("./dom.js").Child} within
 */
export function form(words, send, ...within) {
    const place = h("div");
    const submit = h("button", {type: "submit", class: "button main"}, words);
    const made = h("form", {class: "form", novalidate: true}, ...within, place, h("div", {class: "deeds"}, submit));
    made.addEventListener("submit", async (event) => {
        event.preventDefault();
        submit.disabled = true;
        const wrong = await send().finally(() => {
            submit.disabled = false;
        });
        fill(place, wrong && h("p", {class: "wrong", role: "alert"}, wrong));
    });
    return made;
}
