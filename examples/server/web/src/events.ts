// "/": what is on.

import { path } from "./api";
import { allEvents, isOver } from "./calendar";
import { h, replace } from "./dom";
import { dayOfMonth, money, monthName, say, weekdayAndTime, type Live } from "./i18n";
import { failPage, openPage } from "./page";
import type { EventSummary } from "./types";

const main = openPage("shop", say("events"), "narrow");
const shownAtOnce = 50;

function state(event: EventSummary): { text: Live; tone: string } {
  if (event.sale_status !== "on_sale") return { text: say("not_on_sale"), tone: "off" };
  if (event.free === 0) return { text: say("sold_out"), tone: "off" };
  if (event.free <= Math.max(10, event.capacity / 20))
    return { text: say("few_left", { count: event.free }), tone: "few" };
  return { text: say("free_places", { count: event.free }), tone: "free" };
}

function card(event: EventSummary): HTMLElement {
  const { text, tone } = state(event);
  const price = event.from_price;
  return h(
    "li",
    { class: "event-card" },
    h(
      "p",
      { class: "date-leaf" },
      h(
        "time",
        { datetime: event.starts_at },
        h("b", {}, () => dayOfMonth(event.starts_at, event.time_zone)),
        h("span", {}, () => monthName(event.starts_at, event.time_zone)),
      ),
    ),
    h(
      "div",
      { class: "event-card-text" },
      h("h2", {}, h("a", { href: path`/events/${event.id}` }, event.name)),
      h("p", { class: "muted" }, event.venue, " · ", () => weekdayAndTime(event.starts_at, event.time_zone)),
      h("p", { class: `availability ${tone}` }, text),
    ),
    price &&
      h(
        "p",
        { class: "event-card-price" },
        h("span", { class: "muted" }, say("from")),
        h("strong", {}, () => money(price)),
      ),
  );
}

try {
  const events = (await allEvents()).filter((event) => !isOver(event));
  const list = h("ul", { class: "event-list" });
  const more = h("p", { class: "more" });
  const show = (from: number): void => {
    list.append(...events.slice(from, from + shownAtOnce).map(card));
    const next = from + shownAtOnce;
    const click = (): void => show(next);
    const button = h("button", { class: "button quiet", type: "button", on: { click } }, say("more_events"));
    replace(more, next < events.length && button);
  };
  show(0);
  const hero = h(
    "div",
    { class: "hero" },
    h("h1", {}, say("whats_on")),
    h("p", { class: "lead" }, say("shop_lead")),
  );
  replace(main, hero, events.length ? list : h("p", { class: "empty" }, say("no_events")), more);
} catch (error) {
  failPage(main, error);
}
