// The note on an order: buyers never see it.

import { path, post } from "./api";
import { limitBytes } from "./bytes";
import { field, h } from "./dom";
import { say } from "./i18n";
import { busy, type NoticeBoard } from "./page";
import type { EventDetails, Order } from "./types";

/** What staff tell each other of an order. */
export function noteForm(
  event: EventDetails,
  order: Order,
  key: string,
  board: NoticeBoard,
): HTMLElement {
  const text = limitBytes(h("input", { type: "text", autocomplete: "off", value: order.note ?? "" }), 1000);
  const save = async (): Promise<void> => {
    if (!text.reportValidity()) return;
    await post(path`/v1/events/${event.id}/orders/${order.id}/note`, { body: { text: text.value }, key });
    order.note = text.value;
    board.show("good", say("note_saved"));
  };
  const button = h("button", { type: "submit", class: "button secondary" }, say("save_note"));
  const submit = (happened: Event): void => {
    happened.preventDefault();
    void busy(button, board, save);
  };
  const hint = h("p", { class: "muted" }, say("note_hint"));
  return h("form", { class: "order-note", on: { submit } }, field(say("note"), text), button, hint);
}
