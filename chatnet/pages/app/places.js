// @ts-check
/** The channels of a guest, who wants to be in them when the page is loaded again. */
import {storage} from "./settings.js";

const KEPT = "chatnet.channels";

/** Remember where one is, for a guest who loads the page again. @param {import("./desk.js").Desk} desk */
export function keep(desk) {
    const names = [...desk.model.channels.values()].filter((each) => each.joined).map((each) => each.name);
    if (desk.connection.state === "LIVE") storage("sessionStorage")?.setItem(KEPT, JSON.stringify(names));
}

/** Whoever comes next is in none of them. */
export function drop() {
    storage("sessionStorage")?.removeItem(KEPT);
}

/** @returns {string[]} the channels one was in */
export function kept() {
    try {
        const names = JSON.parse(storage("sessionStorage")?.getItem(KEPT) ?? "[]");
        return names.filter((/** @type {unknown} */ each) => typeof each === "string");
    } catch {
        return [];
    }
}
