// @ts-check
/** The links of this server, and what can be done to them; the map of all. */
import {field, form, frame} from "../dialogs.js";
import {button, fill, h} from "../dom.js";
import {bytes, plain, seconds} from "./figures.js";
import {map} from "./map.js";
import {put, wrong} from "./office.js";
import {say} from "../words.js";

const EVERY = 5;
/** Seconds between two questions to all other servers: some of them may take long to answer. */
const FAR_EVERY = 60;

/** @param {import("./office.js").Office} office @param {HTMLElement} place */
export function view(office, place) {
    const drawing = h("div");
    const list = h("ul", {class: "sheet"});
    const told = h("div", {role: "status"});
    fill(
        place,
        h("section", {"aria-label": say("operate.map")}, drawing),
        h("section", null, h("h2", null, say("operate.links.own")), told, list),
    );
    let before = "";
    /** @type {any[]} */
    let far = [];
    const look = () =>
        put(drawing, office.api.get("/links"), (found) => {
            const now = JSON.stringify(found.items.map((/** @type {any} */ each) => [each.name, each.state]));
            if (now === before) for (const link of found.items) renew(list, link);
            else fill(list, ...drawn(found.items));
            before = now;
            return [map({...found, far}, drawing)];
        });
    const lookFar = () =>
        office.api.get("/links?far=1").then(
            (found) => {
                far = found.far ?? [];
                look();
            },
            () => {}, // what is wrong, the look at the own links says
        );
    office.every(EVERY, place, look);
    office.every(FAR_EVERY, place, lookFar);
    office.hear("link", place, look);
    office.hear("notice", place, ({letter}) => letter === "x" && look());

    /** @param {any[]} items */
    function drawn(items) {
        if (!items.length) return [h("li", {class: "soft"}, say("operate.links.none"))];
        return items.map((link) =>
            h(
                "li",
                {"data-name": link.name},
                h(
                    "div",
                    {class: "what"},
                    h("b", null, link.name),
                    h("span", {class: "small soft figures"}, figures(link)),
                ),
                h("span", {class: `state ${link.state}`}, say(`operate.link.state.${stateOf(link)}`)),
                h("div", {class: "deeds"}, ...deeds(link)),
            ),
        );
    }

    /** @param {any} link */
    function deeds(link) {
        if (!office.may("routing")) return [];
        if (link.state === "down" && link.configured)
            return [button(say("operate.link.connect"), () => act(link.name, "connect", undefined))];
        return link.state === "down" ? [] : [button(say("operate.link.squit"), () => ask(link.name), "danger")];
    }

    /** @param {string} name @param {string} deed @param {object | undefined} body */
    async function act(name, deed, body) {
        const path = `/links/${encodeURIComponent(name)}/${deed}`;
        await office.api.post(path, body).then(
            () => fill(told, h("p", {class: "right"}, say(`operate.link.${deed}.done`, {name}))),
            (error) => fill(told, h("p", {class: "wrong"}, wrong(error))),
        );
        look();
    }

    /** @param {string} name */
    function ask(name) {
        const why = h("input", {maxlength: "300", autocomplete: "off"});
        const {close} = frame(
            say("operate.link.squit.title", {name}),
            h("p", {class: "soft"}, say("operate.link.squit.lead")),
            form(
                say("operate.link.squit"),
                async () => {
                    await act(name, "squit", {reason: why.value.trim()});
                    close();
                    return null;
                },
                field(say("operate.reason"), why),
            ),
        );
    }
}

/** @param {any} link */
function stateOf(link) {
    return ["linked", "suspended", "down"].includes(link.state) ? link.state : "coming";
}

/** @param {HTMLElement} list @param {any} link */
function renew(list, link) {
    const place = list.querySelector(`[data-name="${CSS.escape(link.name)}"] .figures`);
    if (place) place.textContent = figures(link);
}

/** @param {any} link */
function figures(link) {
    const {state, since, lag, queue, unconfirmed} = link;
    if (state === "down") return say(link.configured ? "operate.link.down.lead" : "operate.link.down.only");
    const parts = [
        since !== null && since !== undefined && say("operate.link.since", {time: seconds(Math.max(1, since))}),
        lag !== null && lag !== undefined && say("operate.link.lag", {time: seconds(lag)}),
        say("operate.link.queue", {size: bytes(queue)}),
        unconfirmed > 0 && say("operate.link.waiting", {n: unconfirmed, count: plain(unconfirmed)}),
        say("operate.link.traffic", {in: bytes(link.bytes_in), out: bytes(link.bytes_out)}),
    ];
    return parts.filter(Boolean).join(" · ");
}
