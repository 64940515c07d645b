// @ts-check
/**
 * What happens, as the API streams it: server-sent events, read by `fetch`, because an EventSource sends no token.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
import {Problem} from "../api.js";

/**
 * Hear until it ends.
 * @param {string} address
 * @param {string} token
 * @param {(event: any) => void} hear
 * @param {AbortSignal} signal
 */
export async function read(address, token, hear, signal) {
    const headers = {Accept: "text/event-stream", Authorization: `Bearer ${token}`};
    const answer = await fetch(address, {headers, credentials: "omit", cache: "no-store", signal});
    if (!answer.ok || !answer.body) {
        const problem = new Problem(answer.status, await answer.json().catch(() => ({})));
        problem.after = Number(answer.headers.get("Retry-After")) || 0;
        throw problem;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
        const {value, done} = await reader.read();
        if (done) return;
        const parts = (rest + value).split("\n\n");
        rest = parts.pop() ?? "";
        for (const part of parts) {
            const data = part.split("\n").filter((line) => line.startsWith("data:"));
            if (data.length) hear(JSON.parse(data.map((line) => line.slice(5)).join("\n")));
        }
    }
}
