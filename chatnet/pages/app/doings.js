// @ts-check
/** What one does with a message: the small tools on the row that is pointed at or has the focus, keys, and clicks. */
import {h, tool} from "./dom.js";
import {say} from "./words.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./timeline.js").ChatTimeline} ChatTimeline */

const QUICK = ["👍", "❤️", "😂"];

export class Doings {
    /** @type {Row | null} */
    #row = null;

    /** @param {ChatTimeline} timeline */
    constructor(timeline) {
        this.timeline = timeline;
        this.bar = h("div", {class: "doings", role: "group", "aria-label": say("doings")});
        const {list} = timeline;
        list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.#over(event.target));
        list.addEventListener("pointerleave", () => !this.bar.contains(document.activeElement) && this.bar.remove());
        list.addEventListener("focusin", (event) => this.#over(event.target));
        list.addEventListener("click", (event) => this.#clicked(event));
        list.addEventListener("keydown", (event) => this.#key(event));
    }

    get desk() {
        return this.timeline.desk;
    }

    /** @param {EventTarget | null} target */
    #over(target) {
        const node = /** @type {Element} */ (target).closest?.("li.row.message");
        const row = node && this.timeline.rowOf(node);
        if (!node || !row) return;
        if (this.bar.parentElement === node && this.#row === row) return;
        this.#row = row;
        const may = this.desk.may(row);
        if (!may.reply && !may.react && !may.redact) {
            this.bar.remove();
            return;
        }
        this.bar.replaceChildren(
            ...(may.react
                ? QUICK.slice(0, 1).map((emoji) =>
                      h(
                          "button",
                          {
                              type: "button",
                              class: "tool emoji",
                              "aria-label": say("react.with", {emoji}),
                              onclick: () => this.desk.react(row, emoji),
                          },
                          emoji,
                      ),
                  )
                : []),
            ...(may.react ? [tool("react", say("react"), () => this.desk.dialog("emoji", row))] : []),
            ...(may.reply ? [tool("reply", say("reply"), () => this.desk.reply(row))] : []),
            tool("more", say("more"), () => this.menu(row)),
        );
        node.append(this.bar);
    }

    /** @param {MouseEvent} event */
    #clicked(event) {
        const target = /** @type {Element} */ (event.target);
        const doing = /** @type {HTMLElement | null} */ (target.closest("[data-do]"));
        if (!doing) {
            if (matchMedia("(hover: none)").matches && !target.closest("a, button")) this.#over(target);
            return;
        }
        const {id = "", nick = "", name = "", emoji = ""} = doing.dataset;
        const row = id ? this.desk.find(this.desk.open, id) : null;
        if (doing.dataset.do === "person") this.desk.dialog("person", nick);
        else if (doing.dataset.do === "channel") this.desk.join(name);
        else if (doing.dataset.do === "goto") this.timeline.goTo(id);
        else if (doing.dataset.do === "hole") this.desk.fillHole(id);
        else if (doing.dataset.do === "again" && row) this.desk.again(row);
        else if (doing.dataset.do === "react" && row) this.desk.react(row, emoji);
    }

    /** @param {KeyboardEvent} event */
    #key(event) {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        const target = /** @type {HTMLElement} */ (event.target);
        if (event.key === "ArrowUp" || event.key === "ArrowDown") {
            event.preventDefault();
            this.timeline.step(event.key === "ArrowUp" ? -1 : 1);
            return;
        }
        if (!target.matches("li")) return;
        const row = this.timeline.rowOf(target);
        if (!row) return;
        const may = this.desk.may(row);
        if (event.key === "r" && may.reply) this.desk.reply(row);
        else if (event.key === "e" && may.react) this.desk.dialog("emoji", row);
        else if (event.key === "Delete" && may.redact) this.desk.dialog("redact", row);
        else if (event.key === "Enter") this.menu(row);
        else return;
        event.preventDefault();
        event.stopPropagation();
    }

    /** @param {Row} row */
    menu(row) {
        this.desk.dialog("message", row);
    }
}
