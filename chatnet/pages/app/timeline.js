// @ts-check
/**
 * `<chat-timeline>`: a window of at most 300 rows on the past of a channel or a person.
 *
 * Near an edge more rows are made on this side, and as many dropped on the other.  What is seen stays where it is:
 * before a change the places of the visible rows are noted, after it the scroller is moved by what they shifted.
 */
import {arrange} from "./arrange.js";
import {fill, h, icon} from "./dom.js";
import {Doings} from "./doings.js";
import {element, look} from "./drawing.js";
import {say} from "./words.js";

/** @typedef {import("./arrange.js").Item} Item */
/** @typedef {import("./desk.js").Desk} Desk */

export const MOST = 300;
const BEGIN = 100;
const STEP = 60;
const SCREENS = 1.5;
const BOTTOM = 8;
const READ_AFTER = 1000;
/** What stays where it is when more is known; the mark of a day goes up with its first row. */
const STAYS = new Set(["message", "events", "split"]);

export class ChatTimeline extends HTMLElement {
    /** @type {Desk} */
    // @ts-ignore: given by main.js before anything is shown
    desk;
    /** @type {any} */
    #target = null;
    /** @type {Item[]} */
    #items = [];
    #first = 0;
    #end = 0;
    #stuck = true;
    #below = 0;
    /** @type {number | null} */
    #newAt = null;
    /** @type {Map<string, {look: string, node: HTMLLIElement}>} */
    #nodes = new Map();
    /** @type {{key: string, top: number}[]} */
    #places = [];
    #focus = "";
    #timer = 0;
    #height = 0;
    /** @type {string | null} */
    #wanted = null;

    #before = h("div", {class: "before"});
    #list = h("ol", {class: "rows"});
    #scroller = h("div", {class: "scroller", role: "log", "aria-live": "off"}, this.#before, this.#list);
    #pill = h("button", {type: "button", class: "below", hidden: true, onclick: () => this.toEnd()});

