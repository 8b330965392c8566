// Signing in with an API key. The key lives in session storage: it leaves with the tab.

import { get, Problem } from "./api";
import { allEvents, isOver } from "./calendar";
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

const allows = ({ scopes }: Me, scope: Scope): boolean =>
  scopes.includes("admin") || scopes.includes(scope) || (scope === "seller" && scopes.includes("box_office"));

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
    const input = h("input", {
      type: "password",
      name: "key",
      autocomplete: "off",
      required: true,
      spellcheck: "false",
      maxlength: 200,
    });
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
    if (trouble && !(trouble instanceof Problem && trouble.status === 401))
      board.show("note", () => explain(trouble));
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
  return {
    key,
    bar: h(
      "p",
      { class: "staff-bar" },
      me.name ? say("signed_in_as", { name: me.name }) : say("signed_in"),
      leave,
    ),
  };
}

/** Which event to work with: the one in the address, which remembers it, or the next performance. */
export async function chooseEvent(changed: (id: string) => void): Promise<HTMLElement> {
  const events = await allEvents();
  if (!events.length) return notice("note", say("no_events_yet"));
  const wanted = new URLSearchParams(location.search).get("event");
  const first = wanted === null ? events[0] : events.find(({ id }) => id === wanted);
  const board = new NoticeBoard();
  const one = (event: EventSummary): HTMLElement =>
    option(
      event.id,
      () => `${event.name} · ${shortDateTime(event.starts_at, event.time_zone)}`,
      event === first,
    );
  const change = (): void => {
    board.clear();
    none?.remove();
    history.replaceState(null, "", `?event=${encodeURIComponent(select.value)}`);
    changed(select.value);
  };
  // Another event than the one asked for would be sold, or let in, by mistake.
  const none = first ? null : option("", say("choose_event"), true);
  const past = events.filter(isOver);
  const select = h(
    "select",
    { on: { change } },
    none,
    events.filter((event) => !isOver(event)).map(one),
    past.length > 0 && h("optgroup", { label: say("events_over") }, past.map(one)),
  );
  if (first) queueMicrotask(() => changed(first.id));
  else board.show("bad", say("event_unknown", { name: wanted ?? "" }));
  return h("div", {}, field(say("event"), select), board.element);
}
