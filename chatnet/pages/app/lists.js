// @ts-check
/** `<chat-channels>`: the channels one is in and the people one talks with.  `<chat-people>`: who is in the open one. */
import {fill, h, icon, tool} from "./dom.js";
import {colour} from "./format.js";
import {say} from "./words.js";

/** @typedef {import("./desk.js").Desk} Desk */

const MANY = 500;
const DRAWN = 200;
const FILTER_FROM = 15;

export class ChatChannels extends HTMLElement {
    /** @type {Desk} */
    // @ts-ignore: given by room.js before anything is shown
    desk;
    #brand = h("span", {id: "brand", role: "heading", "aria-level": "2"});
    #lists = h("div", {class: "lists"});
    #me = h("div", {class: "me"});
    /** @type {string | null} */
    #dragged = null;

    connectedCallback() {
        this.append(
            h(
                "div",
                {class: "brand"},
                this.#brand,
                tool("help", say("keys"), () => this.desk.dialog("keys")),
            ),
            h(
                "button",
                {type: "button", class: "jump", onclick: () => this.desk.dialog("switcher")},
                icon("search"),
                h("span", null, say("jump")),
                h("kbd", {"aria-hidden": "true"}, "Ctrl K"),
            ),
            this.#lists,
            this.#me,
        );
    }

    refresh() {
        const {desk} = this;
        this.#brand.textContent = desk.network();
        const focused = /** @type {HTMLElement | null} */ (
            this.contains(document.activeElement) ? document.activeElement : null
        )?.dataset.key;
        const {channels, people} = desk.targets();
        fill(
            this.#lists,
            this.#group(
                say("channels"),
                tool("plus", say("join.some"), () => this.desk.dialog("join")),
            ),
            h("ul", null, ...channels.map((target) => this.#item(target))),
            this.#group(
                say("people"),
                tool("plus", say("talk.some"), () => this.desk.dialog("talk")),
            ),
            h("ul", null, ...people.map((target) => this.#item(target))),
        );
        if (focused)
            /** @type {HTMLElement | null} */ (
                this.#lists.querySelector(`[data-key="${CSS.escape(focused)}"]`)
            )?.focus();
        this.#self();
    }

    /** @param {string} words @param {Node} doing */
    #group(words, doing) {
        return h("div", {class: "group"}, h("h2", null, words), doing);
    }

    /** @param {any} target */
    #item(target) {
        const {desk} = this;
        const key = desk.fold(target.name);
        const level = desk.settings.level(key);
        const open = desk.open === target;
        const strong = target.channel ? target.mentions : target.unread;
        const seen = open && document.hasFocus(); // it is read as it comes
        const count = seen || level === "nothing" ? 0 : strong || (level === "mentions" ? 0 : target.unread);
        const person = target.channel ? null : desk.person(target.name);
        const away = target.channel && !target.channel.joined;
        const classes = ["item", count && "unread", level === "nothing" && "muted"].filter(Boolean).join(" ");
        const link = h(
            "a",
            {
                class: classes,
                href: desk.path(target.name),
                "data-key": key,
                "aria-current": open ? "page" : null,
                draggable: target.channel ? "true" : null,
                onclick: (/** @type {MouseEvent} */ event) => {
                    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                    event.preventDefault();
                    desk.show(target.name);
                },
            },
            target.channel
                ? icon(
                      away ? "leave" : target.channel.modes.has("k") || target.channel.modes.has("i") ? "lock" : "hash",
                  )
                : presence(person),
            h("span", {class: "name"}, target.channel ? desk.bare(target.name) : target.name),
            away && h("span", {class: "unseen"}, say("not.in")),
            level === "nothing" && icon("mute"),
            count > 0 &&
                h(
                    "span",
                    {class: strong ? "count strong" : "count"},
                    h(
                        "span",
                        {"aria-hidden": "true"},
                        (strong && target.channel ? "@" : "") + (count > 50 ? "50+" : String(count)),
                    ),
                    h("span", {class: "unseen"}, say(strong ? "unread.strong" : "unread", {n: count})),
                ),
        );
        if (target.channel) this.#draggable(link, key);
        return h("li", null, link);
    }

