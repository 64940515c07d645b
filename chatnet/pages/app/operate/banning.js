// @ts-check
/** Setting a ban of the network, after it was seen whom it hits. */
import {field, frame} from "../dialogs.js";
import {fill, h} from "../dom.js";
import {wrong} from "./office.js";
import {say} from "../words.js";

const LENGTHS = ["1h", "1d", "7d", "30d", ""];
const WAIT = 350;

/**
 * @param {import("./office.js").Office} office
 * @param {{target?: string}} what to begin with
 * @param {() => void} done
 */
export function ban(office, what, done) {
    const target = h("input", {
        maxlength: "300",
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
        value: what.target ?? "",
    });
    const length = h("select", null, ...LENGTHS.map((each) => h("option", {value: each, selected: each === "1d"}, say(`operate.ban.for.${each}`))));
    const reason = h("input", {maxlength: "300", autocomplete: "off"});
    const login = h("input", {type: "checkbox"});
    const hits = h("div", {role: "status"});
    const trouble = h("div");
    const submit = h("button", {type: "submit", class: "button main"}, say("operate.ban.go"));
    const again = h("input", {type: "checkbox"});
    const sure = h("label", {class: "choice", hidden: true}, again, h("span"));
    /** What the last look found, of this target. @type {{of: string, found: any} | null} */
    let seen = null;
    let timer = 0;
    const look = async () => {
        clearTimeout(timer);
        const of = target.value.trim();
        again.checked = false;
        sure.hidden = true;
        seen = null;
        if (!of) return fill(hits);
        try {
            const found = await office.api.get(`/bans/preview?target=${encodeURIComponent(of)}`);
            if (of !== target.value.trim()) return;
            seen = {of, found};
            fill(hits, ...preview(found));
            sure.hidden = !found.many && !found.oneself;
            /** @type {HTMLElement} */ (sure.lastElementChild).textContent = say(
                found.oneself ? "operate.ban.sure.self" : "operate.ban.sure",
                {n: found.hits},
            );
        } catch (error) {
            if (of === target.value.trim()) fill(hits, h("p", {class: "wrong"}, wrong(error)));
        }
    };
    target.addEventListener("input", () => {
        clearTimeout(timer);
        timer = window.setTimeout(look, WAIT);
    });
    const asked = h(
        "form",
        {class: "form", novalidate: true},
        field(say("operate.ban.target"), target, say("operate.ban.target.more")),
        hits,
        h("div", {class: "pair"}, field(say("operate.ban.for"), length), field(say("operate.reason"), reason, say("operate.ban.reason.more"))),
        h("label", {class: "choice field"}, login, say("operate.ban.login")),
        sure,
        trouble,
        h("div", {class: "deeds"}, submit),
    );
    const {close} = frame(say("operate.ban.title"), asked);
    asked.addEventListener("submit", async (event) => {
        event.preventDefault();
        submit.disabled = true;
        const words = await set().finally(() => (submit.disabled = false));
        fill(trouble, words && h("p", {class: "wrong", role: "alert"}, words));
        if (words) return;
        close();
        done();
    });
    look();

    /** @returns {Promise<string>} what is wrong, or "" */
    async function set() {
        const of = target.value.trim();
        if (!of) return say("operate.ban.target.none");
        if (!reason.value.trim()) return say("operate.ban.reason.none");
        if (seen?.of !== of) await look();
        if (!sure.hidden && !again.checked) return say("operate.ban.sure.first");
        const body = {target: of, reason: reason.value.trim(), login: login.checked, force: again.checked};
        try {
            await office.api.post("/bans", {...body, ...(length.value && {duration: length.value})});
        } catch (error) {
            return wrong(error);
        }
        return "";
    }
}

/** @param {any} found */
function preview({id, hits, of, here, nicks}) {
    const kind = hits * 10 > of ? "wrong" : "right";
    const names = nicks.length < hits ? say("names.more", {names: nicks.join(", "), n: hits - nicks.length}) : nicks.join(", ");
    return [
        h(
            "div",
            {class: kind},
            h("b", null, say("operate.ban.hits", {hits, of})),
            h("span", {class: "small"}, hits ? ` ${say("operate.ban.here", {here})} ${names}` : ""),
            h("span", {class: "small mono id"}, id),
        ),
    ];
}
