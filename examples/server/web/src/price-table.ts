// The prices of a new event, as its administrator types them.

import { limitBytes } from "./bytes";
import { field, h, replace } from "./dom";
import { say, t, ticketType } from "./i18n";
import type { ChartReport } from "./types";

/** What the server takes as a name, in bytes. */
export const labelBytes = 100;

/** Prices: a row for each category, a column for each ticket type. */
export class PriceTable {
  readonly element = h("div", {});
  private types = ["adult", "child"];
  private readonly amounts = new Map<string, string>();

  constructor(private readonly report: ChartReport) {
    this.draw();
  }

  private draw(): void {
    const standing = (key: string) =>
      this.report.areas.reduce((sum, area) => sum + (area.category === key ? area.capacity : 0), 0);
    const name = limitBytes(h("input", { type: "text", autocomplete: "off" }), labelBytes);
    const click = (): void => void (name.reportValidity() && this.add(name.value.trim()));
    const add = h(
      "button",
      { type: "button", class: "button quiet small", on: { click } },
      say("add_ticket_type"),
    );
    replace(
      this.element,
      h(
        "div",
        { class: "table-frame" },
        h(
          "table",
          { class: "data price-table" },
          h("caption", { class: "unseen" }, say("prices")),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              h("th", { scope: "col" }, say("category")),
              this.types.map((type, index) =>
                h(
                  "th",
                  { scope: "col" },
                  () => ticketType(type),
                  index > 0 &&
                    h(
                      "button",
                      {
                        type: "button",
                        class: "remove",
                        "aria-label": () => t("remove_place", { name: ticketType(type) }),
                        on: { click: () => this.remove(type) },
                      },
                      "×",
                    ),
                ),
              ),
            ),
          ),
          h(
            "tbody",
            {},
            this.report.categories.map((category) =>
              h(
                "tr",
                {},
                h(
                  "th",
                  { scope: "row" },
                  category.label || category.key,
                  h("small", { class: "muted" }, () =>
                    t("places_count", { count: category.places + standing(category.key) }),
                  ),
                ),
                this.types.map((type) => {
                  const cell = `${category.key}\n${type}`;
                  const input = h("input", {
                    type: "text",
                    inputmode: "decimal",
                    pattern: "\\d{1,9}([.,]\\d{1,3})?",
                    maxlength: 13,
                    class: "amount",
                    value: this.amounts.get(cell) ?? "",
                    "aria-label": () => `${category.label || category.key}, ${ticketType(type)}`,
                    on: { input: () => void this.amounts.set(cell, input.value.trim()) },
                  });
                  return h("td", {}, input);
                }),
              ),
            ),
          ),
        ),
      ),
      h("div", { class: "form-row end" }, field(say("new_ticket_type"), name), add),
    );
  }

  private add(type: string): void {
    if (!type || this.types.includes(type)) return;
    this.types.push(type);
    this.draw();
  }
  private remove(type: string): void {
    this.types = this.types.filter((one) => one !== type);
    this.draw();
  }

  lines(): { category: string; ticket_type: string; amount: string }[] {
    return this.report.categories.flatMap(({ key: category }) =>
      this.types.flatMap((ticket_type) => {
        const amount = (this.amounts.get(`${category}\n${ticket_type}`) ?? "").replace(",", ".");
        return amount ? [{ category, ticket_type, amount }] : [];
      }),
    );
  }
}
