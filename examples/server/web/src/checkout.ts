// "/checkout?event=&hold=": ticket types, the buyer, the price; then the provider's page, and back as
// "/checkout?payment=&token=".

import { get, path, post, Problem } from "./api";
import { Countdown } from "./countdown";
import { field, h, replace, type Child } from "./dom";
import { dateTime, money, say, t, type Key } from "./i18n";
import { forgetHold, keepBuyer, keepPayment, keptBuyer, keptHold, keptPayment, paymentsOf } from "./kept";
import { busy, failPage, notice, NoticeBoard, openPage } from "./page";
import { TicketsChoice } from "./tickets-choice";
import type { EventDetails, Hold, Payment } from "./types";

const parameters = new URLSearchParams(location.search);
const paymentId = parameters.get("payment");
const before = paymentId ? keptPayment(paymentId) : null;
const paymentToken = before?.token ?? parameters.get("token");
let eventId = before?.event ?? parameters.get("event") ?? "";
const holdId = before?.hold ?? parameters.get("hold") ?? "";
const main = openPage("shop", say("checkout"), "checkout-page");
const eventAddress = (): string => (eventId ? path`/events/${eventId}` : "/");
const pollMilliseconds = 1000;
/** Why a hold can't be bought any more. */
const holdEnds = ["hold_expired", "hold_released", "hold_not_found", "hold_checked_out"];

/** The payments of these places that this tab began, as they stand. */
const begunPayments = (): Promise<Payment[]> =>
  Promise.all(paymentsOf(holdId).map(([id, { token }]) => get<Payment>(path`/v1/payments/${id}`, { token })));

const pause = (): Promise<void> => new Promise((done) => setTimeout(done, pollMilliseconds));

function openOrder({ event, id, token }: NonNullable<Payment["order"]>): void {
  forgetHold(eventId);
  location.replace(`${path`/orders/${event}/${id}`}?token=${encodeURIComponent(token)}`);
}

/** Beside the form: a payment begun before may still be approved, and is not to be made twice. */
async function watchPayments(over: () => boolean): Promise<void> {
  for (let payments = await begunPayments(); !over(); payments = await begunPayments()) {
    const paid = payments.find(({ order }) => order)?.order;
    if (paid) return openOrder(paid);
    if (!payments.some(({ status }) => status === "pending")) return;
    await pause();
  }
}

/** The end of this page: what became of the places, and the way back. */
function close(title: Key, ...text: Child[]): void {
  forgetHold(eventId);
  const back = h("a", { class: "button primary", href: eventAddress() }, say("choose_again"));
  replace(main, h("h1", {}, say(title)), text, h("p", {}, back));
  main.focus();
}

/**
 * Nothing can be bought with this hold any more. Whoever began to pay for it is told first what became of
 * that.
 */
async function ended(reason: string): Promise<void> {
  const payments = await begunPayments();
  const open = payments.find(({ order }) => order) ?? payments.find(({ status }) => status !== "declined");
  if (open && (await afterPayment(open.id, keptPayment(open.id)!.token))) return;
  if (reason === "hold_checked_out") close("bought_already_title", notice("note", say("bought_already")));
  else if (reason === "hold_expired") close("time_is_up_title", notice("bad", say("time_is_up_checkout")));
  else close("not_held_here_title", notice("note", say("not_held_here")));
}

