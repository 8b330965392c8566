// "/events/{event}": what it is, and choosing places.

import { get, path } from "./api";
import { h, replace } from "./dom";
import { dateTime, money, say, t } from "./i18n";
import { forgetHold, keepHold, keptHold } from "./kept";
import { failPage, notice, openPage, setTitle } from "./page";
import { Picker, priceList } from "./picker";
import { SalePanel } from "./sale-panel";
import { serverNow } from "./api";
import type { EventDetails, Hold } from "./types";

const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const main = openPage("shop", say("event"), "event-page");

function feesText(event: EventDetails): string {
  const { per_ticket, per_order } = event.fees;
  const some = (fee: typeof per_ticket) => fee !== undefined && Number(fee.amount) > 0;
  return [
    some(per_ticket) && t("fee_per_ticket", { price: money(per_ticket!) }),
    some(per_order) && t("fee_per_order", { price: money(per_order!) }),
  ]
    .filter(Boolean)
    .join(", ");
}

function head(event: EventDetails): HTMLElement {
  return h(
    "div",
    { class: "event-head" },
    h("p", { class: "crumb" }, h("a", { href: "/" }, say("all_events"))),
    h("h1", {}, event.name),
    h(
      "p",
      { class: "event-facts" },
      h("time", { datetime: event.starts_at }, () => dateTime(event.starts_at, event.time_zone)),
      h("span", {}, event.venue),
    ),
  );
}

const checkoutAddress = (hold: Hold): string =>
  `/checkout?event=${encodeURIComponent(hold.event)}&hold=${encodeURIComponent(hold.id)}`;

/** The hold that this tab made, if the server still knows it. */
async function openHold(event: string): Promise<Hold | null> {
  const kept = keptHold(event);
  if (!kept || Date.parse(kept.expires_at) <= serverNow()) return null;
  try {
    const hold = await get<Hold>(path`/v1/events/${event}/holds/${kept.id}`, { token: kept.token });
    return { ...kept, ...hold, token: kept.token };
  } catch {
    forgetHold(event);
    return null;
  }
}

try {
  const event = await get<EventDetails>(path`/v1/events/${id}`);
  setTitle(() => event.name);
  const prices = h(
    "details",
    { class: "card prices" },
    h("summary", {}, say("all_prices")),
    priceList(event),
    h("p", { class: "hint" }, () => feesText(event)),
  );
  if (event.sale_status !== "on_sale") {
    replace(main, head(event), notice("note", say("not_on_sale_now")), prices);
  } else {
    const panel = new SalePanel(event, {
      listHeld: true,
      heldActions: (hold) =>
        h("a", { class: "button primary wide", href: checkoutAddress(hold) }, say("to_checkout")),
      held: keepHold,
      ended: (hold) => forgetHold(hold.event),
    });
    const picker = await Picker.load(event, {
      mode: "choose",
      changed: () => panel.picker && panel.changed(),
      lost: (labels) => panel.lost(labels),
    });
    panel.attach(picker);
    replace(
      main,
      head(event),
      h(
        "div",
        { class: "event-body" },
        h("div", { class: "event-main" }, picker.element, prices),
        panel.element,
      ),
    );
    const hold = await openHold(event.id);
    if (hold) panel.showHold(hold);
    // A page brought back from the browser's memory shows the state of then.
    addEventListener("pageshow", (shown) => shown.persisted && location.reload());
  }
} catch (error) {
  failPage(main, error);
}
