// @ts-check
/** The bans of the network and of this server: which there are, one more, and lifting them. */
import {button, fill, h} from "../dom.js";
import {ban} from "./banning.js";
import {when} from "./figures.js";
import {wrong} from "./office.js";
import {sheet} from "./sheet.js";
import {say} from "../words.js";

const SOON = 300;

/** @param {import("./office.js").Office} office @param {HTMLElement} place */
export function view(office, place) {
    const list = h("ul", {class: "sheet"});
    const told = h("div", {role: "status"});
    const more = h("p");
    const look = async (/** @type {string} */ next) => {
        try {
            sheet(list, more, await office.api.get(next || "/bans"), row, {next, none: say("operate.bans.none"), look});
        } catch (error) {
            fill(told, h("p", {class: "wrong", role: "alert"}, wrong(error)));
        }
    };
    fill(
        place,
        h("div", {class: "deeds"}, button(say("operate.bans.add"), () => ban(office, {}, () => look("")), "main")),
        told,
        list,
        more,
    );
    look("");
    let timer = 0;
    office.hear("ban", place, () => {
        clearTimeout(timer); // many may come at once
        timer = window.setTimeout(() => look(""), SOON);
    });

    /** @param {any} each */
    function row(each) {
        const until = each.until ? say("operate.bans.until", {at: when(each.until)}) : say("operate.bans.ever");
        const where = each.configured ? "configured" : each.wide ? "wide" : "here";
        return h(
            "li",
            {"data-id": each.id},
            h(
                "div",
                {class: "what"},
                h("b", {class: "mono"}, each.id),
                h("span", null, each.reason),
                h(
                    "span",
                    {class: "small soft"},
                    [say("operate.bans.by", {by: each.by, at: when(each.set_at)}), until, say(`operate.bans.${where}`)].join(" · "),
                ),
            ),
            h("span", {class: "state"}, each.kind),
            h("div", {class: "deeds"}, !each.configured && button(say("operate.bans.lift"), () => lift(each.id))),
        );
    }

    /** @param {string} id */
    async function lift(id) {
        await office.api.del(`/bans/${encodeURIComponent(id)}`).then(
            () => fill(told, h("p", {class: "right"}, say("operate.bans.lifted", {id}))),
            (error) => fill(told, h("p", {class: "wrong"}, wrong(error))),
        );
        look("");
    }
}
