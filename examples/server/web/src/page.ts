// What every page has: header, language switch, main, footer, a voice for screen readers, and how a "no" is
// told.

import { Problem } from "./api";
import { h, replace, type Child } from "./dom";
import { follow, isKey, language, say, setLanguage, shortDateTime, t, type Key, type Live } from "./i18n";

type Place = "shop" | "box-office" | "gate" | "admin" | "api";

const staffLinks: [Place, string, Key][] = [
  ["box-office", "/box-office", "box_office"],
  ["gate", "/gate", "gate"],
  ["admin", "/admin", "administration"],
  ["api", "/api", "for_developers"],
];

function mark(): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("aria-hidden", "true");
  const ticket = document.createElementNS(space, "path");
  ticket.setAttribute("class", "mark-ticket");
  ticket.setAttribute(
    "d",
    "M5 7h22a2 2 0 0 1 2 2v4a3 3 0 0 0 0 6v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4a3 3 0 0 0 0-6V9a2 2 0 0 1 2-2z",
  );
  const check = document.createElementNS(space, "path");
  check.setAttribute("class", "mark-check");
  check.setAttribute("d", "m10.5 16.5 4 4 7-8.5");
  svg.append(ticket, check);
  return svg;
}

function languageSwitch(): HTMLElement {
  const button = (tag: "en" | "uk", text: string, name: string) => {
    const element = h(
      "button",
      {
        type: "button",
        lang: tag,
        "aria-label": `${text} – ${name}`,
        title: name,
        on: { click: () => setLanguage(tag) },
      },
      text,
    );
    follow(element, (node) => node.setAttribute("aria-pressed", String(language() === tag)));
    return element;
  };
  return h(
    "div",
    { class: "languages", role: "group", "aria-label": say("language") },
    button("en", "EN", "English"),
    button("uk", "УКР", "Українська"),
  );
}

const voice = h("div", { class: "unseen", role: "status", "aria-live": "polite" });

/** Says it to those who listen to the page. */
export function announce(text: string): void {
  voice.textContent = "";
  // A live region speaks on change: the same text twice must be two changes.
  requestAnimationFrame(() => (voice.textContent = text));
}

export function setTitle(title: Live): void {
  follow(document.documentElement, () => (document.title = `${title()} · ${t("shop_name")}`));
}

/** Builds the page around its main element, which is returned. */
export function openPage(place: Place, title: Live, className = ""): HTMLElement {
  setTitle(title);
  const main = h("main", { id: "main", class: `page ${className}`, tabindex: -1 });
  const staff = place !== "shop" && place !== "api";
  const header = h(
    "header",
    { class: "site-header" },
    h("a", { class: "skip", href: "#main" }, say("skip_to_content")),
    h(
      "div",
      { class: "site-header-in" },
      h("a", { class: "brand", href: "/" }, mark(), h("span", {}, say("shop_name"))),
      staff &&
        h(
          "nav",
          { class: "staff-nav", "aria-label": say("staff") },
          staffLinks
            .slice(0, 3)
            .map(([id, href, key]) =>
              h("a", { href, "aria-current": id === place ? "page" : undefined }, say(key)),
            ),
        ),
      languageSwitch(),
    ),
  );
  const footer = h(
    "footer",
    { class: "site-footer" },
    h(
      "div",
      { class: "site-footer-in" },
      h("p", {}, say("shop_footer")),
      h(
        "nav",
        { "aria-label": say("staff_and_developers") },
        staffLinks.map(([, href, key]) => h("a", { href }, say(key))),
      ),
    ),
  );
  document.body.append(header, main, footer, voice);
  return main;
}

/** The dictionary's key for the refusal, if it has one. */
function textOf({ reason, body }: Problem): string {
  // A limit is that of wheelchair places: of those the most that adjoin isn't known.
  if (reason === "not_enough_adjoining" && body.limit) return "not_enough_for_wheelchairs";
  if (reason === "not_enough_adjoining" && !body.available) return "none_adjoining";
  return `reason_${reason}`;
}

/** What a refusal means to the person in front of the page. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error);
  const { body } = error;
  const key = textOf(error);
  if (!isKey(key))
    return body.errors?.length
      ? body.errors.map(({ pointer, message }) => `${pointer}: ${message}`).join("; ")
      : error.message;
  return t(key, {
    places: (body.places ?? []).join(", "),
    limit: body.limit ?? "",
    asked: body.asked ?? "",
    available: body.available ?? 0,
    where: body.where ?? "",
    at: body.at ? shortDateTime(body.at) : "",
    detail: body.detail ?? "",
  });
}

export type Tone = "bad" | "good" | "note";

/** A message in the flow of the page; bad ones are read out at once. */
export function notice(tone: Tone, text: Child, ...more: Child[]): HTMLElement {
  return h(
    "div",
    { class: `notice ${tone}`, role: tone === "bad" ? "alert" : "status" },
    h("p", {}, text),
    more,
  );
}

/** A place for the latest message. */
export class NoticeBoard {
  readonly element = h("div", { class: "notices" });
  show(tone: Tone, text: Child, ...more: Child[]): void {
    replace(this.element, notice(tone, text, ...more));
    this.element.scrollIntoView({ block: "nearest" });
  }
  problem(error: unknown): void {
    console.info(error);
    this.show("bad", () => explain(error));
  }
  clear(): void {
    this.element.replaceChildren();
  }
}

/** Runs work with the button out of reach, so that a second press can't send it twice. */
export async function busy(
  button: HTMLButtonElement,
  board: NoticeBoard,
  work: () => Promise<void>,
): Promise<void> {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  board.clear();
  try {
    await work();
  } catch (error) {
    board.problem(error);
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

/** The page's main part when nothing can be shown. */
export function failPage(main: HTMLElement, error: unknown): void {
  replace(
    main,
    h("h1", {}, say(error instanceof Problem && error.status === 404 ? "not_here" : "something_wrong")),
    notice("bad", () => explain(error)),
    h("p", {}, h("a", { href: "/" }, say("to_all_events"))),
  );
}
