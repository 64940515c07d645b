// @ts-check
/** The operators' page, `/operate`: its views, and who may see them.  It lies over the chat, which goes on. */
import {Api} from "./api.js";
import {button, fill, h, tool} from "./dom.js";
import {Office} from "./operate/office.js";
import {gate} from "./operate/gate.js";
import {storage} from "./settings.js";
import {learn, say} from "./words.js";
import {words} from "./words/operate/en.js";

/**
 * @typedef {object} How
 * @property {Api} api of who is logged in to the chat
 * @property {import("./room.js").Room | null} room the chat, if one is in it
 * @property {() => Promise<void>} here once one is in the chat, or is not to be soon
 * @property {() => void} logIn go to the door
 * @property {() => void} leave go to the chat
 */
/** A view fills a place with what it has. @typedef {{view: (office: Office, place: HTMLElement) => void}} View */

const KEY = "chatnet.operate";
/** What there is, in order; some take a privilege. @type {{name: string, privilege?: string, load: () => Promise<View>}[]} */
const VIEWS = [
    {name: "overview", load: () => import("./operate/overview.js")},
    {name: "links", load: () => import("./operate/links.js")},
    {name: "people", privilege: "see-all", load: () => import("./operate/people.js")},
    {name: "channels", load: () => import("./operate/channels.js")},
    {name: "accounts", privilege: "accounts", load: () => import("./operate/accounts.js")},
    {name: "bans", privilege: "bans", load: () => import("./operate/bans.js")},
    {name: "notices", load: () => import("./operate/notices.js")},
    {name: "reload", privilege: "rehash", load: () => import("./operate/reload.js")},
];

learn(words);

/** @type {Page | null} */
let page = null;

/** Show the page. @param {How} how */
export function open(how) {
    page?.close();
    page = new Page(how);
    return page;
}

class Page {
    /** @type {Office | null} */
    #office = null;
    #over = new AbortController();

    /** @param {How} how */
    constructor(how) {
        this.how = how;
        this.nav = h("nav", {"aria-label": say("operate.views")});
        this.main = h("main", {tabindex: "-1"});
        this.tools = h("div", {class: "tools"});
        this.name = h("span", {class: "name"}, say("operate"));
        this.element = h(
            "div",
            {id: "operate"},
            h(
                "header",
                null,
                tool("back", say("operate.back"), () => how.leave()),
                this.name,
                this.tools,
            ),
            this.nav,
            this.main,
        );
        this.element.hidden = true;
        style().then(() => (this.element.hidden = false));
        document.body.append(this.element);
        document.title = say("operate");
        addEventListener("hashchange", () => this.#draw(), {signal: this.#over.signal});
        this.#enter();
    }

    close() {
        this.#over.abort();
        this.#office?.close();
        this.element.remove();
        page = null;
    }

    /** Ask who one is, and show the page to operators, and to others how to become one. */
    async #enter() {
        const own = storage("sessionStorage")?.getItem(KEY) ?? "";
        const api = own ? new Api(undefined, own) : this.how.api;
        /** @type {any} */
        let me = null;
        let why = "";
        if (!own) await this.how.here();
        try {
            me = api.token ? await api.get("/me") : null;
        } catch (error) {
            if (own && /** @type {any} */ (error).status === 401) this.#keep("");
            why = /** @type {any} */ (error).message;
        }
        if (this.#over.signal.aborted) return;
        if (me?.operator) this.#begin(api, me, Boolean(own));
        else
            gate(this.main, {
                room: this.how.room,
                me,
                why,
                logIn: this.how.logIn,
                again: () => this.#enter(),
                token: (secret) => {
                    this.#keep(secret);
                    this.#enter();
                },
            });
    }

    /** @param {Api} api @param {any} me @param {boolean} own it is a token for this page alone */
    #begin(api, me, own) {
        const office = (this.#office = new Office(api, me, this.how.room));
        api.get("/server").then(
            (server) => {
                this.name.textContent = server.name;
                document.title = `${server.name} – ${say("operate")}`;
            },
            () => null, // the views tell what is wrong
        );
        fill(
            this.tools,
            h("span", {class: "small soft"}, say("operate.as", {nick: me.account ?? me.nick})),
            own &&
                button(
                    say("operate.forget"),
                    () => {
                        this.#keep("");
                        location.reload();
                    },
                    "link",
                ),
        );
        const views = VIEWS.filter(({privilege}) => !privilege || office.may(privilege));
        fill(
            this.nav,
            h("ul", null, ...views.map(({name}) => h("li", null, h("a", {href: `#${name}`}, say(`operate.${name}`))))),
        );
        this.#draw();
    }

    async #draw() {
        const office = this.#office;
        if (!office) return;
        const wanted = location.hash.slice(1);
        const view = VIEWS.find(({name, privilege}) => name === wanted && (!privilege || office.may(privilege)));
        const {name, load} = view ?? VIEWS[0];
        for (const link of this.nav.querySelectorAll("a"))
            if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
            else link.removeAttribute("aria-current");
        const {view: draw} = await load();
        if (this.#office !== office || (location.hash.slice(1) || name) !== (wanted || name)) return;
        const place = h("div", {class: `view ${name}`});
        fill(this.main, h("h1", null, say(`operate.${name}`)), place);
        draw(office, place);
        this.main.scrollTop = 0;
        if (wanted) this.main.focus({preventScroll: true});
    }

    /** The token of the page, as long as this tab is open. @param {string} secret */
    #keep(secret) {
        try {
            if (secret) storage("sessionStorage")?.setItem(KEY, secret);
            else storage("sessionStorage")?.removeItem(KEY);
        } catch {
            // then it is asked for again
        }
    }
}

/** What the page looks like comes with it, and not with the chat. @returns {Promise<unknown>} when it is there */
function style() {
    if (document.querySelector("link[data-operate]")) return Promise.resolve();
    const href = new URL("./operate/operate.css", import.meta.url).href;
    const link = h("link", {rel: "stylesheet", href, "data-operate": true});
    document.head.append(link);
    return new Promise((done) => {
        link.addEventListener("load", done);
        link.addEventListener("error", done);
    });
}
