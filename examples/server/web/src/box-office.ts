// "/box-office": selling at the counter, orders and refunds, who sits where.

import { get, newRequestId, path, post, Problem, serverNow } from "./api";
import { limitBytes } from "./bytes";
import { freshId, field, h, replace, type Child } from "./dom";
import { money, paymentMethod, say, shortDateTime, t, ticketType, type Key } from "./i18n";
import { noteForm } from "./order-note";
import { announce, busy, failPage, notice, NoticeBoard, openPage } from "./page";
import { Picker } from "./picker";
import { SalePanel } from "./sale-panel";
import { openSeating } from "./seating";
import { chooseEvent, signIn } from "./staff";
import { TicketsChoice } from "./tickets-choice";
import { forgetSale, keepSale, keptSale, type TillSale } from "./kept";
import type { EventDetails, Hold, Order } from "./types";

const main = openPage("box-office", say("box_office"), "staff-page wide");
let key = "";
const orderAddress = (order: Order): string =>
  `${path`/orders/${order.event}/${order.id}`}?token=${encodeURIComponent(order.token)}`;

type Tab = { key: Key; open: (event: EventDetails, place: HTMLElement) => Promise<() => void> };

/** The order that a hold became, if that is what the "no" says. */
async function orderBehind(event: EventDetails, error: unknown): Promise<Order | null> {
  const order =
    error instanceof Problem && error.reason === "hold_checked_out" ? error.body.order : undefined;
  return order ? get<Order>(path`/v1/events/${event.id}/orders/${order.id}`, { key }) : null;
}

/**
 * Asks for the order. What was asked before and not answered is asked again by the same key: the same order
 * then.
 */
async function order(event: EventDetails, sale: TillSale, method: "cash" | "card"): Promise<Order> {
  const { hold } = sale;
  const [name, email, reference] = [sale.name.trim(), sale.email.trim(), sale.reference.trim()];
  const body = {
    payment: { method, ...(reference ? { reference } : {}) },
    ...(name || email ? { buyer: { ...(name ? { name } : {}), ...(email ? { email } : {}) } } : {}),
  };
  const asked = JSON.stringify(body);
  const request = (sale.requests[asked] ??= newRequestId());
  keepSale(sale);
  try {
    const orders = path`/v1/events/${event.id}/holds/${hold.id}/orders`;
    return await post<Order>(orders, { body, token: hold.token, key, request });
  } catch (error) {
    if (error instanceof Problem && error.status >= 400 && error.status < 500) {
      delete sale.requests[asked];
      keepSale(sale);
    }
    throw error;
  }
}

/** Taking the money for a hold. */
function counter(event: EventDetails, sale: TillSale, sold: (order: Order, before: boolean) => void): Child {
  const board = new NoticeBoard();
  const choice = new TicketsChoice(event, sale.hold, board, key, sale.tickets, (tickets) => {
    sale.tickets = tickets;
    keepSale(sale);
  });
  const typed = (type: "text" | "email", what: "name" | "email" | "reference", most: number) => {
    const keep = (): void => {
      sale[what] = input.value;
      keepSale(sale);
    };
    const input = h("input", { type, autocomplete: "off", value: sale[what], on: { input: keep } });
    return limitBytes(input, most);
  };
  const name = typed("text", "name", 200);
  const email = typed("email", "email", 254);
  const reference = typed("text", "reference", 64);
  const inputs = [name, email, reference];
  const details = h(
    "details",
    { open: inputs.some(({ value }) => value) },
    h("summary", {}, say("buyer_and_receipt")),
    field(say("name"), name),
    field(say("email"), email),
    field(say("payment_reference"), reference),
  );
  const take = async (method: "cash" | "card"): Promise<void> => {
    const wrong = inputs.find((input) => !input.checkValidity());
    if (wrong) {
      // The browser points to what is wrong only where it can be seen.
      details.open = true;
      wrong.reportValidity();
      return;
    }
    if (!(await choice.settled())) return;
    try {
      sold(await order(event, sale, method), false);
    } catch (error) {
      const made = await orderBehind(event, error);
      if (!made) throw error;
      sold(made, true);
    }
  };
  const pay = (method: "cash" | "card"): HTMLElement => {
    const click = (): void => void busy(button, board, () => take(method));
    const tone = method === "card" ? "primary" : "secondary";
    const text = say(method === "cash" ? "paid_cash" : "paid_card");
    const button = h("button", { type: "button", class: `button ${tone}`, on: { click } }, text);
    return button;
  };
  const pair = h("div", { class: "button-pair" }, pay("card"), pay("cash"));
  return h("div", { class: "counter" }, choice.element, choice.quoteElement, details, board.element, pair);
}