    connectedCallback() {
        this.append(this.#scroller, this.#pill);
        this.doings = new Doings(this);
        this.#scroller.addEventListener("scroll", () => this.#scrolled(), {passive: true});
        this.#list.addEventListener("focusin", (event) => this.#focused(event));
        const sizes = new ResizeObserver(() => this.#resized());
        sizes.observe(this.#scroller);
        sizes.observe(this.#list);
        addEventListener("focus", () => this.#settle());
        addEventListener("blur", () => this.#left());
        document.addEventListener("visibilitychange", () => this.#settle());
    }

    /** The rows that are shown now, for keys and tests. */
    get list() {
        return this.#list;
    }

    get scroller() {
        return this.#scroller;
    }

    /** Show another channel or person, at its newest row. @param {any} target */
    show(target) {
        this.#target = target;
        this.#newAt = target?.mark ? Date.parse(target.mark) : null;
        this.#stuck = true;
        this.#below = 0;
        this.#wanted = null;
        this.#focus = "";
        this.#nodes.clear();
        this.#list.replaceChildren();
        this.#scroller.setAttribute("aria-label", target ? say("timeline.of", {name: target.name}) : say("timeline"));
        this.#items = [];
        this.#first = this.#end = 0;
        this.refresh();
        this.#edges();
    }

    /** The past changed, or how it is shown. */
    refresh() {
        const was = this.#items;
        const last = was[was.length - 1]?.key;
        const [top, bottom] = [was[this.#first], was[this.#end - 1]];
        this.#items = this.#target ? arrange(this.#target.past.rows(), this.#how()) : [];
        const where = new Map(this.#items.map((item, index) => [item.key, index]));
        const whole = this.#end === was.length;
        if (this.#stuck || !top) {
            this.#end = this.#items.length;
            this.#first = Math.max(0, this.#end - Math.min(MOST, Math.max(BEGIN, this.#list.children.length)));
        } else {
            // (At the beginning there are rows to come above; the first of them are made at once.)
            const same = survivor(was, this.#first, 1, where) ?? where.get(top.key) ?? 0;
            const from = Math.max(0, this.#first === 0 ? same - STEP : same);
            const to = whole
                ? this.#items.length
                : (survivor(was, was.indexOf(bottom), -1, where) ?? from + BEGIN - 1) + 1;
            this.#first = Math.min(from, Math.max(0, this.#items.length - 1));
            this.#end = Math.min(Math.max(to, this.#first), this.#first + MOST, this.#items.length);
            const known = last === undefined ? undefined : where.get(last);
            if (known !== undefined)
                this.#below += this.#items.slice(known + 1).filter((item) => item.kind === "message").length;
        }
        this.#draw();
        if (this.#wanted && where.has(this.#wanted)) this.goTo(this.#wanted);
    }

    /** @returns {{newAt: number | null, joins: string, holes: boolean, isMe: (nick: string) => boolean}} */
    #how() {
        const {desk} = this;
        const many = (this.#target.channel?.members.size ?? 0) > 100;
        const joins = desk.settings.values.joins;
        return {
            newAt: this.#newAt,
            joins: many && joins === "fold" ? "hide" : joins,
            holes: this.#target.past.most > 0,
            isMe: (nick) => desk.isMe(nick),
        };
    }

    /** @returns {import("./drawing.js").Around} */
    #around() {
        const {desk} = this;
        return {
            isMe: (nick) => desk.isMe(nick),
            ...desk.known(),
            mentions: (row) => desk.mentions(row),
            find: (id) => desk.find(this.#target, id),
            clock: desk.settings.values.clock,
            now: () => desk.connection.serverTime(),
        };
    }

    #draw() {
        const wanted = this.#items.slice(this.#first, this.#end);
        const keep = new Set(wanted.map((item) => item.key));
        for (const [key, {node}] of this.#nodes) {
            if (keep.has(key)) continue;
            node.remove();
            this.#nodes.delete(key);
        }
        const around = this.#around();
        let place = /** @type {ChildNode | null} */ (this.#list.firstChild);
        for (const item of wanted) {
            const seen = look(item, around);
            let known = this.#nodes.get(item.key);
            if (!known || known.look !== seen) {
                const made = {look: seen, node: element(item, around)};
                if (known) {
                    if (place === known.node) place = known.node.nextSibling;
                    const focused = known.node === document.activeElement;
                    known.node.replaceWith(made.node);
                    if (focused) made.node.focus({preventScroll: true});
                } else this.#list.insertBefore(made.node, place);
                this.#nodes.set(item.key, made);
            } else if (place === known.node) place = place.nextSibling;
            else this.#list.insertBefore(known.node, place);
        }
        this.#rove();
        this.#intro();
        this.#hold();
        this.#count();
        this.#settle();
    }

    /** One row can be reached by Tab: the one that had the focus, or the newest. */
    #rove() {
        const rows = /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll(".row")]);
        const chosen = this.#nodes.get(this.#focus)?.node ?? rows[rows.length - 1];
        for (const row of rows) row.tabIndex = row === chosen ? 0 : -1;
        if (rows.length) this.#scroller.removeAttribute("tabindex");
        else this.#scroller.tabIndex = 0;
    }

    /** @param {FocusEvent} event */
    #focused(event) {
        const row = /** @type {HTMLElement} */ (event.target).closest("li");
        const key = [...this.#nodes].find(([, {node}]) => node === row)?.[0];
        if (key === undefined || key === this.#focus) return;
        this.#focus = key;
        this.#rove();
    }

    #intro() {
        const begins = this.#first === 0 && (!this.#target || this.desk.beginsHere(this.#target));
        const {name = this.desk.network(), channel} = this.#target ?? {};
        const known = begins ? `begin ${name} ${channel?.topic} ${channel?.joined}` : "more";
        if (this.#before.dataset.shows === known) return;
        this.#before.dataset.shows = known;
        fill(this.#before, begins ? this.desk.intro(this.#target) : null);
    }

    /** Note where the visible rows are. */
    #note() {
        this.#places = [];
        const {top, bottom} = this.#scroller.getBoundingClientRect();
        const rows = this.#list.children;
        let [low, high] = [0, rows.length];
        while (low < high) {
            const middle = (low + high) >> 1;
            if (rows[middle].getBoundingClientRect().bottom > top) high = middle;
            else low = middle + 1;
        }
        const keys = new Map();
        for (const {key, kind} of this.#items.slice(this.#first, this.#end)) {
            if (STAYS.has(kind)) keys.set(this.#nodes.get(key)?.node, key);
        }
        for (let index = low; index < rows.length; index += 1) {
            const box = rows[index].getBoundingClientRect();
            if (box.top > bottom) break;
            const key = keys.get(rows[index]);
            if (key !== undefined) this.#places.push({key, top: box.top - top});
        }
    }

    /** Have what was seen where it was: the bottom at the bottom, or the first row that is still there. */
    #hold() {
        this.#height = this.#scroller.clientHeight;
        if (this.#stuck) {
            this.#scroller.scrollTop = this.#scroller.scrollHeight;
            return;
        }
        const {top} = this.#scroller.getBoundingClientRect();
        for (const place of this.#places) {
            const node = this.#nodes.get(place.key)?.node;
            if (!node) continue;
            const shift = node.getBoundingClientRect().top - top - place.top;
            if (Math.abs(shift) > 0.01) this.#scroller.scrollTop += shift;
            return;
        }
    }

    #resized() {
        this.#hold();
        this.#edges();
    }

    #scrolled() {
        const {scrollTop, scrollHeight, clientHeight} = this.#scroller;
        if (this.#stuck && clientHeight !== this.#height) return; // the screen has changed, not who looks
        this.#stuck = this.#end === this.#items.length && scrollHeight - scrollTop - clientHeight <= BOTTOM;
        if (this.#stuck) this.#below = 0;
        this.#note();
        this.#edges();
        this.#count();
        this.#settle();
    }

    /** Make more rows near an edge; where there are none, ask for them. */
    #edges() {
        if (!this.#target || this.#scroller.clientHeight === 0) return;
        for (let times = 0; times < 4; times += 1) {
            const {scrollTop, scrollHeight, clientHeight} = this.#scroller;
            const near = SCREENS * clientHeight;
            if (scrollTop < near && this.#first > 0) {
                this.#first = Math.max(0, this.#first - STEP);
                this.#end = Math.min(this.#end, this.#first + MOST);
            } else if (scrollHeight - scrollTop - clientHeight < near && this.#end < this.#items.length) {
                this.#end = Math.min(this.#items.length, this.#end + STEP);
                this.#first = Math.max(this.#first, this.#end - MOST);
            } else break;
            if (!this.#stuck && this.#places.length === 0) this.#note();
            this.#draw();
        }
        const seen = this.#visible(SCREENS * this.#scroller.clientHeight);
        this.desk.wantPast(this.#target, seen);
    }

    /** Which rows are within so many pixels of the screen. @param {number} reach */
    #visible(reach) {
        const {top, bottom} = this.#scroller.getBoundingClientRect();
        const rows = this.#items.slice(this.#first, this.#end).filter((item) => {
            const box = this.#nodes.get(item.key)?.node.getBoundingClientRect();
            return item.row && box && box.bottom > top - reach && box.top < bottom + reach;
        });
        return {first: rows[0]?.row?.id ?? null, last: rows[rows.length - 1]?.row?.id ?? null};
    }

    #count() {
        const hidden = this.#stuck || (this.#below === 0 && this.#end === this.#items.length && this.#nearEnd());
        this.#pill.hidden = hidden;
        if (!hidden) fill(this.#pill, icon("down"), this.#below ? say("below", {n: this.#below}) : say("below.none"));
    }

    #nearEnd() {
        const {scrollTop, scrollHeight, clientHeight} = this.#scroller;
        return scrollHeight - scrollTop - clientHeight < clientHeight;
    }

    /** What is at the bottom of a window with the focus for a second has been read. */
    #settle() {
        clearTimeout(this.#timer);
        if (!this.#target || !this.#stuck || document.hidden || !document.hasFocus()) return;
        const target = this.#target;
        this.#timer = window.setTimeout(() => this.desk.read(target), READ_AFTER);
    }

    /** Who looks elsewhere finds the line where they left. */
    #left() {
        clearTimeout(this.#timer);
        if (!this.#target || !this.#stuck) return;
        const last = this.#items.findLast((item) => item.kind === "message");
        if (last && !this.#items.some((item) => item.kind === "new")) this.#newAt = last.at;
    }

    /** Esc: nothing is new any more. */
    clearNew() {
        this.#newAt = null;
        this.refresh();
    }

    toEnd() {
        this.#stuck = true;
        this.#below = 0;
        this.#end = this.#items.length;
        this.#first = Math.max(0, this.#end - BEGIN);
        this.#draw();
        this.#note();
    }

    toStart() {
        this.#stuck = false;
        this.#first = 0;
        this.#end = Math.min(this.#items.length, BEGIN);
        this.#places = [];
        this.#draw();
        this.#scroller.scrollTop = 0;
    }

    /** @param {number} direction */
    page(direction) {
        this.#scroller.scrollBy({top: direction * 0.85 * this.#scroller.clientHeight});
    }

    /** Have a message in the middle of the screen, as soon as it is known. @param {string} id */
    goTo(id) {
        const index = this.#items.findIndex((item) => item.key === id);
        if (index < 0) {
            this.#wanted = id;
            this.desk.wantAround(this.#target, id);
            return;
        }
        this.#wanted = null;
        this.#stuck = false;
        this.#first = Math.max(0, index - BEGIN / 2);
        this.#end = Math.min(this.#items.length, index + BEGIN / 2);
        this.#places = [];
        this.#draw();
        const node = this.#nodes.get(id)?.node;
        node?.scrollIntoView({block: "center"});
        node?.classList.remove("flash");
        node?.classList.add("flash");
        this.#focus = id;
        this.#rove();
        this.#note();
    }

    /** Move the focus by a row. @param {number} step */
    step(step) {
        const rows = /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll(".row")]);
        const now = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement?.closest("li")));
        const next = now < 0 ? rows[rows.length - 1] : rows[Math.max(0, Math.min(rows.length - 1, now + step))];
        next?.focus({preventScroll: true});
        next?.scrollIntoView({block: "nearest"});
    }

    /** The row that has the focus, or is pointed at. @param {Element | null} element */
    rowOf(element) {
        const node = element?.closest("li");
        const key = [...this.#nodes].find(([, each]) => each.node === node)?.[0];
        return this.#items.find((item) => item.key === key && item.kind === "message")?.row ?? null;
    }
}

/** Where the nearest item is now, from one on in a direction, that is still there. @param {Item[]} was @param {number} index @param {number} step @param {Map<string, number>} where */
function survivor(was, index, step, where) {
    for (let at = index; at >= 0 && at < was.length; at += step) {
        const found = STAYS.has(was[at].kind) ? where.get(was[at].key) : undefined;
        if (found !== undefined) return found;
    }
    return undefined;
}

customElements.define("chat-timeline", ChatTimeline);
