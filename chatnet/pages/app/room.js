// @ts-check
/** The chat itself, once somebody has come in: the elements, what they are told, and the address. */
import "./bar.js";
import "./composer.js";
import "./lists.js";
import "./timeline.js";
import {operating, wantedBy} from "./address.js";
import {Connection} from "./connection.js";
import {Desk} from "./desk.js";
import {open as openDialog} from "./dialogs.js";
import {at, button, fill, h, tool} from "./dom.js";
import {listen} from "./keyboard.js";
import {Notices} from "./notices.js";
import {keep} from "./places.js";
import {take} from "./tabs.js";
import {compare, refused, tell} from "./standing.js";
import {said} from "./text.js";
import {say} from "./words.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./state.js").Change} Change */
/** @typedef {import("./state.js").Target} Target */

const NARROW = matchMedia("(max-width: 639.98px)");
const WIDE = matchMedia("(min-width: 1001px)");

export class Room {
    /**
     * @param {import("./settings.js").Settings} settings
     * @param {import("./api.js").Api} api
     * @param {{refused: (reason: string) => void, logOut: (way: string) => void, operate: () => void}} main
     */
    constructor(settings, api, main) {
        this.main = main;
        this.connection = new Connection({
            url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`,
        });
        this.connection.attend(window);
        this.desk = new Desk(this.connection, settings, this);
        this.desk.api = api;
        this.settings = settings;
        this.timeline = this.#element("chat-timeline");
        this.composer = this.#element("chat-composer");
        this.channels = this.#element("chat-channels");
        this.members = this.#element("chat-people");
        /** @type {import("./bar.js").ChatBar} */
        this.bar = /** @type {any} */ (document.querySelector("chat-bar"));
        for (const element of [this.timeline, this.composer, this.channels, this.members]) element.desk = this.desk;
        this.notices = new Notices(this.desk);
        /** @type {Set<string>} */
        this.dirty = new Set();
        /** Where one wants to be once connected. @type {string[]} */
        this.wanted = [];
        /** Whether there was a connection already. */
        this.been = false;
        this.head = at("head");
        this.side = at("people");
        listen(this);
        this.connection.addEventListener("state", (event) => this.#state(/** @type {CustomEvent} */ (event).detail));
        this.connection.addEventListener("changes", (event) =>
            this.#changed(/** @type {CustomEvent} */ (event).detail),
        );
        settings.addEventListener("change", () => {
            this.connection.model.words = settings.values.words.split(/\s+/).filter(Boolean);
            this.#mark("rows", "list", "typing");
        });
        addEventListener("popstate", () => this.#route());
        WIDE.addEventListener("change", () => this.people(WIDE.matches && settings.values.people));
        setInterval(() => this.composer.typing(), 1000);
        visualViewport?.addEventListener("resize", () => this.#height());
    }

    /** @param {string} name @returns {any} */
    #element(name) {
        return document.querySelector(name);
    }

    /** Come in. @param {import("./door.js").Entry} entry @param {string[]} channels @param {boolean} again */
    enter(entry, channels, again) {
        at("door").hidden = true;
        at("chat").hidden = operating(location); // that page lies over it then
        this.wanted = channels;
        this.connection.model.words = this.settings.values.words.split(/\s+/).filter(Boolean);
        this.people(WIDE.matches && this.settings.values.people);
        this.pane(NARROW.matches && channels.length === 0 ? "list" : "chat");
        this.show();
        if (entry.account) this.connection.start(entry);
        else this.#alone(entry, again);
    }

    /** Start, if no other tab has the chat. @param {import("./door.js").Entry} entry @param {boolean} steal */
    async #alone(entry, steal) {
        const elsewhere = () => {
            this.connection.stop();
            const here = () => this.#alone(entry, true);
            this.bar.tell({key: "tab", words: say("bar.kept"), deeds: [{words: say("bar.kept.here"), go: here}]});
        };
        if (!(await take(steal, elsewhere))) return elsewhere();
        this.bar.drop("tab");
        this.connection.start(entry);
    }

    // what the desk asks of the page

    /** Another channel or talk is open. */
    show() {
        const {open} = this.desk;
        this.timeline.show(open);
        this.composer.show(open);
        this.composer.hidden = !open;
        const path = open ? this.desk.path(open.name) : "/";
        if (open && !at("chat").hidden && path !== location.pathname + location.search)
            history.pushState(null, "", path);
        if (open) this.pane("chat");
        this.people(WIDE.matches && this.settings.values.people);
        this.#draw(["head", "list", "people"]);
    }

    /** @param {string} name @param {any} detail */
    dialog(name, detail) {
        openDialog(name, this.desk, detail);
    }

    /** @param {boolean} on */
    people(on) {
        this.side.hidden = !on || !this.desk.open?.channel;
        this.#draw(["head", "people"]);
    }

    /** @param {Row} row */
    reply(row) {
        this.composer.reply(row);
    }

    /** @param {string} words */
    insert(words) {
        this.composer.insert(words);
    }

    /** @param {string} id */
    goTo(id) {
        this.timeline.goTo(id);
    }

    /** @param {string} [way] what of the door one wants then */
    logOut(way = "") {
        this.main.logOut(way);
    }

    operate() {
        this.main.operate();
    }

    /** The chat is seen, or the operators' page lies over it. @param {boolean} on */
    seen(on) {
        at("chat").hidden = !on;
        if (on) this.show();
    }

    /** What stands before the first message. @param {Target | null} target @returns {Node} */
    intro(target) {
        const {desk} = this;
        if (!target)
            return h(
                "div",
                {class: "intro"},
                h("h2", null, say("intro.nowhere", {network: desk.network()})),
                h("p", null, say("intro.nowhere.lead")),
                h(
                    "div",
                    {class: "deeds"},
                    button(say("intro.browse"), () => desk.dialog("join"), "main"),
                    button(say("talk.some"), () => desk.dialog("talk")),
                ),
            );
        const {channel} = target;
        const kept = target.past.most > 0;
        return h(
            "div",
            {class: "intro"},
            h("h2", null, say(channel ? "intro.channel" : "intro.person", {name: target.name})),
            channel?.topic && h("p", null, ...said(channel.topic, desk.known())),
            h("p", null, say(kept ? (channel ? "intro.channel.lead" : "intro.person.lead") : "intro.none")),
            channel?.joined &&
                h(
                    "div",
                    {class: "deeds"},
                    button(say("invite"), () => desk.dialog("invite", target.name)),
                    desk.maySetTopic(target) && button(say("topic.set"), () => desk.dialog("channel", target.name)),
                ),
        );
    }

    // keys

    /** The next channel or talk, or the next with something unread. @param {number} step @param {boolean} unread */
    next(step, unread) {
        const {channels, people} = this.desk.targets();
        const all = [...channels, ...people];
        const now = all.indexOf(/** @type {Target} */ (this.desk.open));
        for (let times = 1; times <= all.length; times += 1) {
            const other = all[(now + step * times + all.length * (times + 1)) % all.length];
            if (other !== this.desk.open && (!unread || other.unread)) {
                this.desk.show(other.name);
                return;
            }
        }
    }

    /** Esc: people away where they lie over the rest, then all is read. */
    escape() {
        if (!WIDE.matches && !this.side.hidden) this.people(false);
        else {
            if (this.desk.open) this.desk.read(this.desk.open);
            this.timeline.clearNew();
            this.composer.focus();
        }
    }

    /** On small screens one pane is seen. @param {"list" | "chat"} name */
    pane(name) {
        at("chat").dataset.pane = name;
        const alone = NARROW.matches && name === "list"; // then it is what the page is about
        at("side").setAttribute("role", alone ? "main" : "navigation");
        at("brand").setAttribute("aria-level", alone ? "1" : "2");
    }

    // what happens

    /** @param {{state: string, reason: string, text: string, retryAt: number}} detail */
    #state(detail) {
        this.bar.connection(detail, () => this.connection.now());
        if (detail.state === "REFUSED" && detail.reason !== "killed") this.main.refused(refused(this.connection));
        if (detail.state === "LIVE") {
            tell(this, this.connection.who.nick);
            if (this.been) compare(this);
            this.been = true;
            this.#arrived();
        }
        this.#mark("list");
    }

    /** Go to where one wants to be; the last of it is shown. */
    async #arrived() {
        const wanted = this.wanted.splice(0);
        const last = wanted.pop();
        for (const each of wanted) {
            const [name, key] = each.split(" ");
            if (this.desk.isChannel(name)) this.connection.join(name, key);
            else this.connection.open(name);
        }
        if (last !== undefined) {
            const [name, key] = last.split(" ");
            const wrong = this.desk.isChannel(name) ? await this.desk.join(name, key) : this.desk.show(name);
            const deeds = [{words: say("close"), go: () => this.bar.drop("join")}];
            if (wrong) this.bar.tell({key: "join", words: wrong, bad: true, deeds});
        }
        const {channels} = this.desk.targets();
        if (!this.desk.open && channels.length && !NARROW.matches) this.desk.show(channels[0].name);
    }

    /** @param {Change[]} changes */
    #changed(changes) {
        const {desk} = this;
        for (const change of changes) {
            const target =
                change.target === undefined ? null : (desk.model.targets.get(desk.fold(change.target)) ?? null);
            const open = target !== null && target === desk.open;
            if (change.kind === "rows") {
                if (open) this.#mark("rows");
                if (change.live && change.row && target) this.notices.heard(target, change.row);
            } else if (change.kind === "typing") this.#mark("typing");
            else if (change.kind === "people")
                this.#mark(target ? (open ? "people" : "") : "list", target ? "" : "people");
            else if (change.kind === "target") this.#mark("list", open ? "head" : "", open ? "rows" : "");
            else if (change.kind === "renamed" && open) this.show();
            else if (["channels", "self", "welcome", "isupport", "caps", "joined", "renamed"].includes(change.kind))
                this.#mark("list", "head", "rows", "people");
            else if (change.kind === "error" && change.text) this.composer.wrong(change.text);
            desk.heard.dispatchEvent(new CustomEvent(change.kind, {detail: change}));
        }
        if (changes.some((change) => change.kind === "channels" || change.kind === "joined")) keep(desk);
        if (this.notices.wanted) this.#offerNotices();
        this.notices.count();
    }

    /** What is to be drawn anew at the next frame. @param {...string} parts */
    #mark(...parts) {
        const idle = this.dirty.size === 0;
        for (const part of parts) if (part) this.dirty.add(part);
        if (idle && this.dirty.size)
            requestAnimationFrame(() => {
                const now = [...this.dirty];
                this.dirty.clear();
                this.#draw(now);
            });
    }

    /** @param {string[]} parts */
    #draw(parts) {
        if (at("chat").hidden) return;
        if (parts.includes("rows")) this.timeline.refresh();
        if (parts.includes("list")) this.channels.refresh();
        if (parts.includes("people")) this.members.refresh();
        if (parts.includes("head") || parts.includes("people")) this.#heading();
        if (parts.includes("typing")) this.composer.typing();
        this.notices.count();
    }

    #heading() {
        const {desk} = this;
        const {open} = desk;
        const channel = open?.channel ?? null;
        const others = desk.connection.model
            ? [...desk.model.targets.values()].some((each) => each !== open && each.unread > 0)
            : false;
        fill(
            this.head,
            tool("back", say("channels"), () => this.pane("list"), {class: others ? "back more" : "back"}),
            h("h1", null, open ? open.name : desk.network()),
            channel
                ? h(
                      "button",
                      {
                          type: "button",
                          class: "topic",
                          title: channel.topic || null,
                          onclick: () => desk.dialog("channel", open?.name),
                      },
                      channel.topic || say("topic.none"),
                  )
                : h("span", {class: "topic"}, open ? (desk.person(open.name)?.realname ?? "") : ""),
            desk.model.caps.has("soju.im/search") && tool("search", say("search"), () => desk.dialog("search")),
            channel && !channel.joined && button(say("channel.join"), () => this.#join(channel.name), "link"),
            channel?.joined && tool("invite", say("invite"), () => desk.dialog("invite", open?.name), {class: "wide"}),
            open &&
                tool(
                    channel ? "bell" : "more",
                    channel ? say("channel.level") : say("more"),
                    () => desk.dialog("channel", open.name),
                    {class: channel ? "wide" : ""},
                ),
            channel &&
                tool("people", say("people.show", {n: channel.members.size}), () => this.#togglePeople(), {
                    "aria-expanded": String(!this.side.hidden),
                }),
        );
    }

    /** Into a channel that one is not in. @param {string} name */
    async #join(name) {
        const wrong = await this.desk.join(name);
        if (wrong) this.composer.wrong(wrong);
    }

    #togglePeople() {
        const on = Boolean(this.side.hidden);
        if (WIDE.matches) this.settings.set("people", on);
        this.people(on);
        if (on && !WIDE.matches) /** @type {HTMLElement | null} */ (this.side.querySelector(".close"))?.focus();
    }

    #offerNotices() {
        this.notices.wanted = false;
        if (!this.notices.undecided) return;
        const done = () => this.bar.drop("notify");
        this.bar.tell({
            key: "notify",
            words: say("bar.notify"),
            deeds: [
                {
                    words: say("bar.notify.yes"),
                    go: async () => {
                        done();
                        this.settings.set("notify", (await Notification.requestPermission()) === "granted");
                    },
                },
                {words: say("bar.notify.no"), go: done},
            ],
        });
    }

    /** The address says what is open. */
    #route() {
        const name = wantedBy(location);
        if (name && name !== this.desk.open?.name) this.desk.show(name);
    }

    /** iOS lays the keyboard over the page: what is seen is smaller than what `dvh` says. */
    #height() {
        const seen = visualViewport;
        if (!seen || seen.scale !== 1) return;
        document.documentElement.style.setProperty("--tall", `${seen.height}px`);
    }
}
