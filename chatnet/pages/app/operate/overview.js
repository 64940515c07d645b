// @ts-check
/** How the server does: numbers, what is wrong, graphs, the map of links, the last notices. */
import {fill, h, icon} from "../dom.js";
import {bytes, plain, seconds, when} from "./figures.js";
import {graphs} from "./graphs.js";
import {map} from "./map.js";
import {put} from "./office.js";
import {rows} from "./notices.js";
import {say} from "../words.js";

const EVERY = 10;
const DAY = 86_400_000;
const ENDS_SOON = 14;
const LITTLE = 2_000_000_000;
const NOTICES = 6;

/** @param {import("./office.js").Office} office @param {HTMLElement} place */
export function view(office, place) {
    const numbers = h("dl", {class: "numbers"});
    const warnings = h("div", {role: "status"});
    const drawing = h("div");
    const told = h("div");
    const curves = h("section", {"aria-label": say("operate.graphs")});
    fill(
        place,
        numbers,
        warnings,
        curves,
        h("section", null, h("h2", null, say("operate.map")), drawing),
        h(
            "section",
            null,
            h("h2", null, say("operate.notices.last")),
            told,
            h("p", null, h("a", {href: "#notices"}, say("operate.notices.all"))),
        ),
    );
    graphs(office, curves);
    office.every(EVERY, place, () => {
        put(numbers, office.api.get("/server"), (server) => {
            warn(warnings, server);
            return facts(server);
        });
    });
    const links = () => put(drawing, office.api.get("/links"), (found) => [map(found, drawing)]);
    office.every(EVERY, place, links);
    office.hear("link", place, links);
    const notices = () =>
        put(told, office.api.get("/notices"), ({items}) =>
            items.length
                ? [rows(items.slice(-NOTICES).reverse())]
                : [h("p", {class: "soft"}, say("operate.notices.none"))],
        );
    notices();
    office.hear("notice", place, notices);
}

/** @param {any} server */
function facts(server) {
    const up = (Date.now() - Date.parse(server.started)) / 1000;
    return /** @type {[string, string][]} */ ([
        ["users", say("operate.fact.users.of", {here: plain(server.users), all: plain(server.network_users)})],
        ["most", plain(server.users_max)],
        ["operators", plain(server.operators)],
        ["channels", plain(server.channels)],
        ["servers", plain(server.servers)],
        ["connections", plain(server.connections)],
        ["up", seconds(Math.max(1, up))],
        ["version", server.version],
        ["free", server.free === undefined || server.free === null ? "–" : bytes(server.free)],
    ]).map(([key, value]) => h("div", null, h("dt", null, say(`operate.fact.${key}`)), h("dd", null, value)));
}

/** @param {HTMLElement} place @param {any} server */
function warn(place, server) {
    const found = [...server.troubles];
    for (const [name, end] of Object.entries(server.certificates)) {
        const n = Math.floor((Date.parse(/** @type {string} */ (end)) - Date.now()) / DAY);
        if (n < 0) found.push(say("operate.warn.ended", {name, at: when(/** @type {string} */ (end))}));
        else if (n < ENDS_SOON) found.push(say("operate.warn.ends", {name, n}));
    }
    if (typeof server.free === "number" && server.free < LITTLE)
        found.push(say("operate.warn.free", {size: bytes(server.free)}));
    if (place.dataset.told === found.join("\n")) return; // it is read aloud once
    place.dataset.told = found.join("\n");
    const item = (/** @type {string} */ words) => h("li", null, icon("warn"), h("span", null, words));
    fill(place, found.length > 0 && h("ul", {class: "warnings"}, ...found.map(item)));
}