async function openSale(event: EventDetails, place: HTMLElement): Promise<() => void> {
  let last: TillSale | null = null;
  const saleOf = (hold: Hold, instead?: Hold): TillSale => {
    const kept = keptSale(event.id);
    if (kept?.hold.id === hold.id) return { ...kept, hold };
    // Another hold is another buyer's, unless it is the same again.
    if (instead && last?.hold.id === instead.id) return { ...last, hold, requests: {} };
    return { hold, tickets: { types: [], areas: [] }, name: "", email: "", reference: "", requests: {} };
  };
  const sold = (order: Order, before: boolean): void => {
    panel.endHold();
    const told = { number: String(order.number), price: money(order.total) };
    const method = (): string => paymentMethod(order.payment?.method ?? "–");
    const text = before ? () => t("sold_before", { ...told, method: method() }) : say("sold_now", told);
    const link = { class: "button secondary", href: orderAddress(order), target: "_blank", rel: "noopener" };
    const print = h("a", link, say("print_tickets"));
    panel.board.show(before ? "note" : "good", text, print);
    announce(text());
  };
  const offerAgain = (hold: Hold): void => panel.offerAgain(hold, say("time_is_up_till"));
  /** What became of a hold that is over: an order, though its answer was lost, or nothing. */
  const over = async (hold: Hold, error: unknown): Promise<void> => {
    const order = await orderBehind(event, error);
    if (order) sold(order, true);
    else if (error instanceof Problem && error.reason === "hold_expired") offerAgain(hold);
    else panel.board.problem(error);
  };
  const look = ({ id, token }: Hold): Promise<Hold> =>
    get<Hold>(path`/v1/events/${event.id}/holds/${id}`, { token, key });
  const panel = new SalePanel(event, {
    listHeld: false,
    key,
    heldActions: (hold, instead) => {
      const sale = saleOf({ ...hold, began: hold.began ?? serverNow() }, instead);
      keepSale(sale);
      return counter(event, sale, sold);
    },
    held: () => undefined,
    ended: () => {
      last = keptSale(event.id);
      forgetSale(event.id);
    },
    ranOut: (hold) =>
      void look(hold).then(
        () => offerAgain(hold),
        (error: unknown) => over(hold, error),
      ),
  });
  const picker = await Picker.load(event, {
    mode: "choose",
    changed: () => panel.picker && panel.changed(),
    lost: (labels) => panel.lost(labels),
  });
  panel.attach(picker);
  replace(
    place,
    event.sale_status !== "on_sale" && notice("note", say("not_on_sale_now")),
    h("div", { class: "event-body" }, h("div", { class: "event-main" }, picker.element), panel.element),
  );
  let closed = false;
  /** What this till was selling before it looked at something else. */
  const resume = async (kept: TillSale): Promise<void> => {
    try {
      const hold = await look(kept.hold);
      if (!closed) panel.showHold({ ...kept.hold, ...hold, token: kept.hold.token });
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 0 || error.status >= 500) throw error;
      last = kept;
      forgetSale(event.id);
      if (!closed) await over(kept.hold, error);
    }
  };
  const kept = keptSale(event.id);
  if (kept) resume(kept).catch((error: unknown) => panel.board.problem(error));
  return () => {
    closed = true;
    panel.close();
  };
}

const stateText: Record<Order["status"], Key> = {
  paid: "order_paid",
  partly_refunded: "order_partly_refunded",
  refunded: "order_refunded",
};

/** One order with what can be done about it. */
function orderCard(event: EventDetails, order: Order, changed: (order: Order) => void): HTMLElement {
  const board = new NoticeBoard();
  const boxes = new Map<string, HTMLInputElement>();
  const refund = async (all: boolean): Promise<void> => {
    const open = order.tickets.filter(({ status }) => status === "valid");
    const tickets = all
      ? open.map(({ id }) => id)
      : [...boxes].filter(([, box]) => box.checked).map(([id]) => id);
    if (!tickets.length) throw new Error(t("choose_tickets_first"));
    if (!confirm(t("really_refund", { count: tickets.length }))) return;
    const answer = await post<{ amount: { amount: string; currency: string } }>(
      path`/v1/events/${event.id}/orders/${order.id}/refunds`,
      { body: { tickets }, key },
    );
    const fresh = await get<Order>(path`/v1/events/${event.id}/orders/${order.id}`, { key });
    changed(order.note === undefined ? fresh : { ...fresh, note: order.note });
    announce(t("refunded_now", { price: money(answer.amount) }));
  };
  const some = h(
    "button",
    {
      type: "button",
      class: "button secondary",
      on: { click: () => void busy(some, board, () => refund(false)) },
    },
    say("refund_chosen"),
  );
  const all = h(
    "button",
    {
      type: "button",
      class: "button danger",
      on: { click: () => void busy(all, board, () => refund(true)) },
    },
    say("refund_all"),
  );
  const refundable = order.tickets.some(({ status }) => status === "valid");
  return h(
    "article",
    { class: "card order-card" },
    h(
      "div",
      { class: "order-card-head" },
      h("h3", {}, say("order_number", { number: String(order.number) })),
      h("span", { class: `order-state ${order.status}` }, say(stateText[order.status])),
    ),
    h(
      "p",
      { class: "muted" },
      () => shortDateTime(order.placed_at),
      order.buyer?.name && ` · ${order.buyer.name}`,
      order.buyer?.email && ` · ${order.buyer.email}`,
      order.payment && [
        " · ",
        () =>
          [t("paid_by", { method: paymentMethod(order.payment!.method) }), order.payment!.reference]
            .filter(Boolean)
            .join(", "),
      ],
    ),
    h(
      "ul",
      { class: "ticket-checks" },
      order.tickets.map((ticket) => {
        const box = h("input", { type: "checkbox", id: freshId("ticket") });
        if (ticket.status === "valid") boxes.set(ticket.id, box);
        return h(
          "li",
          {},
          ticket.status === "valid" ? box : h("span", { class: "no-box", "aria-hidden": "true" }),
          h(
            "label",
            { for: ticket.status === "valid" ? box.id : undefined },
            h("b", {}, ticket.place),
            () => ` ${ticketType(ticket.ticket_type)}, ${money(ticket.price)}`,
          ),
          ticket.status !== "valid" &&
            h(
              "span",
              { class: `tag ${ticket.status}` },
              say(ticket.status === "refunded" ? "ticket_refunded" : "ticket_is_in"),
            ),
        );
      }),
    ),
    h(
      "p",
      { class: "order-card-sum" },
      say("total"),
      ": ",
      h("b", {}, () => money(order.total)),
      Number(order.refunded.amount) !== 0 && [
        " · ",
        say("refunded_sum"),
        ": ",
        h("b", {}, () => money(order.refunded)),
      ],
    ),
    noteForm(event, order, key, board),
    board.element,
    h(
      "div",
      { class: "button-row" },
      h(
        "a",
        { class: "button quiet", href: orderAddress(order), target: "_blank", rel: "noopener" },
        say("open_order"),
      ),
      refundable && [some, all],
    ),
  );
}

