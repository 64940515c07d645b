/**
 * The API of the server: JSON over HTTP.  Refusals are problems (RFC 9457).
 */

/** @typedef {{pointer: string, detail: string}} Mistake */

/** What the server says no with. */
export class Problem extends Error {
    /**
     * @param {number} status  0: there was no answer
     * @param {Record<string, unknown>} body
     */
    constructor(status, body) {
        const text = (/** @type {string} */ key) => (typeof body[key] === "string" ? /** @type {string} */ (body[key]) : "");
        super(text("detail") || text("title") || `HTTP ${status}`);
        this.name = "Problem";
        this.status = status;
        /** The last word of its type: `cannot-send`. */
        this.type = text("type").split("/").pop() ?? "";
        this.title = text("title");
        this.detail = text("detail");
        this.numeric = text("numeric");
        /** @type {Mistake[]} */
        this.errors = Array.isArray(body.errors) ? body.errors : [];
        /** Seconds after which to try again; 0: not told. */
        this.after = 0;
    }
}

/** Seconds to wait at most, where the server says that there were too many requests, before one is made again. */
const PATIENCE = 15;

/**
 * @typedef {object} Call
 * @property {{name: string, password: string}} [basic]  instead of the token
 * @property {string} [once]  so that a call that is made again does what it does once
 * @property {AbortSignal} [signal]
 */

export class Api {
    /**
     * @param {string} [base]  where it is, `/api/v1`
     * @param {string} [token]
     * @param {typeof fetch} [ask]
     * @param {(seconds: number) => Promise<unknown>} [pause]
     */
    constructor(base = "/api/v1", token = "", ask = (...args) => fetch(...args), pause = later) {
        this._base = base.replace(/\/$/, "");
        this._ask = ask;
        this._pause = pause;
        /** Calls that came too soon are made again one after the other: here is when the last of them has been. */
        this._again = Promise.resolve();
        this.token = token;
    }

    /**
     * @param {string} path
     * @param {Call} [call]
     * @returns {Promise<any>}
     */
    get(path, call) {
        return this._call("GET", path, undefined, call);
    }

    /**
     * @param {string} path
     * @param {object} [body]
     * @param {Call} [call]
     * @returns {Promise<any>}
     */
    post(path, body, call) {
        return this._call("POST", path, body, call);
    }

    /**
     * @param {string} path
     * @param {object} [body]
     * @param {Call} [call]
     * @returns {Promise<any>}
     */
    put(path, body, call) {
        return this._call("PUT", path, body, call);
    }

    /**
     * @param {string} path
     * @param {object} body
     * @param {Call} [call]
     * @returns {Promise<any>}
     */
    patch(path, body, call) {
        return this._call("PATCH", path, body, call);
    }

    /**
     * @param {string} path
     * @param {Call} [call]
     * @returns {Promise<any>}
     */
    del(path, call) {
        return this._call("DELETE", path, undefined, call);
    }

    /**
     * One that comes too soon (429: nothing was done) is made once more, when the server wants it; others stand
     * behind it meanwhile.
     * @param {string} method
     * @param {string} path
     * @param {object|undefined} body
     * @param {Call} [call]
     */
    async _call(method, path, body, call) {
        await this._again;
        try {
            return await this._once(method, path, body, call);
        } catch (error) {
            const {status, after} = /** @type {Problem} */ (error);
            if (status !== 429 || !after || after > PATIENCE) {
                throw error;
            }
            const again = this._again.then(async () => {
                await this._pause(after);
                return this._once(method, path, body, call);
            });
            this._again = again.catch(() => {});
            return again;
        }
    }

    /**
     * @param {string} method
     * @param {string} path
     * @param {object|undefined} body
     * @param {Call} [call]
     */
    async _once(method, path, body, {basic, once, signal} = {}) {
        /** @type {Record<string, string>} */
        const headers = {Accept: "application/json"};
        if (body !== undefined) {
            headers["Content-Type"] = "application/json";
        }
        if (basic) {
            headers.Authorization = `Basic ${base64(`${basic.name}:${basic.password}`)}`;
        } else if (this.token) {
            headers.Authorization = `Bearer ${this.token}`;
        }
        if (once) {
            headers["Idempotency-Key"] = once;
        }
        /** @type {Response} */
        let response;
        try {
            response = await this._ask(this._base + path, {
                method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "omit",
                cache: "no-store", redirect: "error", signal,
            });
        } catch (error) {
            throw new Problem(0, {title: error instanceof Error ? error.message : String(error)});
        }
        const found = await json(response);
        if (!response.ok) {
            const problem = new Problem(response.status, found && typeof found === "object" ? found : {});
            problem.after = Number(response.headers.get("Retry-After")) || 0;
            throw problem;
        }
        const next = /<[^>]*?\/api\/v1(\/[^>]*)>\s*;\s*rel="next"/.exec(response.headers.get("Link") ?? "");
        if (next && found && typeof found === "object") {
            found.next = next[1]; // the path of the page that follows
        }
        return found;
    }
}

/** @param {number} seconds */
export function later(seconds) {
    return new Promise((done) => setTimeout(done, seconds * 1000));
}

/**
 * @param {Response} response
 * @returns {Promise<any>}
 */
async function json(response) {
    const text = await response.text();
    try {
        return text ? JSON.parse(text) : null;
    } catch {
        return null;
    }
}

/**
 * UTF-8 in base64.
 * @param {string} text
 */
export function base64(text) {
    return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/**
 * A name as it stands in a path.
 * @param {string} name
 */
export function segment(name) {
    return encodeURIComponent(name);
}
