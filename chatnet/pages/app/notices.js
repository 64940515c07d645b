// @ts-check
/** What is told to who does not look: the title, the badge, notifications, a sound, and the live region of the page. */
import {at} from "./dom.js";
import {plain} from "./text.js";
import {say} from "./words.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./rows.js").Row} Row */

const EVERY = 2000;

export class Notices {
    /** @type {Map<string, Notification>} */
    #shown = new Map();
    /** @type {string[]} */
    #waiting = [];
    #timer = 0;
    /** Whether somebody should be asked if they want notifications: a first mention came while they looked elsewhere. */
    wanted = false;

    /** @param {Desk} desk */
    constructor(desk) {
        this.desk = desk;
        this.live = at("live");
    }

    /** @returns {boolean} whether this browser has notifications, and nobody decided yet */
    get undecided() {
        return "Notification" in window && Notification.permission === "default" && !this.desk.settings.values.notify;
    }

    /** A message that was said just now. @param {any} target @param {Row} row */
    heard(target, row) {
        const {desk} = this;
        if (desk.isMe(row.nick) || !["message", "notice", "action"].includes(row.kind)) return;
        const looking = desk.open === target && !document.hidden && document.hasFocus();
        if (desk.open === target)
            this.#speak(row.kind === "action" ? `${row.nick} ${plain(row.text)}` : `${row.nick}: ${plain(row.text)}`);
        if (looking) return;
        const level = desk.settings.level(desk.fold(target.name));
        const own = !target.channel || desk.mentions(row);
        if (
            level === "nothing" ||
            (!own &&
                !(
                    level === "all" &&
                    desk.settings.values.notify &&
                    desk.settings.values.levels[desk.fold(target.name)]
                ))
        )
            return;
        if (this.undecided) this.wanted = true;
        this.#notify(target, row);
    }

    /** @param {any} target @param {Row} row */
    #notify(target, row) {
        const {desk} = this;
        const {notify, sound} = desk.settings.values;
        if (this.#quiet()) return;
        if (sound) beep();
        if (!notify || !("Notification" in window) || Notification.permission !== "granted") return;
        const key = desk.fold(target.name);
        const title = target.channel ? `${row.nick} · ${target.name}` : row.nick;
        const note = new Notification(title, {body: plain(row.text), tag: key, icon: "/favicon.svg", silent: !sound});
        note.addEventListener("click", () => {
            window.focus();
            desk.show(target.name);
            note.close();
        });
        this.#shown.set(key, note);
    }

    #quiet() {
        const {quietFrom, quietTo} = this.desk.settings.values;
        if (!quietFrom || !quietTo) return false;
        const now = new Date(this.desk.connection.serverTime()).toTimeString().slice(0, 5);
        return quietFrom <= quietTo ? now >= quietFrom && now < quietTo : now >= quietFrom || now < quietTo;
    }

    /** Counts have changed: the title, the badge, and the notifications of what has been read, here or elsewhere. */
    count() {
        const {desk} = this;
        let [all, strong] = [0, 0];
        for (const [key, target] of desk.model.targets) {
            const level = desk.settings.level(key);
            if (level !== "nothing") {
                const own = target.channel ? target.mentions : target.unread;
                strong += own;
                all += level === "mentions" ? own : target.unread;
            }
            if (target.unread === 0) {
                this.#shown.get(key)?.close();
                this.#shown.delete(key);
            }
        }
        const name = desk.open ? desk.open.name : desk.network();
        document.title = `${strong ? `(${strong}) ` : all ? "• " : ""}${name}`;
        if ("setAppBadge" in navigator)
            (strong ? navigator.setAppBadge(strong) : navigator.clearAppBadge()).catch(() => {});
    }

    /** Read out, but at most one in two seconds. @param {string} words */
    #speak(words) {
        this.#waiting.push(words);
        if (this.#timer) return;
        this.#say();
    }

    #say() {
        const [first, ...more] = this.#waiting;
        this.#waiting = [];
        this.#timer = 0;
        if (first === undefined) return;
        this.live.textContent = more.length ? say("notices.more", {n: more.length + 1}) : first;
        this.#timer = window.setTimeout(() => {
            this.#timer = 0;
            this.#say();
        }, EVERY);
    }
}

/** A short tone, made here: no file is fetched for it. */
function beep() {
    try {
        const context = new AudioContext();
        const [tone, volume] = [context.createOscillator(), context.createGain()];
        tone.frequency.value = 660;
        volume.gain.setValueAtTime(0.08, context.currentTime);
        volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + 0.25);
        tone.connect(volume).connect(context.destination);
        tone.start();
        tone.stop(context.currentTime + 0.25);
        tone.addEventListener("ended", () => context.close());
    } catch {
        // no sound here, and nothing to be done about it
    }
}
