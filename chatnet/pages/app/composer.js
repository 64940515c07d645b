// @ts-check
/** `<chat-composer>`: what one writes, with completion, drafts, replies, and who else is typing. */
import {composing, fill, h, icon, tool} from "./dom.js";
import {reason} from "./desk.js";
import {plain} from "./text.js";
import {offers} from "./completion.js";
import {say} from "./words.js";

/** @typedef {import("./desk.js").Desk} Desk */

const NAMED = 3;

export class ChatComposer extends HTMLElement {
    /** @type {Desk} */
    // @ts-ignore: given by room.js before anything is shown
    desk;
    /** @type {any} */
    #target = null;
    /** @type {import("./rows.js").Row | null} */
    #reply = null;
    /** @type {import("./completion.js").Offer[]} */
    #offers = [];
    #chosen = 0;
    #split = 0;
    /** @type {Map<string, string>} */
    #drafts = new Map();
    /** @type {Map<string, string[]>} */
    #said = new Map();
    #recalled = 0;

    #typing = h("div", {class: "typing"});
    #asides = h("div");
    #input = h("textarea", {
        rows: "1",
        enterkeyhint: "send",
        autocapitalize: "sentences",
        autocomplete: "off",
        spellcheck: "true",
        "aria-autocomplete": "list",
        "aria-controls": "offers",
    });
    #offered = h("ul", {class: "offers", id: "offers", role: "listbox", "aria-label": say("offers"), hidden: true});
    #send = tool("send", say("send"), () => this.#submit(), {class: "send"});

    connectedCallback() {
        this.append(
            h(
                "div",
                {class: "composer"},
                this.#typing,
                this.#offered,
                h(
                    "div",
                    {class: "box"},
                    this.#asides,
                    h(
                        "div",
                        {class: "line"},
                        this.#input,
                        tool("react", say("emoji"), () => this.desk.dialog("emoji"), {class: "wide"}),
                        this.#send,
                    ),
                ),
            ),
        );
        this.#input.addEventListener("input", () => this.#changed());
        this.#input.addEventListener("keydown", (event) => this.#key(event));
        this.#input.addEventListener("blur", () => this.#offer([]));
        this.#input.addEventListener("paste", () => setTimeout(() => this.#changed()));
        this.#offered.addEventListener("pointerdown", (event) => {
            const place = [...this.#offered.children].indexOf(
                /** @type {Element} */ (/** @type {Element} */ (event.target).closest("li")),
            );
            event.preventDefault();
            if (place >= 0) this.#take(this.#offers[place]);
        });
        if (matchMedia("(hover: none)").matches) this.#input.setAttribute("enterkeyhint", "enter");
    }

    /** @param {any} target */
    show(target) {
        this.#keep();
        this.#target = target;
        this.#reply = null;
        this.#recalled = 0;
        this.#split = 0;
        this.#input.value = target ? (this.#drafts.get(this.desk.fold(target.name)) ?? "") : "";
        this.#input.disabled = !target;
        this.#offer([]);
        this.refresh();
        this.#grow();
        if (matchMedia("(hover: hover)").matches) this.#input.focus({preventScroll: true});
    }

    #keep() {
        if (!this.#target) return;
        const key = this.desk.fold(this.#target.name);
        if (this.#input.value) this.#drafts.set(key, this.#input.value);
        else this.#drafts.delete(key);
    }

    get hasDraft() {
        return Boolean(this.#input.value) || this.#drafts.size > 0;
    }

    /** @override */
    focus() {
        this.#input.focus({preventScroll: true});
    }

    /** Put something where the cursor is. @param {string} words */
    insert(words) {
        this.#input.setRangeText(words, this.#input.selectionStart, this.#input.selectionEnd, "end");
        this.focus();
        this.#changed();
    }

    /** The next message answers this one. @param {import("./rows.js").Row} row */
    reply(row) {
        this.#reply = row;
        this.refresh();
        this.focus();
    }

    /** The name of where one writes, what is answered, who types. */
    refresh() {
        const target = this.#target;
        const where = target ? say("message.to", {name: target.name}) : say("message.none");
        this.#input.placeholder = where;
        this.#input.setAttribute("aria-label", where);
        this.#send.disabled = !this.#input.value.trim();
        fill(
            this.#asides,
            this.#reply &&
                h(
                    "div",
                    {class: "aside"},
                    icon("reply"),
                    h("span", null, say("reply.to", {nick: this.#reply.nick}), " ", plain(this.#reply.text)),
                    tool("close", say("reply.not"), () => {
                        this.#reply = null;
                        this.refresh();
                        this.focus();
                    }),
                ),
            this.#split > 1 &&
                h(
                    "div",
                    {class: "aside"},
                    h("span", null, say("split.ask", {n: this.#split})),
                    h(
                        "button",
                        {type: "button", class: "link", onclick: () => this.#submit(true)},
                        say("split.yes", {n: this.#split}),
                    ),
                ),
        );
        this.typing();
    }

    /** A mistake that is told where it was made. @param {string} words */
    wrong(words) {
        this.refresh();
        this.#asides.append(
            h(
                "div",
                {class: "aside bad", role: "alert"},
                h("span", null, words),
                tool("close", say("close"), () => this.refresh()),
            ),
        );
    }

    typing() {
        const nicks = this.#target && this.desk.settings.values.typing ? this.desk.typing(this.#target) : [];
        const words =
            nicks.length === 0
                ? ""
                : nicks.length === 1
                  ? say("typing.one", {nick: nicks[0]})
                  : nicks.length <= NAMED
                    ? say("typing.some", {names: nicks.join(", ")})
                    : say("typing.many");
        if (this.#typing.textContent !== words) this.#typing.textContent = words;
    }

    #grow() {
        // by CSSOM, which the page's policy allows; style attributes it does not
        this.#input.style.height = "auto";
        this.#input.style.height = `${this.#input.scrollHeight}px`;
    }

    #changed() {
        this.#grow();
        this.#send.disabled = !this.#input.value.trim();
        if (this.#split) {
            this.#split = 0;
            this.refresh();
        }
        const {value, selectionStart} = this.#input;
        this.#offer(offers(value, selectionStart, this.desk, this.#target, false));
        this.#tell();
    }

    /** Others see that one types, and when it is over. */
    #tell() {
        if (!this.#target || !this.desk.settings.values.typing) return;
        const {value} = this.#input;
        this.desk.tellTyping(this.#target, value !== "" && (value[0] !== "/" || value.startsWith("/me ")));
    }

    /** @param {import("./completion.js").Offer[]} list */
    #offer(list) {
        this.#offers = list;
        this.#chosen = 0;
        this.#offered.hidden = list.length === 0;
        fill(
            this.#offered,
            ...list.map((offer, index) =>
                h(
                    "li",
                    {class: "offer", role: "option", id: `offer${index}`, "aria-selected": "false"},
                    h("b", null, offer.shown),
                    offer.more && h("span", {class: "soft"}, offer.more),
                ),
            ),
        );
        this.#choose(0);
    }

    /** @param {number} index */
    #choose(index) {
        const many = this.#offers.length;
        if (many === 0) {
            this.#input.removeAttribute("aria-activedescendant");
            return;
        }
        this.#offered.children[this.#chosen]?.setAttribute("aria-selected", "false");
        this.#chosen = (index + many) % many;
        const now = this.#offered.children[this.#chosen];
        now.setAttribute("aria-selected", "true");
        now.scrollIntoView({block: "nearest"});
        this.#input.setAttribute("aria-activedescendant", now.id);
    }

    /** @param {import("./completion.js").Offer} offer */
    #take(offer) {
        this.#input.setRangeText(offer.words, offer.from, this.#input.selectionStart, "end");
        this.#offer([]);
        this.#changed();
        this.#offer([]);
    }

    /** Whether what is chosen stands there already: then Enter has nothing to put in, and sends. */
    #written() {
        const {words, from} = this.#offers[this.#chosen];
        return this.#input.value.slice(from, this.#input.selectionStart) === words.trimEnd();
    }

    /** @param {KeyboardEvent} event */
    #key(event) {
        if (composing(event)) return;
        const open = this.#offers.length > 0;
        const plainKey = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
        if (open && (event.key === "ArrowUp" || event.key === "ArrowDown"))
            this.#choose(this.#chosen + (event.key === "ArrowUp" ? -1 : 1));
        else if (open && event.key === "Escape") this.#offer([]);
        else if (open && plainKey && (event.key === "Tab" || (event.key === "Enter" && !this.#written())))
            this.#take(this.#offers[this.#chosen]);
        else if (event.key === "Tab" && plainKey && this.#input.value) {
            const found = offers(this.#input.value, this.#input.selectionStart, this.desk, this.#target, true);
            if (found.length === 0) return;
            if (found.length === 1) this.#take(found[0]);
            else this.#offer(found);
        } else if (event.key === "Enter" && plainKey && !matchMedia("(hover: none)").matches) this.#submit();
        else if (event.key === "Escape" && this.#reply) {
            this.#reply = null;
            this.refresh();
        } else if (event.key === "ArrowUp" && plainKey && (this.#input.value === "" || this.#recalled)) this.#recall(1);
        else if (event.key === "ArrowDown" && plainKey && this.#recalled) this.#recall(-1);
        else return;
        event.preventDefault();
        event.stopPropagation();
    }

    /** Up brings one's last line. @param {number} step */
    #recall(step) {
        const lines = this.#said.get(this.desk.fold(this.#target.name)) ?? [];
        this.#recalled = Math.max(0, Math.min(lines.length, this.#recalled + step));
        this.#input.value = this.#recalled ? lines[lines.length - this.#recalled] : "";
        this.#grow();
        this.#send.disabled = !this.#input.value.trim();
    }

    /** @param {boolean} [agreed] that it is sent as several messages */
    async #submit(agreed = false) {
        const text = this.#input.value.replace(/\s+$/, "");
        const target = this.#target;
        if (!target || !text) return;
        const many = this.desk.messages(target, text);
        if (many > 1 && !agreed && !text.startsWith("/")) {
            this.#split = many;
            this.refresh();
            return;
        }
        const reply = this.#reply;
        this.#input.value = "";
        this.#drafts.delete(this.desk.fold(target.name));
        this.#reply = null;
        this.#split = 0;
        this.#recalled = 0;
        this.#offer([]);
        this.#grow();
        this.refresh();
        const key = this.desk.fold(target.name);
        this.#said.set(key, [...(this.#said.get(key) ?? []), text].slice(-50));
        const refused = await this.desk.enter(target, text, reply).catch(reason);
        if (refused === null) return;
        if (this.#target === target && this.#input.value === "") this.#input.value = text;
        this.#grow();
        this.wrong(refused);
    }
}

customElements.define("chat-composer", ChatComposer);
