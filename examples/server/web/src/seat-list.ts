// The same seats as a list: sections that open, a table of rows, a button for each seat. For those who can't
// see the map, or would rather not.

import type { Chart } from "./chart";
import { h, replace } from "./dom";
import { follow, number, say, t } from "./i18n";

export interface SeatListActions {
  status: (index: number) => string;
  isChosen: (index: number) => boolean;
  canChoose: (index: number) => boolean;
  choose: (index: number) => void;
  describe: (index: number) => string;
}

export class SeatList {
  readonly element: HTMLElement = h("div", { class: "seat-list" });
  private readonly buttons = new Map<number, HTMLButtonElement>();
  private readonly counts: { node: HTMLElement; places: number[] }[] = [];

  constructor(
    private readonly chart: Chart,
    private readonly actions: SeatListActions,
  ) {
    const { sections, rows } = chart.drawing;
    const rowsOf: number[][] = sections.map(() => []);
    rows.forEach((row, index) => {
      const [first, end] = chart.rowSpans[index]!;
      if (end > first) rowsOf[row.section]!.push(index);
    });
    rowsOf.forEach((list, section) => {
      if (list.length) this.element.append(this.section(section, list));
    });
  }

  private section(section: number, rows: number[]): HTMLElement {
    const { label, floor, entrance } = this.chart.drawing.sections[section]!;
    const places = rows.flatMap((row) => {
      const [first, end] = this.chart.rowSpans[row]!;
      return Array.from({ length: end - first }, (_, at) => first + at);
    });
    const count = h("span", { class: "muted" });
    this.counts.push({ node: count, places });
    follow(count, () => this.updateCount(count, places));
    const body = h("div", { class: "seat-table-frame" });
    const more = [floor === undefined ? "" : (this.chart.drawing.floors[floor] ?? ""), entrance ?? ""]
      .filter(Boolean)
      .join(", ");
    const details = h(
      "details",
      { class: "seat-section" },
      h(
        "summary",
        {},
        h("span", { class: "seat-section-name" }, label || say("seats"), more && h("small", {}, more)),
        count,
      ),
      body,
    );
    // A house of ten thousand has its buttons made section by section, as they are opened.
    details.addEventListener("toggle", () => {
      if (details.open && !body.firstChild) replace(body, this.table(rows, label));
    });
    return details;
  }

  private table(rows: number[], section: string): HTMLElement {
    return h(
      "table",
      { class: "seat-table" },
      h("caption", { class: "unseen" }, section || say("seats")),
      h(
        "thead",
        { class: "unseen" },
        h("tr", {}, h("th", { scope: "col" }, say("row")), h("th", { scope: "col" }, say("seats"))),
      ),
      h(
        "tbody",
        {},
        rows.map((row) => {
          const [first, end] = this.chart.rowSpans[row]!;
          return h(
            "tr",
            {},
            h("th", { scope: "row" }, this.chart.drawing.rows[row]!.label),
            h(
              "td",
              {},
              Array.from({ length: end - first }, (_, at) => this.button(first + at)),
            ),
          );
        }),
      ),
    );
  }

  private button(index: number): HTMLButtonElement {
    const button = h(
      "button",
      { type: "button", class: "seat-button", on: { click: () => this.press(index) } },
      this.chart.drawing.places.seat[index] || "•",
    );
    this.buttons.set(index, button);
    follow(button, () => this.updateButton(index, button));
    return button;
  }

  private press(index: number): void {
    // Taken ones stay in reach of the keyboard, and say why; they just do nothing.
    if (this.actions.canChoose(index)) this.actions.choose(index);
  }

  private updateButton(index: number, button: HTMLButtonElement): void {
    const chosen = this.actions.isChosen(index);
    button.setAttribute("aria-pressed", String(chosen));
    button.setAttribute("aria-disabled", String(!this.actions.canChoose(index)));
    button.setAttribute("aria-label", this.actions.describe(index));
    button.dataset["status"] = chosen ? "chosen" : this.actions.status(index);
  }

  private updateCount(node: HTMLElement, places: number[]): void {
    const free = places.reduce((sum, index) => sum + (this.actions.status(index) === "f" ? 1 : 0), 0);
    node.textContent = free ? t("free_of", { count: free, all: number(places.length) }) : t("sold_out");
  }

  update(indices?: Iterable<number>): void {
    for (const index of indices ?? this.buttons.keys()) {
      const button = this.buttons.get(index);
      if (button) this.updateButton(index, button);
    }
    for (const { node, places } of this.counts) this.updateCount(node, places);
  }
}
