// @ts-check
/** Keys of the whole page; those of a row, a list, the composer are told where these are. */
import {anyOpen, awaited} from "./dialogs.js";
import {at, composing} from "./dom.js";

/** @typedef {import("./room.js").Room} Room */

/** @param {Room} room */
export function listen(room) {
    const first = (/** @type {KeyboardEvent} */ event) => {
        if (!awaited(event)) return;
        event.preventDefault();
        event.stopPropagation();
    };
    addEventListener("keydown", first, true);
    addEventListener("keydown", (event) => {
        if (composing(event) || event.defaultPrevented || at("chat").hidden || anyOpen()) return;
        if (go(room, event)) event.preventDefault();
    });
}

/** @param {Room} room @param {KeyboardEvent} event @returns {boolean} whether it was one of ours */
function go(room, event) {
    const {desk, timeline, composer} = room;
    const target = /** @type {HTMLElement} */ (event.target);
    const writing = target.matches("input, textarea, select");
    const empty = !writing || /** @type {HTMLInputElement} */ (target).value === "";
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") desk.dialog("switcher");
    else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown"))
        room.next(event.key === "ArrowUp" ? -1 : 1, event.shiftKey);
    else if (event.key === "F6") pane(event.shiftKey ? -1 : 1);
    else if (event.ctrlKey || event.altKey || event.metaKey) return false;
    else if (event.key === "PageUp" || event.key === "PageDown") timeline.page(event.key === "PageUp" ? -1 : 1);
    else if (event.key === "Home" && empty) timeline.toStart();
    else if (event.key === "End" && empty) timeline.toEnd();
    else if (event.key === "Escape") room.escape();
    else if (event.key === "?" && !writing) desk.dialog("keys");
    else if (!writing && event.key.length === 1 && event.key !== " ") {
        composer.focus(); // and the letter goes there
        return false;
    } else return false;
    return true;
}

/** To the next part of the page: list, timeline, composer, people. @param {number} step */
function pane(step) {
    const places = [
        "chat-channels .item[aria-current], chat-channels .jump",
        "chat-timeline [tabindex='0']",
        "chat-composer textarea",
        "chat-people .person",
    ];
    const found = places.map((place) => /** @type {HTMLElement | null} */ (document.querySelector(place)));
    const now = ["#side", "chat-timeline", "chat-composer", "#people"].findIndex((place) =>
        document.activeElement?.closest(place),
    );
    for (let times = 1; times <= places.length; times += 1) {
        const next = found[(now + step * times + 2 * places.length) % places.length];
        if (!next || next.closest("[hidden]") || next.offsetParent === null) continue;
        next.focus();
        if (document.activeElement === next) return;
    }
}
