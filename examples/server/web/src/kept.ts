// What a tab keeps: holds and payments with their tokens, and the staff's key. Session storage only: closing
// the tab forgets.

import { newRequestId, serverNow } from "./api";
import type { ChosenTickets, Hold } from "./types";

function read<T>(name: string): T | null {
  const text = sessionStorage.getItem(name);
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    sessionStorage.removeItem(name);
    return null;
  }
}

const write = (name: string, value: unknown) => sessionStorage.setItem(name, JSON.stringify(value));

export const keptHold = (event: string): Hold | null => read<Hold>(`ticketcore.hold.${event}`);
export const keepHold = (hold: Hold): void =>
  write(`ticketcore.hold.${hold.event}`, { ...hold, began: hold.began ?? serverNow() });
export const forgetHold = (event: string): void => sessionStorage.removeItem(`ticketcore.hold.${event}`);

export interface KeptPayment {
  token: string;
  event: string;
  hold: string;
}
const paymentStem = "ticketcore.payment.";
export const keptPayment = (payment: string): KeptPayment | null => read<KeptPayment>(paymentStem + payment);
/** The payments that this tab began for the hold. */
export const paymentsOf = (hold: string): [string, KeptPayment][] =>
  Object.keys(sessionStorage)
    .filter((name) => name.startsWith(paymentStem))
    .map((name): [string, KeptPayment | null] => [
      name.slice(paymentStem.length),
      keptPayment(name.slice(paymentStem.length)),
    ])
    .filter((entry): entry is [string, KeptPayment] => entry[1]?.hold === hold);
export const keepPayment = (payment: string, kept: KeptPayment): void => write(paymentStem + payment, kept);

const saleStem = "ticketcore.till.";
/** A sale that a till has begun: what is held, which tickets for, and what was typed of the buyer. */
export interface TillSale {
  hold: Hold;
  tickets: ChosenTickets;
  name: string;
  email: string;
  reference: string;
  /** Of each order that was asked for and not answered: what was asked, and the Idempotency-Key. */
  requests: Record<string, string>;
}
export const keptSale = (event: string): TillSale | null => read<TillSale>(saleStem + event);
export const keepSale = (sale: TillSale): void => write(saleStem + sale.hold.event, sale);
export const forgetSale = (event: string): void => sessionStorage.removeItem(saleStem + event);

export interface Buyer {
  name: string;
  email: string;
}
export const keptBuyer = (): Buyer | null => read<Buyer>("ticketcore.buyer");
export const keepBuyer = (buyer: Buyer): void => write("ticketcore.buyer", buyer);

export const keptKey = (): string | null => sessionStorage.getItem("ticketcore.key");
export const keepKey = (key: string): void => sessionStorage.setItem("ticketcore.key", key);
/** With what its bearer was selling. */
export function forgetKey(): void {
  sessionStorage.removeItem("ticketcore.key");
  const sales = Object.keys(sessionStorage).filter((name) => name.startsWith(saleStem));
  for (const name of sales) sessionStorage.removeItem(name);
}

/** One name for all holds of this tab, so that the limits per buyer count. */
export function cart(): string {
  let name = sessionStorage.getItem("ticketcore.cart");
  if (!name) {
    name = `web-${newRequestId()}`;
    sessionStorage.setItem("ticketcore.cart", name);
  }
  return name;
}
