// @ts-check
/** Begins: who is known goes in at once, others stand at the door. */
import {invitation, operating, wantedBy} from "./address.js";
import {Api} from "./api.js";
import {at} from "./dom.js";
import {door} from "./door.js";
import {drop, kept} from "./places.js";
import {Settings, dress, storage} from "./settings.js";
import {say} from "./words.js";

/** @typedef {import("./door.js").Entry} Entry */

const KEY = "chatnet.session";
const NICK = "chatnet.nick";
const KEEP_AFTER = 1000;

const settings = new Settings(storage("localStorage"));
const api = new Api();
/** @type {import("./room.js").Room | null} */
let room = null;
/** The operators' page, while it is open. @type {{close(): void} | null} */
let office = null;
/** What the server tells of itself in its page. @type {import("./door.js").About} */
const about = JSON.parse(document.querySelector("meta[name=chatnet]")?.getAttribute("content") ?? "{}");

dress(settings);
settings.addEventListener("change", () => dress(settings));
at("plain").remove();
addEventListener("popstate", () => {
    if (operating(location) && !office) operate();
    else if (!operating(location) && office) chat();
});
start();

async function start() {
    const known = remembered();
    if (known && !invitation(location)) await enter(known, true);
    else if (operating(location)) await operate();
    else await knock("");
    if ("serviceWorker" in navigator) register();
}

/** Stand at the door. @param {string} wrong why, if one was inside already */
async function knock(wrong) {
    office?.close();
    office = null;
    at("chat").hidden = true;
    door({
        about,
        invite: invitation(location),
        nick: storage("localStorage")?.getItem(NICK) ?? "",
        wrong,
        begin: operating(location) ? "login" : location.hash.slice(1),
        api,
        come: (entry) => enter(entry),
    });
    later(); // it is there by the time somebody has a name
}

/** The chat itself: all its modules are asked for at once. @returns {Promise<typeof import("./room.js")>} */
function later() {
    document.head.append(/** @type {HTMLTemplateElement} */ (at("later")).content);
    return import("./room.js");
}

/** @param {Entry} entry @param {boolean} [again] not by the door @returns {Promise<string | null>} */
async function enter(entry, again = false) {
    const {Room} = await later();
    remember(entry);
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
    api.token = (entry.token && entry.secret) || "";
    if (again && api.token && !(await renew(entry))) return null;
    if (!room) room = new Room(settings, api, {refused: leave, logOut, operate: toOperate});
    const wanted = wantedBy(location);
    const places = again || !entry.channels?.length ? kept() : entry.channels;
    const channels = [...places, ...(wanted ? [wanted] : [])];
    if (invitation(location)) history.replaceState(null, "", "/");
    room.enter(entry, channels.length || again ? channels : (about.autojoin ?? []), again);
    if (api.token) keepSettings();
    if (operating(location)) await operate();
    return null;
}

function toOperate() {
    history.pushState(null, "", "/operate");
    operate();
}

/** Show the operators' page; the chat goes on behind it. */
async function operate() {
    const {open} = await import("./operate.js");
    at("door").hidden = true;
    room?.seen(false);
    office = open({
        api,
        room,
        here,
        logIn: () => {
            room?.connection.stop();
            forget();
            knock("");
        },
        leave: () => {
            history.pushState(null, "", "/");
            chat();
        },
    });
}

/** From the operators' page to the chat, or to the door. */
function chat() {
    office?.close();
    office = null;
    if (room) room.seen(true);
    else start();
}

/** A token that has become old is exchanged for a new one. @param {Entry} entry @returns {Promise<boolean>} whether it is good */
async function renew(entry) {
    try {
        const answer = await api.post("/tokens", {});
        if (answer?.token) {
            entry.secret = api.token = answer.token;
            remember(entry);
        }
        return true;
    } catch (error) {
        if (/** @type {any} */ (error).status !== 401) return true; // the chat itself will tell
        leave(say("door.again"));
        return false;
    }
}

/**
 * Once one is here by the chat, or is not to be so soon.  Who asks the API before is there as a program first, and then
 * others see the host of programs, and operators no address.
 * @returns {Promise<void>}
 */
async function here() {
    const connection = room?.connection;
    while (connection?.state === "CONNECTING" || connection?.state === "GREETING")
        await new Promise((done) => connection.addEventListener("state", done, {once: true}));
}

/** What one likes is kept with the account, a moment after it was changed. */
function keepSettings() {
    let timer = 0;
    settings.keep = (json) => {
        clearTimeout(timer);
        timer = window.setTimeout(
            () => api.patch("/me", {settings: {web: JSON.parse(json)}}).catch(() => null),
            KEEP_AFTER,
        );
    };
    here().then(() => api.get("/me")).then(
        (me) => me?.settings?.web && settings.take(JSON.stringify(me.settings.web)),
        () => null, // then those of this browser hold
    );
}

/** The server did not let us in. @param {string} reason */
function leave(reason) {
    forget();
    at("chat").hidden = true;
    knock(reason || say("door.wrong"));
}

/** @param {string} way "", or what of the door somebody wants who comes in again: then they are in their channels again */
async function logOut(way) {
    if (api.token) {
        const {items} = await api.get("/tokens").catch(() => ({items: []}));
        const own = items.find((/** @type {any} */ each) => each.current);
        if (own) await api.del(`/tokens/${encodeURIComponent(own.id)}`).catch(() => null);
    }
    forget();
    room?.connection.stop();
    if (way) {
        history.replaceState(null, "", `${location.pathname}${location.search}#${way}`);
        location.reload();
    } else {
        drop();
        location.assign("/");
    }
}

/** @returns {Entry | null} */
function remembered() {
    for (const name of /** @type {const} */ (["sessionStorage", "localStorage"])) {
        try {
            const found = JSON.parse(storage(name)?.getItem(KEY) ?? "null");
            if (found && typeof found.nick === "string") return found;
        } catch {
            // what is broken is nothing
        }
    }
    return null;
}

/** Passwords are never kept; a token is, as long as the person wishes. @param {Entry} entry */
function remember({nick, account, secret, token, stay}) {
    const kept = storage(token && stay ? "localStorage" : "sessionStorage");
    try {
        storage("localStorage")?.setItem(NICK, nick);
        if (!account || token) kept?.setItem(KEY, JSON.stringify({nick, ...(token && {account, secret, token, stay})}));
    } catch {
        // nothing is kept here, so one logs in each time
    }
}

function forget() {
    storage("sessionStorage")?.removeItem(KEY);
    storage("localStorage")?.removeItem(KEY);
    api.token = "";
}

/** The page opens offline too.  Policies of the browser want to be told that this address is a script of ours. */
async function register() {
    try {
        const types = /** @type {any} */ (window).trustedTypes;
        const policy = types?.createPolicy("sw", {
            createScriptURL: (/** @type {string} */ url) => {
                if (url !== "/sw.js") throw new TypeError("only /sw.js");
                return url;
            },
        });
        await navigator.serviceWorker.register(policy ? policy.createScriptURL("/sw.js") : "/sw.js");
    } catch {
        // not in this browser, or not over plain HTTP: the page does without
    }
}
