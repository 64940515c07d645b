// @ts-check
/** Making elements.  Text becomes text and never markup: there is no way here to give a string of HTML. */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An element: `h("button", {class: "tool", onclick: go, "aria-label": "Send"}, icon("send"))`.
 * Functions become listeners, true an empty attribute; false, null and undefined leave one out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any> | null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(props ?? {})) {
        if (value === null || value === undefined || value === false) continue;
        if (typeof value === "function") made.addEventListener(name.slice(2), value);
        else if (name === "class") made.className = String(value);
        else if (name === "value" && "value" in made) /** @type {any} */ (made).value = value;
        else if (name === "checked") /** @type {any} */ (made).checked = Boolean(value);
        else if (name.startsWith("on") || name === "style") throw new Error(`${name} is no attribute for this page`);
        else made.setAttribute(name, value === true ? "" : String(value));
    }
    made.append(...kept(children));
    return made;
}

/**
 * Other children than before.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
    element.replaceChildren(...kept(children));
}

/** @param {Child[]} children @returns {(Node | string)[]} */
function kept(children) {
    return /** @type {(Node | string)[]} */ (children.filter((each) => each || each === ""));
}

const SHAPES = /** @type {Record<string, string>} */ ({
    back: "M15 5l-7 7 7 7",
    bell: "M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15zM10 21h4",
    check: "M5 12.500l4.500 4.500L19 7.500",
    close: "M6 6l12 12M18 6L6 18",
    copy: "M9 9h10v11H9zM15 9V5H5v11h4",
    down: "M12 5v14M6 13l6 6 6-6",
    gear: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
    hash: "M5 9.500h15M4 14.500h15M10 4L8 20M16 4l-2 16",
    help: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18M9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.700.400-1 .800-1 1.700M12 16.500v.200",
    invite: "M10 4a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7M3.500 20c0-4 2.500-6 6.500-6s6.500 2 6.500 6M19 8v6M16 11h6",
    leave: "M14 4H6v16h8M10 12h11M17.500 8.500L21 12l-3.500 3.500",
    lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
    more: "M12 5.500v.100M12 12v.100M12 18.500v.100",
    mute: "M6 16V11a6 6 0 0 1 9-5.200M18 11v5l1.500 2h-11M10 21h4M4 4l16 16",
    operate: "M4 5h16v6H4zM4 13h16v6H4zM7.500 8v.100M7.500 16v.100M11 8h6M11 16h6",
    people: "M9 5a3.200 3.200 0 1 1 0 6.400A3.200 3.200 0 0 1 9 5M3 19c0-3.500 2.200-5.300 6-5.300s6 1.800 6 5.300M16 5.400a3 3 0 0 1 0 5.700M18 14.200c2 .600 3 2.200 3 4.800",
    plus: "M12 5v14M5 12h14",
    react: "M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M9 9.500v.200M15 9.500v.200M8.500 14c1.800 2.700 5.200 2.700 7 0",
    reply: "M9 6L4 11l5 5M4.500 11H14c4 0 6 2.500 6 7",
    search: "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13M15.500 15.500L20 20",
    send: "M5 12h13M12.500 6l6 6-6 6",
    split: "M4 12h4l3-5M13 17l3-5h4M18 9l3 3-3 3",
    swap: "M4 9h14M14.500 5.500L18 9l-3.500 3.500M20 15H6M9.500 11.500L6 15l3.500 3.500",
    warn: "M12 4.500l8.500 15h-17zM12 10v4.500M12 17v.100",
    trash: "M5 7h14M9.500 7V4.500h5V7M7 7l1 13h8l1-13",
});

/**
 * A drawing that readers of screens do not see; what it stands in has a name.
 * @param {string} name
 */
export function icon(name) {
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawing.setAttribute("viewBox", "0 0 24 24");
    drawing.setAttribute("class", "icon");
    drawing.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[name] ?? "");
    drawing.append(path);
    return drawing;
}

/**
 * A small button with a drawing, and a name that is read and shown.
 * @param {string} drawing
 * @param {string} name
 * @param {(event: MouseEvent) => void} onclick
 * @param {Record<string, any>} [more]
 */
export function tool(drawing, name, onclick, more) {
    const {class: extra, ...rest} = more ?? {};
    return h(
        "button",
        {type: "button", class: `tool ${extra ?? ""}`.trim(), "aria-label": name, title: name, onclick, ...rest},
        icon(drawing),
    );
}

/**
 * A button with words.
 * @param {string} words
 * @param {(event: MouseEvent) => void} onclick
 * @param {string} [kind] "main", "danger", "link"
 */
export function button(words, onclick, kind) {
    return h(
        "button",
        {type: "button", class: kind === "link" ? "link" : `button ${kind ?? ""}`.trim(), onclick},
        words,
    );
}

/**
 * The element of the page with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function at(id) {
    const found = document.getElementById(id);
    if (!found) throw new Error(`the page has no #${id}`);
    return found;
}

/**
 * Whether a key belongs to who composes a letter.  (Of the key that ends it Safari says so by its code alone.)
 * @param {KeyboardEvent} event
 */
export function composing(event) {
    return event.isComposing || event.keyCode === 229;
}
