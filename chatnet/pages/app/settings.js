// @ts-check
/**
 * How one likes it: kept in this browser for guests, and with the account for who has one (`PATCH /me`).
 * What is read from outside is judged key by key, so that a broken or hostile value changes nothing.
 */

/**
 * @typedef {object} Values
 * @property {string} theme
 * @property {string} density
 * @property {string} clock
 * @property {boolean} typing
 * @property {string} joins
 * @property {boolean} notify
 * @property {boolean} sound
 * @property {string} words that are for me, beside my nick
 * @property {string} quietFrom "22:00"
 * @property {string} quietTo
 * @property {Record<string, string>} levels of channels and talks
 * @property {string[]} order of channels
 * @property {boolean} people whether they are shown
 */

/** @type {Readonly<Values>} */
export const DEFAULTS = Object.freeze({
    theme: "system",
    density: "cosy",
    clock: "locale",
    typing: true,
    joins: "fold",
    notify: false,
    sound: false,
    words: "",
    quietFrom: "",
    quietTo: "",
    levels: {},
    order: [],
    people: true,
});

const CHOICES = /** @type {Record<string, readonly string[]>} */ ({
    theme: ["system", "light", "dark"],
    density: ["cosy", "compact"],
    clock: ["locale", "24", "12"],
    joins: ["fold", "show", "hide"],
});

const KEY = "chatnet.settings";
const MOST = 4096;

/** Facts: a `change` event (detail: the key) after each change. */
export class Settings extends EventTarget {
    /** @type {Values} */
    values = {...DEFAULTS};

    /** @param {Storage | null} store where they are kept, if the browser lets us */
    constructor(store) {
        super();
        this.store = store;
        /** Called with the JSON after a change by the person, to be kept with the account. @type {((json: string) => void) | null} */
        this.keep = null;
        try {
            this.take(store?.getItem(KEY) ?? "");
        } catch {
            // a browser that forbids storage: the defaults hold
        }
    }

    /**
     * Take values that were kept somewhere; what is no fit value is left as it was.
     * @param {string} json
     */
    take(json) {
        let given;
        try {
            given = JSON.parse(json);
        } catch {
            return;
        }
        if (typeof given !== "object" || given === null) return;
        for (const [key, value] of Object.entries(given))
            if (fits(key, value)) this.values = {...this.values, [key]: value};
        this.dispatchEvent(new CustomEvent("change", {detail: ""}));
    }

    /**
     * @template {keyof Values} K
     * @param {K} key
     * @param {Values[K]} value
     */
    set(key, value) {
        this.values = {...this.values, [key]: value};
        const json = JSON.stringify(this.values);
        try {
            this.store?.setItem(KEY, json);
        } catch {
            // full, or forbidden: they hold until the page is closed
        }
        if (json.length <= MOST) this.keep?.(json);
        this.dispatchEvent(new CustomEvent("change", {detail: key}));
    }

    /** @param {string} folded a channel or nick, folded @returns {string} "all", "mentions" or "nothing" */
    level(folded) {
        return this.values.levels[folded] ?? "all";
    }
}

/** @param {string} key @param {unknown} value */
function fits(key, value) {
    if (!Object.hasOwn(DEFAULTS, key)) return false;
    if (CHOICES[key]) return CHOICES[key].includes(/** @type {string} */ (value));
    const usual = DEFAULTS[/** @type {keyof Values} */ (key)];
    if (Array.isArray(usual)) return Array.isArray(value) && value.every((each) => typeof each === "string");
    if (typeof usual === "object")
        return (
            typeof value === "object" &&
            value !== null &&
            Object.values(value).every((each) => typeof each === "string")
        );
    return typeof value === typeof usual;
}

/**
 * Show theme, density, and how long times are, on the page.
 * @param {Settings} settings
 */
export function dress(settings) {
    const root = document.documentElement;
    if (settings.values.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = settings.values.theme;
    root.dataset.density = settings.values.density;
    const {clock} = settings.values;
    const usual = () => new Intl.DateTimeFormat(undefined, {hour: "numeric"}).resolvedOptions().hour12;
    root.dataset.times = clock === "12" || (clock === "locale" && usual()) ? "long" : "short"; // AM and PM take room
}

/** The browser's storage, or null where it is forbidden. @param {"localStorage" | "sessionStorage"} name @returns {Storage | null} */
export function storage(name) {
    try {
        return window[name];
    } catch {
        return null;
    }
}
