// @ts-check
/** What somebody should know who has just come in, or come back. */
import {say} from "./words.js";

/** @typedef {import("./room.js").Room} Room */

const MINUTE = 60_000;
const LATE = 2 * MINUTE;

/** @param {Room} room @param {string} nick what was asked for */
export function tell(room, nick) {
    const {bar, connection, desk} = room;
    const {me} = connection.model;
    const off = Math.abs(connection.clockOff);
    const close = (/** @type {string} */ key) => ({words: say("close"), go: () => bar.drop(key)});
    if (off > LATE)
        bar.tell({key: "clock", words: say("bar.clock", {n: Math.round(off / MINUTE)}), deeds: [close("clock")]});
    if (!me.account && nick && me.nick !== nick) {
        // as nick_ one came since somebody has it; another one is given by accounts, which protect theirs
        const why = me.nick.startsWith(nick) ? "bar.taken" : "bar.guest";
        const another = {words: say("bar.nick"), go: () => desk.dialog("settings")};
        const login = {words: say("door.login"), go: () => room.logOut("login")};
        bar.tell({key: "nick", words: say(why, {nick, now: me.nick}), deeds: [login, another, close("nick")]});
    } else bar.drop("nick");
    if (!isSecureContext) bar.tell({key: "insecure", words: say("bar.insecure"), deeds: [close("insecure")]});
}

/** Why one is not let in, in words. @param {import("./connection.js").Connection} connection */
export function refused({reason, text, who}) {
    if (reason === "no-login") return say("door.noAccounts");
    if (reason !== "login") return text || say("door.wrong");
    const token = /** @type {import("./door.js").Entry} */ (who).token;
    return `${say(token ? "door.again" : "door.wrong")} ${text}`;
}

/** After a while apart the server may have another version of this page. @param {Room} room */
export async function compare(room) {
    const answer = await fetch(import.meta.url, {method: "HEAD", cache: "no-store"}).catch(() => null);
    if (answer?.status !== 404) return;
    if (document.hidden && !room.composer.hasDraft) location.reload();
    const reload = {words: say("bar.reload"), go: () => location.reload()};
    room.bar.tell({key: "new", words: say("bar.new"), deeds: [reload]});
}
