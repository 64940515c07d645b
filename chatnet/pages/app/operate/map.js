// @ts-check
/** The tree of servers, drawn: this one first, the others behind the links by which they are reached. */
import {h} from "../dom.js";
import {seconds} from "./figures.js";
import {say} from "../words.js";

const SVG = "http://www.w3.org/2000/svg";
const BOX = {width: 176, height: 46, round: 10};
const WIDE = {x: 268, y: 64};
const NARROW = {x: 22, y: 78};
const WIDE_FROM = 620;

/** @typedef {{name: string, users: number, depth: number, row: number, up: Node | null, link: any, here: boolean}} Node */

/** @param {string} tag @param {Record<string, string | number>} props @param {...(Element | string)} children */
export function s(tag, props, ...children) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(props)) made.setAttribute(name, String(value));
    made.append(...children);
    return made;
}

/**
 * @param {{items: any[], servers: any[], far?: any[]}} found as `/links` tells it
 * @param {HTMLElement} place that it will stand in
 */
export function map({items, servers, far = []}, place) {
    const wide = place.clientWidth >= WIDE_FROM && depth(servers) * WIDE.x + BOX.width < place.clientWidth;
    const nodes = arranged(servers, items, far, wide);
    const step = wide ? WIDE : NARROW;
    const x = (/** @type {Node} */ node) => 1 + node.depth * step.x;
    const y = (/** @type {Node} */ node) => 1 + node.row * step.y;
    const width = Math.max(...nodes.map((node) => x(node) + BOX.width)) + 1 + (wide ? 0 : 8);
    const height = Math.max(...nodes.map((node) => y(node) + BOX.height)) + 1;
    const lines = [];
    const boxes = [];
    for (const node of nodes) {
        if (node.up) lines.unshift(...edge(node, node.up, wide, x, y)); // those above lie over those below
        boxes.push(box(node, x(node), y(node)));
    }
    const label = say("operate.map.label", {n: nodes.length, names: nodes.map((node) => node.name).join(", ")});
    const drawing = s("svg", {class: "map", width, height, role: "img", "aria-label": label}, ...lines, ...boxes);
    return h("div", {class: "drawn"}, drawing);
}

/** How many links are between this server and the farthest. @param {any[]} servers */
function depth(servers) {
    const uplinks = new Map(servers.map((each) => [each.name, each.uplink]));
    const far = (/** @type {string} */ name) => {
        let steps = 0;
        for (let up = uplinks.get(name); up && steps < servers.length; up = uplinks.get(up)) steps += 1;
        return steps;
    };
    return Math.max(0, ...servers.map((each) => far(each.name)));
}

/**
 * Each with its place; links of the configuration that are down have one, too.
 *
 * @param {any[]} servers @param {any[]} links @param {any[]} far links of others @param {boolean} wide
 */
function arranged(servers, links, far, wide) {
    const own = new Map(links.map((each) => [each.name, each]));
    const theirs = (/** @type {string} */ server, /** @type {string} */ name) =>
        far.find((each) => each.server === server && each.name === name) ?? null;
    const known = new Set(servers.map((each) => each.name));
    const me = servers.find((each) => !each.uplink);
    const lost = links.filter((each) => !known.has(each.name)).map(({name}) => ({name, uplink: me?.name, users: -1}));
    const all = [...servers, ...lost];
    /** @type {Node[]} */
    const nodes = [];
    let row = 0;
    const put = (/** @type {any} */ server, /** @type {Node | null} */ up) => {
        const link = up?.here ? (own.get(server.name) ?? null) : up ? theirs(up.name, server.name) : null;
        const node = {
            name: server.name,
            users: server.users,
            depth: up ? up.depth + 1 : 0,
            row,
            up,
            link,
            here: up === null,
        };
        nodes.push(node);
        if (!wide) row += 1;
        const behind = all.filter((each) => each.uplink === server.name);
        const begin = row;
        for (const each of behind) put(each, node);
        if (wide) {
            if (!behind.length) row += 1;
            node.row = (begin + row - 1) / 2; // in the middle of those behind it
        }
    };
    if (me) put(me, null);
    return nodes;
}

/** @param {Node} node */
function isUp(node) {
    return node.users >= 0 && (!node.link || node.link.state.startsWith("linked"));
}

/** @param {Node} node @param {Node} up @param {boolean} wide @param {(node: Node) => number} x @param {(node: Node) => number} y */
function edge(node, up, wide, x, y) {
    const kind = isUp(node) ? "edge" : node.users >= 0 ? "edge apart" : "edge down";
    const to = y(node) + BOX.height / 2;
    const words = saying(node);
    if (wide) {
        const from = {x: x(up) + BOX.width, y: y(up) + BOX.height / 2};
        const half = (from.x + x(node)) / 2;
        const path = `M${from.x} ${from.y}C${half} ${from.y} ${half} ${to} ${x(node)} ${to}`;
        const below = to > from.y ? 17 : -8; // beside the line, which comes from the other side
        const label = s("text", {x: x(node) - 8, y: to + below, class: "lag", "text-anchor": "end"}, words);
        return [s("path", {d: path, class: kind}), label];
    }
    const left = x(up) + NARROW.x / 2;
    const path = `M${left} ${y(up) + BOX.height}V${to}H${x(node)}`;
    const label = s("text", {x: left + 10, y: y(node) - 8, class: "lag"}, words);
    return [s("path", {d: path, class: kind}), label];
}

/** What is said of the link to a server. @param {Node} node */
function saying({link, users}) {
    if (users < 0) return say("operate.link.down");
    if (!link) return "";
    if (link.state.startsWith("suspended")) {
        const since = link.since ?? Number(/[0-9]+/.exec(link.state)?.[0] ?? 1); // others say it in words
        return say("operate.link.apart", {time: seconds(Math.max(1, since))});
    }
    return link.lag === undefined || link.lag === null ? "" : seconds(link.lag);
}

/** @param {Node} node @param {number} x @param {number} y */
function box(node, x, y) {
    const {name, users, here} = node;
    const kind = here ? "box here" : isUp(node) ? "box" : "box down";
    const short = name.length > 22 ? `${name.slice(0, 21)}…` : name;
    const people = users < 0 ? say("operate.map.gone") : say("operate.map.people", {n: users});
    return s(
        "g",
        {class: kind},
        s("rect", {x, y, width: BOX.width, height: BOX.height, rx: BOX.round}),
        s("text", {x: x + 12, y: y + 20, class: "server"}, short),
        s("text", {x: x + 12, y: y + 36, class: "people"}, people),
        s("title", {}, name),
    );
}
