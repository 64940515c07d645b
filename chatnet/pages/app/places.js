// @ts-check
/** Where one is and wants to be: what an address asks for, and the channels of a guest who loads the page again. */
import {storage} from "./settings.js";

const KEPT = "chatnet.channels";

/** Remember where one is, for a guest who loads the page again. @param {import("./desk.js").Desk} desk */
export function keep(desk) {
    const names = [...desk.model.channels.values()].filter((each) => each.joined).map((each) => each.name);
    if (desk.connection.state === "LIVE") storage("sessionStorage")?.setItem(KEPT, JSON.stringify(names));
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

/** The channel or nick that an address asks for, or "". @param {{pathname: string, search: string}} address */
export function wantedBy({pathname, search}) {
    if (pathname.startsWith("/c/")) {
        try {
            const name = decodeURIComponent(pathname.slice(3));
            return /^[#&+!]/.test(name) ? name : `#${name}`;
        } catch {
            return "";
        }
    }
    return new URLSearchParams(search).get("talk") ?? "";
}
