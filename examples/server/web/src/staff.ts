// Signing in with an API key. The key lives in session storage: it leaves with the tab.

import { get, Problem } from "./api";
import { field, h, option, replace } from "./dom";
import { say, shortDateTime, t } from "./i18n";
import { forgetKey, keepKey, keptKey } from "./kept";
import { busy, explain, notice, NoticeBoard } from "./page";
import type { EventSummary } from "./types";

export type Scope = "seller" | "box_office" | "gate" | "admin";

interface Me {
  scopes: string[];
  name?: string;
}

const allows = ({ scopes }: Me, scope: Scope): boolean => scopes.includes("admin") || scopes.includes(scope) || (scope === "seller" && scopes.includes("box_office"));

export interface Staff {
  key: string;
  /** Who is signed in, and a way out. */
  bar: HTMLElement;
}

/** Shows the way in until there is a key with that scope. */
export async function signIn(main: HTMLElement, title: () => string, scope: Scope): Promise<Staff> {
  const kept = keptKey();
  let trouble: unknown = null;
  if (kept) {
    try {
      const me = await get<Me>("/v1/me", { key: kept });
      if (allows(me, scope)) return staff(kept, me);
      trouble = new Error(t("key_not_enough", { scope: t(`scope_${scope}`) }));
    } catch (error) {
      trouble = error;
    }
  }
  return new Promise((done) => {
    const board = new NoticeBoard();
    const input = h("input", { type: "password", name: "key", autocomplete: "off", required: true, spellcheck: "false", maxlength: 200 });
    const button = h("button", { type: "submit", class: "button primary wide" }, say("sign_in"));
    const form = h(
      "form",
      {
        class: "card sign-in",
        on: {
          submit: (event) => {
            event.preventDefault();
            void busy(button, board, async () => {
              const key = input.value.trim();
              const me = await get<Me>("/v1/me", { key });
              if (!allows(me, scope)) throw new Error(t("key_not_enough", { scope: t(`scope_${scope}`) }));
              keepKey(key);
              done(staff(key, me));
            });
          },
        },
      },
      h("h1", {}, title),
      h("p", { class: "muted" }, say("sign_in_hint", {})),
      field(say("api_key"), input),
      board.element,
      button,
    );
    replace(main, form);
    if (trouble && !(trouble instanceof Problem && trouble.status === 401)) board.show("note", () => explain(trouble));
    input.focus();
  });
}

function staff(key: string, me: Me): Staff {
  const leave = h(
    "button",
    {
      type: "button",
      class: "button quiet small",
      on: {
        click: () => {
          forgetKey();
          location.reload();
        },
      },
    },
    say("sign_out"),
  );
  return { key, bar: h("p", { class: "staff-bar" }, me.name ? say("signed_in_as", { name: me.name }) : say("signed_in"), leave) };
}

/** All events, page by page. */
export async function allEvents(): Promise<EventSummary[]> {
  const events: EventSummary[] = [];
  let next: string | undefined;
  do {
    const page: { events: EventSummary[]; next?: string } = await get(`/v1/events?limit=50${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
    events.push(...page.events);
    next = page.next;
  } while (next && events.length < 2000);
  return events;
}

/** Which event to work with; the address remembers it. */
export async function chooseEvent(changed: (id: string) => void): Promise<HTMLElement> {
  const events = await allEvents();
  if (!events.length) return notice("note", say("no_events_yet"));
  const wanted = new URLSearchParams(location.search).get("event");
  const first = events.find(({ id }) => id === wanted) ?? events[0]!;
  const select = h(
    "select",
    {
      on: {
        change: () => {
          history.replaceState(null, "", `?event=${encodeURIComponent(select.value)}`);
          changed(select.value);
        },
      },
    },
    events.map((event) => option(event.id, () => `${event.name} · ${shortDateTime(event.starts_at, event.time_zone)}`, event === first)),
  );
  queueMicrotask(() => changed(first.id));
  return field(say("event"), select);
}
