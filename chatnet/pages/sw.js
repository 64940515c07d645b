// @ts-check
/**
 * Keeps the page and the modules of one version, so that it opens without a network.  What is under /app/HASH/ never
 * changes; the page itself is asked for first and taken from here only if nobody answers.
 */
const NAME = "chatnet";
const scope = /** @type {any} */ (self);

scope.addEventListener("install", () => scope.skipWaiting());
scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (/** @type {any} */ event) => {
    const {request} = event;
    const {origin, pathname} = new URL(request.url);
    if (request.method !== "GET" || origin !== scope.location.origin) return;
    if (request.mode === "navigate" && (pathname === "/" || /^\/(c|operate)(\/|$)/.test(pathname)))
        event.respondWith(page(request));
    else if (/^\/app\/[^/]+\/./.test(pathname)) event.respondWith(part(request));
});

/** @param {Request} request */
async function page(request) {
    const cache = await caches.open(NAME);
    try {
        const answer = await fetch(request);
        if (answer.ok) await cache.put("/", answer.clone());
        return answer;
    } catch (error) {
        const kept = await cache.match("/");
        if (kept) return kept;
        throw error;
    }
}

/** @param {Request} request */
async function part(request) {
    const cache = await caches.open(NAME);
    const kept = await cache.match(request);
    if (kept) return kept;
    const answer = await fetch(request);
    if (!answer.ok) return answer;
    const version = (/** @type {string} */ url) => new URL(url).pathname.split("/")[2];
    for (const other of await cache.keys())
        if (other.url.includes("/app/") && version(other.url) !== version(request.url)) await cache.delete(other);
    await cache.put(request, answer.clone());
    return answer;
}