async function openOrders(event: EventDetails, place: HTMLElement): Promise<() => void> {
  const board = new NoticeBoard();
  const query = h("input", { type: "search", maxlength: 200, autocomplete: "off" });
  const button = h("button", { type: "submit", class: "button secondary" }, say("search"));
  const results = h("div", { class: "order-results" });
  const more = h("p", { class: "more" });
  const load = async (cursor?: string): Promise<void> => {
    const parameters = new URLSearchParams({
      limit: "20",
      ...(query.value.trim() ? { q: query.value.trim() } : {}),
      ...(cursor ? { cursor } : {}),
    });
    const page = await get<{ orders: Order[]; next?: string }>(
      `${path`/v1/events/${event.id}/orders`}?${parameters}`,
      { key },
    );
    if (!cursor) results.replaceChildren();
    for (const order of page.orders) {
      const frame = h("div", {});
      const show = (shown: Order): void => replace(frame, orderCard(event, shown, show));
      show(order);
      results.append(frame);
    }
    if (!results.firstChild) replace(results, h("p", { class: "empty" }, say("no_orders_found")));
    const { next } = page;
    replace(
      more,
      next &&
        h(
          "button",
          {
            type: "button",
            class: "button quiet",
            on: { click: () => void load(next).catch((error: unknown) => board.problem(error)) },
          },
          say("more_orders"),
        ),
    );
  };
  replace(
    place,
    h(
      "form",
      {
        class: "search-form",
        role: "search",
        on: { submit: (submitted) => (submitted.preventDefault(), void busy(button, board, () => load())) },
      },
      field(say("find_order"), query, say("find_order_hint")),
      button,
    ),
    board.element,
    results,
    more,
  );
  await load();
  return () => undefined;
}

const tabs: Tab[] = [
  { key: "sell", open: openSale },
  { key: "orders", open: openOrders },
  { key: "seating", open: (event, place) => openSeating(event, place, key) },
];

try {
  const staff = await signIn(main, say("box_office"), "box_office");
  key = staff.key;
  const place = h("div", { class: "tab-place" });
  let chosen = tabs[0]!;
  let eventId = "";
  let close = (): void => undefined;
  let round = 0;
  const open = async (): Promise<void> => {
    if (!eventId) return;
    const mine = ++round;
    close();
    close = () => undefined;
    replace(place, h("p", { class: "muted", role: "status" }, say("loading")));
    try {
      const fresh = h("div", {});
      const done = await chosen.open(await get<EventDetails>(path`/v1/events/${eventId}`), fresh);
      if (mine !== round) return done();
      close = done;
      replace(place, fresh);
    } catch (error) {
      if (mine === round) failPage(place, error);
    }
  };
  const buttons = tabs.map((tab) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(tab === chosen),
        on: {
          click: () => {
            chosen = tab;
            buttons.forEach((button, index) =>
              button.setAttribute("aria-pressed", String(tabs[index] === tab)),
            );
            void open();
          },
        },
      },
      say(tab.key),
    ),
  );
  const events = await chooseEvent((id) => {
    eventId = id;
    void open();
  });
  replace(
    main,
    h("div", { class: "staff-head" }, h("h1", {}, say("box_office")), staff.bar),
    h(
      "div",
      { class: "staff-tools" },
      events,
      h("div", { class: "segmented", role: "group", "aria-label": say("what_to_do") }, buttons),
    ),
    place,
  );
} catch (error) {
  failPage(main, error);
}
