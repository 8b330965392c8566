// "/orders/{event}/{order}?token=": the tickets, to show at the door or to print.

import { get, path } from "./api";
import { h, replace } from "./dom";
import { dateTime, money, paymentMethod, say, shortDateTime, t, ticketType } from "./i18n";
import { placeText } from "./place-text";
import { failPage, notice, openPage, setTitle } from "./page";
import type { EventDetails, Order, Ticket } from "./types";

const [, , eventId = "", orderId = ""] = location.pathname.split("/").map(decodeURIComponent);
const token = new URLSearchParams(location.search).get("token") ?? undefined;
const main = openPage("shop", say("your_order"), "order-page");

const imageAddress = (ticket: Ticket, order: Order): string =>
  ticket.svg.includes("token=")
    ? ticket.svg
    : `${ticket.svg}?token=${encodeURIComponent(token ?? order.token)}`;

const where = (ticket: Ticket): string => placeText({ ...ticket, label: ticket.place });

function ticketCard(ticket: Ticket, order: Order, categoryName: string): HTMLElement {
  const state =
    ticket.status === "refunded"
      ? say("ticket_refunded")
      : ticket.status === "admitted"
        ? () =>
            t("ticket_admitted", {
              at: ticket.admitted_at ? shortDateTime(ticket.admitted_at) : "",
              where: ticket.gate ?? "",
            })
        : null;
  return h(
    "li",
    { class: `ticket ${ticket.status}` },
    ticket.status === "refunded"
      ? h("div", { class: "ticket-void", "aria-hidden": "true" }, "—")
      : h("img", {
          src: imageAddress(ticket, order),
          alt: () => t("ticket_image", { place: where(ticket) }),
          class: "ticket-image",
          loading: "lazy",
        }),
    h(
      "div",
      { class: "ticket-text" },
      h("h3", {}, () => where(ticket)),
      h(
        "p",
        { class: "muted" },
        () => `${ticketType(ticket.ticket_type)}, ${categoryName} · ${money(ticket.price)}`,
      ),
      state && h("p", { class: "ticket-state" }, state),
    ),
  );
}

try {
  const [order, event] = await Promise.all([
    get<Order>(path`/v1/events/${eventId}/orders/${orderId}`, { token }),
    get<EventDetails>(path`/v1/events/${eventId}`),
  ]);
  setTitle(() => t("order_number", { number: String(order.number) }));
  const categoryName = (key: string) =>
    event.categories.find((category) => category.key === key)?.label || key;
  const line = (
    key: "ticket_fees" | "order_fee" | "total" | "tax_included" | "refunded_sum",
    amount: { amount: string; currency: string },
    className = "",
  ) =>
    Number(amount.amount) !== 0 &&
    h(
      "tr",
      { class: className },
      h("th", { scope: "row" }, say(key)),
      h("td", { class: "number" }, () => money(amount)),
    );
  replace(
    main,
    h(
      "div",
      { class: "order-head" },
      h(
        "p",
        { class: `order-state ${order.status}` },
        say(
          order.status === "paid"
            ? "order_paid"
            : order.status === "refunded"
              ? "order_refunded"
              : "order_partly_refunded",
        ),
      ),
      h("h1", {}, say("order_number", { number: String(order.number) })),
      h(
        "p",
        { class: "event-facts" },
        h("b", {}, event.name),
        h("time", { datetime: event.starts_at }, () => dateTime(event.starts_at, event.time_zone)),
        h("span", {}, event.venue),
      ),
      h(
        "p",
        { class: "screen-only" },
        h(
          "button",
          { type: "button", class: "button primary", on: { click: () => print() } },
          say("print_tickets"),
        ),
      ),
    ),
    order.status === "paid" && h("div", { class: "screen-only" }, notice("note", say("keep_this_address"))),
    h("h2", {}, say("tickets_count", { count: order.tickets.length })),
    h(
      "ul",
      { class: "tickets" },
      order.tickets.map((ticket) => ticketCard(ticket, order, categoryName(ticket.category))),
    ),
    h(
      "section",
      { class: "card order-sum" },
      h("h2", {}, say("receipt")),
      h(
        "table",
        { class: "sum" },
        h("caption", { class: "unseen" }, say("receipt")),
        h(
          "tbody",
          {},
          order.tickets.map((ticket) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, () => `${where(ticket)} · ${ticketType(ticket.ticket_type)}`),
              h("td", { class: "number" }, () => money(ticket.price)),
            ),
          ),
          line("ticket_fees", order.ticket_fees),
          line("order_fee", order.order_fee),
        ),
        h(
          "tfoot",
          {},
          line("total", order.total, "total"),
          line("tax_included", order.tax, "tax"),
          line("refunded_sum", order.refunded, "tax"),
        ),
      ),
      h(
        "p",
        { class: "hint" },
        () => t("placed_at", { at: shortDateTime(order.placed_at) }),
        order.payment && [" · ", () => t("paid_by", { method: paymentMethod(order.payment!.method) })],
        order.buyer?.name && [" · ", order.buyer.name],
      ),
    ),
  );
} catch (error) {
  failPage(main, error);
}