async function order(event: EventDetails, hold: Hold): Promise<void> {
  const board = new NoticeBoard();
  const choice = new TicketsChoice(event, hold, board);
  const buyer = keptBuyer();
  const name = h("input", {
    type: "text",
    name: "name",
    autocomplete: "name",
    required: true,
    maxlength: 100,
    value: buyer?.name ?? "",
  });
  const email = h("input", {
    type: "email",
    name: "email",
    autocomplete: "email",
    required: true,
    maxlength: 200,
    inputmode: "email",
    value: buyer?.email ?? "",
  });
  const pay = h("button", { type: "submit", class: "button primary wide" }, say("pay"));
  let leaving = false;
  const runOut = (): void => {
    if (leaving) return;
    leaving = true;
    ended("hold_expired").catch((error: unknown) => failPage(main, error));
  };
  const countdown = new Countdown(Date.parse(hold.expires_at), runOut, hold.began);
  const form = h(
    "form",
    {
      class: "checkout-grid",
      on: {
        submit: (submitted) => {
          submitted.preventDefault();
          void busy(pay, board, async () => {
            const person = { name: name.value.trim(), email: email.value.trim() };
            keepBuyer(person);
            const quote = await choice.settled();
            if (!quote) throw new Error(t("no_price_yet"));
            const payment = await post<Payment>(path`/v1/events/${eventId}/holds/${holdId}/payments`, {
              body: { buyer: person },
              token: hold.token,
            });
            if (!payment.url) throw new Error(t("something_wrong"));
            keepPayment(payment.id, { token: payment.token, event: eventId, hold: holdId });
            leaving = true;
            location.assign(payment.url);
          });
        },
      },
    },
    h(
      "div",
      { class: "checkout-steps" },
      h("section", { class: "card" }, h("h2", {}, say("your_tickets")), choice.element),
      h(
        "section",
        { class: "card" },
        h("h2", {}, say("your_details")),
        h("p", { class: "muted" }, say("details_hint")),
        field(say("name"), name),
        field(say("email"), email, say("email_hint")),
      ),
    ),
    h(
      "aside",
      { class: "checkout-sum", "aria-label": say("what_it_costs") },
      h(
        "section",
        { class: "card" },
        h("h2", {}, say("what_it_costs")),
        choice.quoteElement,
        board.element,
        pay,
        h("p", { class: "hint assurance" }, say("pay_hint")),
      ),
    ),
  );
  replace(
    main,
    h("p", { class: "crumb" }, h("a", { href: eventAddress() }, say("back_to_seats"))),
    h("h1", {}, say("checkout")),
    h(
      "p",
      { class: "event-facts" },
      h("b", {}, event.name),
      h("time", { datetime: event.starts_at }, () => dateTime(event.starts_at, event.time_zone)),
      h("span", {}, event.venue),
    ),
    countdown.element,
    form,
  );
  if (declined) board.show("bad", say("payment_declined"));
  watchPayments(() => leaving).catch((error: unknown) => board.problem(error));
}

let declined = false;

/** Asks until the payment is decided. True when the page goes on to the order. */
async function afterPayment(id: string, token: string): Promise<boolean> {
  replace(
    main,
    h("h1", {}, say("waiting_for_payment")),
    h("p", { class: "lead", role: "status" }, say("waiting_hint")),
    h("div", { class: "progress", "aria-hidden": "true" }),
  );
  let told = "";
  for (;;) {
    const payment = await get<Payment>(path`/v1/payments/${id}`, { token });
    eventId ||= payment.event ?? "";
    if (payment.order) {
      openOrder(payment.order);
      return true;
    }
    if (payment.status === "declined") {
      declined = true;
      return false;
    }
    if (payment.status !== "pending" && payment.status !== told) {
      told = payment.status;
      forgetHold(eventId);
      replace(
        main,
        h("h1", {}, say(payment.status === "refunded" ? "payment_refunded_title" : "time_is_up_title")),
        notice(
          "bad",
          payment.status === "refunded"
            ? () => t("payment_refunded", { price: money(payment.amount) })
            : say("payment_expired"),
        ),
        h("p", {}, h("a", { class: "button primary", href: eventAddress() }, say("choose_again"))),
      );
    }
    if (payment.status === "refunded") return true;
    // What has run out may still be approved, and is paid back then: worth telling to whoever is still
    // looking.
    await pause();
  }
}

try {
  if (!(paymentId && paymentToken && (await afterPayment(paymentId, paymentToken)))) {
    const kept = keptHold(eventId);
    if (!kept || kept.id !== holdId) await ended("");
    else {
      const event = await get<EventDetails>(path`/v1/events/${eventId}`);
      try {
        const hold = await get<Hold>(path`/v1/events/${eventId}/holds/${holdId}`, { token: kept.token });
        await order(event, { ...kept, ...hold, token: kept.token });
      } catch (error) {
        if (!(error instanceof Problem) || !holdEnds.includes(error.reason)) throw error;
        await ended(error.reason);
      }
    }
  }
} catch (error) {
  failPage(main, error);
}
