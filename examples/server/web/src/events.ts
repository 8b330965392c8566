// "/": what is on.

import { get, path } from "./api";
import { h, replace } from "./dom";
import { dayOfMonth, money, monthName, say, weekdayAndTime, type Live } from "./i18n";
import { failPage, openPage } from "./page";
import type { EventSummary } from "./types";

const main = openPage("shop", say("events"), "narrow");

function state(event: EventSummary): { text: Live; tone: string } {
  if (event.sale_status !== "on_sale") return { text: say("not_on_sale"), tone: "off" };
  if (event.free === 0) return { text: say("sold_out"), tone: "off" };
  if (event.free <= Math.max(10, event.capacity / 20)) return { text: say("few_left", { count: event.free }), tone: "few" };
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
      h("time", { datetime: event.starts_at }, h("b", {}, () => dayOfMonth(event.starts_at, event.time_zone)), h("span", {}, () => monthName(event.starts_at, event.time_zone))),
    ),
    h(
      "div",
      { class: "event-card-text" },
      h("h2", {}, h("a", { href: path`/events/${event.id}` }, event.name)),
      h("p", { class: "muted" }, event.venue, " · ", () => weekdayAndTime(event.starts_at, event.time_zone)),
      h("p", { class: `availability ${tone}` }, text),
    ),
    price && h("p", { class: "event-card-price" }, h("span", { class: "muted" }, say("from")), h("strong", {}, () => money(price))),
  );
}

try {
  const list = h("ul", { class: "event-list" });
  const more = h("p", { class: "more" });
  let total = 0;
  const load = async (cursor?: string): Promise<void> => {
    const page = await get<{ events: EventSummary[]; next?: string }>(`/v1/events?limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    total += page.events.length;
    list.append(...page.events.sort((a, b) => a.starts_at.localeCompare(b.starts_at)).map(card));
    const next = page.next;
    replace(more, next && h("button", { class: "button quiet", type: "button", on: { click: () => void load(next) } }, say("more_events")));
  };
  await load();
  replace(main, h("div", { class: "hero" }, h("h1", {}, say("whats_on")), h("p", { class: "lead" }, say("shop_lead"))), total ? list : h("p", { class: "empty" }, say("no_events")), more);
} catch (error) {
  failPage(main, error);
}
