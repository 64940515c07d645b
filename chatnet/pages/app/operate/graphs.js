// @ts-check
/** Numbers as they went: a curve of each, and behind it a table for who does not see it. */
import {fill, h} from "../dom.js";
import {bytes, plain, seconds, share} from "./figures.js";
import {s} from "./map.js";
import {wrong} from "./office.js";
import {clock, short} from "../times.js";
import {say} from "../words.js";

/** @type {[string, (value: number) => string][]} */
const SERIES = [
    ["users", plain],
    ["messages", plain],
    ["turn_delay", seconds],
    ["memory", bytes],
    ["cpu", share],
    ["sendq", bytes],
    ["link_lag", seconds],
    ["link_bytes", bytes],
];
const SPANS = ["hour", "day", "week"];
const EVERY = 10;
const SIZE = {width: 240, height: 56};
const LINES = 12;

/** @param {import("./office.js").Office} office @param {HTMLElement} place */
export function graphs(office, place) {
    let span = "hour";
    const curves = h("div", {class: "curves"});
    const trouble = h("div");
    const choices = SPANS.map((each) =>
        h(
            "button",
            {
                type: "button",
                "aria-pressed": String(each === span),
                onclick: () => {
                    span = each;
                    for (const [at, choice] of choices.entries())
                        choice.setAttribute("aria-pressed", String(SPANS[at] === span));
                    look();
                },
            },
            say(`operate.span.${each}`),
        ),
    );
    const cards = SERIES.map(([name, words]) => card(name, words));
    fill(curves, ...cards.map((each) => each.element));
    fill(place, h("div", {class: "tabs spans", role: "group", "aria-label": say("operate.span")}, ...choices), trouble, curves);
    const names = SERIES.map(([name]) => name).join(",");
    let asked = 0;
    const look = async () => {
        const number = (asked += 1);
        try {
            const found = await office.api.get(`/series?names=${names}&span=${span}`);
            if (number !== asked) return;
            const until = found.until ? Date.parse(found.until) : Date.now();
            for (const each of cards) each.draw(found.series[each.name], until, found.step * 1000);
            fill(trouble);
        } catch (error) {
            fill(trouble, h("p", {class: "wrong", role: "alert"}, wrong(error)));
        }
    };
    office.every(EVERY, place, look);
}

/** @param {string} name @param {(value: number) => string} words */
function card(name, words) {
    const value = h("b");
    const at = h("span", {class: "small soft"});
    const frame = h("div", {class: "curve"});
    const body = h("tbody");
    const title = say(`operate.series.${name}`);
    const element = h(
        "figure",
        null,
        h("figcaption", null, h("span", {class: "small soft"}, title), h("span", {class: "now"}, value, at)),
        frame,
        h(
            "details",
            null,
            h("summary", {class: "small", "aria-label": say("operate.table.of", {title})}, say("operate.table")),
            h(
                "table",
                null,
                h("caption", {class: "unseen"}, title),
                h("thead", null, h("tr", null, ...["time", "mean", "most"].map((each) => h("th", {scope: "col"}, say(`operate.table.${each}`))))),
                body,
            ),
        ),
    );
    /** @type {{samples: (number | null)[], until: number, step: number}} */
    let kept = {samples: [], until: 0, step: 0};
    const last = () => {
        const known = kept.samples.filter((each) => each !== null);
        value.textContent = known.length ? words(/** @type {number} */ (known[known.length - 1])) : "–";
        at.textContent = "";
    };
    frame.addEventListener("pointermove", (event) => {
        const box = frame.getBoundingClientRect();
        const {samples, until, step} = kept;
        const index = Math.round(((event.clientX - box.left) / box.width) * (samples.length - 1));
        const sample = samples[index];
        if (sample === null || sample === undefined) return last();
        value.textContent = words(sample);
        at.textContent = moment(until - (samples.length - 1 - index) * step, step);
    });
    frame.addEventListener("pointerleave", last);
    return {
        name,
        element,
        /** @param {(number | null)[]} samples @param {number} until @param {number} step */
        draw(samples, until, step) {
            kept = {samples, until, step};
            last();
            fill(frame, curve(samples, title, words));
            fill(body, ...lines(samples, until, step, words));
        },
    };
}

/** @param {number} at @param {number} step */
function moment(at, step) {
    return step < 60_000 ? clock(at, "locale") : short(at);
}

/** @param {(number | null)[]} samples @param {string} title @param {(value: number) => string} words */
function curve(samples, title, words) {
    const known = /** @type {number[]} */ (samples.filter((each) => each !== null));
    const most = known.reduce((one, other) => Math.max(one, other), 0);
    const least = known.reduce((one, other) => Math.min(one, other), most);
    const label = known.length
        ? say("operate.curve", {title, now: words(known[known.length - 1]), least: words(least), most: words(most)})
        : say("operate.curve.none", {title});
    const drawing = s("svg", {
        viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": label,
    });
    const x = (/** @type {number} */ index) => ((index / Math.max(1, samples.length - 1)) * SIZE.width).toFixed(1);
    const y = (/** @type {number} */ value) => (SIZE.height - 2 - (most ? value / most : 0) * (SIZE.height - 6)).toFixed(1);
    for (const {begin, values} of stretches(samples)) {
        const line = values.map((value, index) => `${x(begin + index)} ${y(value)}`).join("L");
        const end = x(begin + values.length - 1);
        drawing.append(
            s("path", {class: "under", d: `M${x(begin)} ${SIZE.height}L${line}L${end} ${SIZE.height}Z`}),
            s("path", {class: "line", d: values.length > 1 ? `M${line}` : `M${line}h1`}),
        );
    }
    return drawing;
}

/** Samples without a gap between them. @param {(number | null)[]} samples */
function stretches(samples) {
    /** @type {{begin: number, values: number[]}[]} */
    const found = [];
    for (const [index, sample] of samples.entries()) {
        if (sample === null) continue;
        const newest = found[found.length - 1];
        if (newest && newest.begin + newest.values.length === index) newest.values.push(sample);
        else found.push({begin: index, values: [sample]});
    }
    return found;
}

/** The same as a table of few lines, the newest first. @param {(number | null)[]} samples @param {number} until @param {number} step @param {(value: number) => string} words */
function lines(samples, until, step, words) {
    const size = Math.max(1, Math.ceil(samples.length / LINES));
    const made = [];
    for (let end = samples.length; end > 0; end -= size) {
        const known = /** @type {number[]} */ (samples.slice(Math.max(0, end - size), end).filter((each) => each !== null));
        if (!known.length) continue;
        const mean = known.reduce((one, other) => one + other, 0) / known.length;
        made.push(
            h(
                "tr",
                null,
                h("th", {scope: "row"}, moment(until - (samples.length - end) * step, step)),
                h("td", null, words(mean)),
                h("td", null, words(Math.max(...known))),
            ),
        );
    }
    return made;
}