    /** @param {HTMLElement} link @param {string} key */
    #draggable(link, key) {
        link.addEventListener("dragstart", (event) => {
            this.#dragged = key;
            link.classList.add("dragged");
            event.dataTransfer?.setData("text/plain", key);
        });
        link.addEventListener("dragend", () => link.classList.remove("dragged"));
        link.addEventListener("dragover", (event) => {
            if (this.#dragged === null || this.#dragged === key) return;
            event.preventDefault();
            link.classList.add("over");
        });
        link.addEventListener("dragleave", () => link.classList.remove("over"));
        link.addEventListener("drop", (event) => {
            event.preventDefault();
            if (this.#dragged !== null) this.desk.moveBefore(this.#dragged, key);
            this.#dragged = null;
        });
    }

    #self() {
        const {desk} = this;
        const {nick, account, away} = desk.model.me;
        const state = desk.connection.state;
        fill(
            this.#me,
            h("span", {class: `avatar c${colour(nick)}`, "aria-hidden": "true"}, [...nick][0] ?? "?"),
            h(
                "div",
                {class: "who"},
                h("span", null, nick),
                h(
                    "span",
                    {class: "small"},
                    h("span", {class: `dot ${state === "LIVE" ? (away === null ? "here" : "away") : ""}`}),
                    h(
                        "span",
                        null,
                        state === "LIVE"
                            ? away !== null
                                ? say("me.away")
                                : account
                                  ? say("me.account")
                                  : say("me.guest")
                            : say("me.off"),
                    ),
                ),
            ),
            desk.model.me.modes.includes("o") && tool("operate", say("operate"), () => desk.page.operate()),
            tool("gear", say("settings"), () => desk.dialog("settings")),
            tool("leave", say("log.out"), () => desk.dialog("logout")),
        );
    }
}

/** A dot that tells whether somebody is here. @param {any} person */
function presence(person) {
    const state = !person || person.online === false ? "gone" : isAway(person) ? "away" : "here";
    return h("span", {class: `dot ${state === "gone" ? "" : state}`, title: say(`person.${state}`)});
}

/** @param {any} person */
function isAway(person) {
    return person !== null && person !== undefined && person.away !== null && person.away !== undefined;
}

export class ChatPeople extends HTMLElement {
    /** @type {Desk} */
    // @ts-ignore: given by room.js before anything is shown
    desk;
    #title = h("h2");
    #filter = h("input", {
        type: "search",
        "aria-label": say("people.filter"),
        placeholder: say("people.filter"),
        autocomplete: "off",
    });
    #field = h("div", {class: "filter", hidden: true}, this.#filter);
    #list = h("div", {class: "lists"});

    connectedCallback() {
        this.#filter.addEventListener("input", () => this.refresh());
        this.append(
            h(
                "div",
                {class: "pane-head"},
                this.#title,
                tool("close", say("close"), () => this.desk.people(false), {class: "close"}),
            ),
            this.#field,
            this.#list,
        );
        this.#list.addEventListener("keydown", (event) => this.#key(event));
    }

    refresh() {
        const {desk} = this;
        const channel = desk.open?.channel;
        if (!channel || this.parentElement?.hidden) return;
        const all = desk.members(channel);
        const wanted = this.#filter.value.trim().toLowerCase();
        this.#title.textContent = say("people.count", {n: all.length});
        this.#field.hidden = all.length < FILTER_FROM;
        const found = wanted ? all.filter(({nick}) => nick.toLowerCase().includes(wanted)) : all;
        const drawn = found.slice(0, all.length > MANY ? DRAWN : found.length);
        /** @type {Map<string, HTMLElement[]>} */
        const groups = new Map();
        for (const member of drawn) {
            const group = desk.rankName(member.ranks);
            groups.set(group, [...(groups.get(group) ?? []), this.#person(member)]);
        }
        const held = /** @type {HTMLElement | null} */ (
            this.#list.contains(document.activeElement) ? document.activeElement : null
        )?.dataset.nick;
        fill(
            this.#list,
            ...[...groups].flatMap(([name, people]) => [
                h("div", {class: "group"}, h("h2", null, name), h("span", {class: "small"}, String(people.length))),
                h("ul", null, ...people.map((person) => h("li", null, person))),
            ]),
            drawn.length < found.length &&
                h("p", {class: "small soft"}, say("people.more", {n: found.length - drawn.length})),
            found.length === 0 && h("p", {class: "small soft"}, say("people.none")),
        );
        if (held)
            /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-nick="${CSS.escape(held)}"]`))?.focus();
    }

    /** @param {{nick: string, ranks: any}} member */
    #person({nick}) {
        const person = this.desk.person(nick);
        const away = isAway(person);
        return h(
            "button",
            {
                type: "button",
                class: away ? "person gone" : "person",
                "data-nick": nick,
                onclick: () => this.desk.dialog("person", nick),
            },
            presence(person ?? {online: true}),
            h("span", {class: `name c${colour(nick)}`}, nick),
            person?.bot && h("span", {class: "soft"}, say("bot")),
            away && h("span", {class: "soft"}, person?.away || say("person.away")),
        );
    }

    /** @param {KeyboardEvent} event */
    #key(event) {
        if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
        const people = /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll(".person")]);
        const now = people.indexOf(/** @type {HTMLElement} */ (document.activeElement));
        people[now + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
        event.preventDefault();
    }
}

customElements.define("chat-channels", ChatChannels);
customElements.define("chat-people", ChatPeople);
