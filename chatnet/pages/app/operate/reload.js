// @ts-check
/** Reading the configuration again; all mistakes, if the old one stays. */
import {button, fill, h} from "../dom.js";
import {reason} from "../desk.js";
import {say} from "../words.js";

/** @param {import("./office.js").Office} office @param {HTMLElement} place */
export function view(office, place) {
    const told = h("div", {role: "status"});
    const go = button(say("operate.reload.go"), load, "main");
    fill(place, h("p", {class: "soft"}, say("operate.reload.lead")), h("div", {class: "deeds"}, go), told);

    async function load() {
        go.disabled = true;
        fill(told, h("p", {class: "soft"}, say("operate.reload.reading")));
        try {
            const {words} = await office.api.post("/reload");
            const more = words.filter((/** @type {string} */ each) => each !== "done");
            fill(
                told,
                h("p", {class: "right"}, say("operate.reload.done")),
                more.length > 0 && h("ul", {class: "mistakes"}, ...more.map((/** @type {string} */ each) => h("li", null, each))),
            );
        } catch (error) {
            const {errors} = /** @type {any} */ (error);
            fill(
                told,
                h("p", {class: "wrong"}, errors?.length ? say("operate.reload.wrong", {n: errors.length}) : reason(error)),
                errors?.length > 0 &&
                    h("ul", {class: "mistakes"}, ...errors.map((/** @type {any} */ each) => h("li", {class: "mono"}, each.detail))),
            );
        }
        go.disabled = false;
        go.focus();
    }
}
