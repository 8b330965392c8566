// Beside the map: best available, standing areas, the basket; then the hold with its time running.

import { Problem, path, post } from "./api";
import { Countdown } from "./countdown";
import { field, h, option, replace, type Child } from "./dom";
import { follow, money, number, say, t, type Live } from "./i18n";
import { cart } from "./kept";
import { announce, busy, NoticeBoard } from "./page";
import { Picker, range } from "./picker";
import { placeText } from "./place-text";
import type { EventDetails, Hold, Money } from "./types";

export interface SalePanelOptions {
  key?: string | undefined;
  /** Whether what is held is listed here; not where heldActions does. */
  listHeld: boolean;
  /** What is offered while places are held; instead of which hold that ran out, if of one. */
  heldActions: (hold: Hold, instead?: Hold) => Child;
  /** When the time is up, and the panel is back at choosing; says so by default. */
  ranOut?: (hold: Hold) => void;
  held: (hold: Hold) => void;
  ended: (hold: Hold) => void;
}

export class SalePanel {
  readonly element = h("aside", { class: "sale-panel", "aria-label": say("your_choice") });
  readonly board = new NoticeBoard();
  picker!: Picker;
  private hold: Hold | null = null;
  private countdown: Countdown | null = null;
  private readonly basket = h("div", { class: "basket" });
  private readonly areas = h("div", { class: "areas" });
  private readonly holdButton = h("button", {
    type: "button",
    class: "button primary wide",
    on: { click: () => void this.takeChosen() },
  });
  private readonly choosing: HTMLElement;
  private readonly holding = h("section", {
    class: "holding card",
    hidden: true,
    "aria-label": say("held_for_you"),
  });

  constructor(
    readonly event: EventDetails,
    private readonly options: SalePanelOptions,
  ) {
    this.choosing = h(
      "div",
      { class: "choosing" },
      this.bestForm(),
      this.areas,
      h(
        "section",
        { class: "card chosen-card" },
        h("h2", {}, say("your_choice")),
        this.basket,
        this.holdButton,
      ),
    );
    this.element.append(this.board.element, this.choosing, this.holding);
  }

  /** The picker's news arrive by changed() and lost(). */
  attach(picker: Picker): void {
    this.picker = picker;
    if (picker.drawing.areas.length) this.drawAreas();
    follow(this.basket, () => this.drawBasket());
  }

  changed(): void {
    this.drawBasket();
    this.refreshAreas();
  }

  lost(labels: string[]): void {
    this.board.show("bad", say("just_taken", { places: labels.join("; "), count: labels.length }));
  }

  private bestForm(): HTMLElement {
    const count = h("input", {
      type: "number",
      min: 1,
      max: this.event.policy.places_per_hold ?? 50,
      value: 2,
      inputmode: "numeric",
      required: true,
    });
    const category = h(
      "select",
      {},
      option("", say("any_category")),
      this.event.categories
        .filter(({ key }) => this.event.prices.some((price) => price.category === key))
        .map(({ key, label }) =>
          option(
            key,
            () => `${label || key} · ${range(this.event.prices.filter((price) => price.category === key))}`,
          ),
        ),
    );
    const accessible = h("input", {
      type: "number",
      min: 0,
      max: 20,
      value: 0,
      inputmode: "numeric",
      required: true,
    });
    const button = h("button", { class: "button secondary wide", type: "submit" }, say("find_best"));
    const form = h(
      "form",
      {
        class: "card best-form",
        on: {
          submit: (event) => {
            event.preventDefault();
            const best = {
              count: Number(count.value),
              ...(category.value ? { categories: [category.value] } : {}),
              ...(Number(accessible.value) > 0 ? { accessible: Number(accessible.value) } : {}),
            };
            void busy(button, this.board, () => this.take({ best }));
          },
        },
      },
      h("h2", {}, say("best_available")),
      h(
        "div",
        { class: "form-row" },
        field(say("how_many"), count),
        field(say("for_wheelchairs"), accessible),
      ),
      field(say("category"), category),
      button,
    );
    return form;
  }

  private drawAreas(): void {
    const { picker } = this;
    replace(
      this.areas,
      h(
        "section",
        { class: "card" },
        h("h2", {}, say("standing")),
        picker.drawing.areas.map((area, index) => {
          const category = picker.drawing.categories[area.category]!;
          const quantity = h("input", {
            type: "number",
            min: 0,
            value: 0,
            inputmode: "numeric",
            "data-area": String(index),
            "aria-label": () => t("tickets_for", { name: area.label }),
            on: {
              change: () => {
                picker.setQuantity(index, Math.floor(Number(quantity.value)) || 0);
                this.changed();
              },
            },
          });
          const step = (by: number, text: string, key: "one_more" | "one_less") =>
            h(
              "button",
              {
                type: "button",
                class: "step",
                "aria-label": () => t(key, { name: area.label }),
                on: {
                  click: () => {
                    picker.setQuantity(index, picker.quantities[index]! + by);
                    this.changed();
                  },
                },
              },
              text,
            );
          return h(
            "div",
            { class: "area-line" },
            h(
              "div",
              {},
              h("b", {}, area.label),
              h("span", { class: "muted", "data-free": String(index) }),
              h("span", { class: "muted" }, () => range(picker.pricesOf(category.key))),
            ),
            h("div", { class: "stepper" }, step(-1, "−", "one_less"), quantity, step(1, "+", "one_more")),
          );
        }),
      ),
    );
    follow(this.areas, () => this.refreshAreas());
  }

  private refreshAreas(): void {
    for (const input of this.areas.querySelectorAll<HTMLInputElement>("input[data-area]")) {
      const area = Number(input.dataset["area"]);
      input.max = String(this.picker.areaFree[area]);
      if (document.activeElement !== input || Number(input.value) > this.picker.areaFree[area]!)
        input.value = String(this.picker.quantities[area]);
    }
    for (const text of this.areas.querySelectorAll<HTMLElement>("[data-free]"))
      text.textContent = t("free_places", { count: this.picker.areaFree[Number(text.dataset["free"])] ?? 0 });
  }

  private drawBasket(): void {
    const { picker } = this;
    if (!picker) return;
    const items: Child[] = [...picker.chosen].map((index) => {
      const category = picker.categoryOf(index);
      return this.basketLine(
        picker.where(index),
        category.label || category.key,
        range(picker.pricesOf(category.key)),
        () => picker.toggle(index),
      );
    });
    picker.quantities.forEach((quantity, area) => {
      if (!quantity) return;
      const { label, category } = picker.drawing.areas[area]!;
      const { key, label: name } = picker.drawing.categories[category]!;
      items.push(
        this.basketLine(`${label} × ${number(quantity)}`, name || key, range(picker.pricesOf(key)), () => {
          picker.setQuantity(area, 0);
          this.changed();
        }),
      );
    });
    const { count } = picker;
    const had = this.basket.contains(document.activeElement);
    replace(
      this.basket,
      items.length
        ? h("ul", { class: "basket-list" }, items)
        : h("p", { class: "muted" }, say("nothing_chosen")),
    );
    if (had) (this.basket.querySelector<HTMLElement>("button") ?? this.holdButton).focus();
    if (this.holdButton.getAttribute("aria-busy") !== "true") this.holdButton.disabled = count === 0;
    const least = this.least();
    if (least)
      this.basket.append(
        h(
          "p",
          { class: "basket-sum" },
          h("span", {}, say("together")),
          h("b", {}, () => t("from_price", { price: money(least) })),
        ),
      );
    this.holdButton.textContent = count ? t("hold_places", { count }) : t("choose_first");
    document.body.classList.toggle("has-choice", count > 0 && !this.hold);
  }

  /** What the choice costs at the first ticket type, which is the full price. */
  private least(): Money | null {
    const { picker } = this;
    const type = this.event.ticket_types[0];
    // Thousandths: no currency has smaller parts.
    let sum = 0;
    const add = (category: string, quantity: number) => {
      const price =
        picker.pricesOf(category).find(({ ticket_type }) => ticket_type === type) ??
        picker.pricesOf(category)[0];
      sum += Math.round(Number(price?.price.amount ?? 0) * 1000) * quantity;
    };
    for (const index of picker.chosen) add(picker.categoryOf(index).key, 1);
    picker.quantities.forEach(
      (quantity, area) =>
        quantity && add(picker.drawing.categories[picker.drawing.areas[area]!.category]!.key, quantity),
    );
    return sum ? { amount: (sum / 1000).toFixed(3), currency: this.event.currency } : null;
  }

  private basketLine(where: string, category: string, price: string, remove: () => void): HTMLElement {
    return h(
      "li",
      {},
      h("div", {}, h("b", {}, where), h("span", { class: "muted" }, `${category} · ${price}`)),
      h(
        "button",
        {
          type: "button",
          class: "remove",
          "aria-label": () => t("remove_place", { name: where }),
          on: { click: remove },
        },
        "×",
      ),
    );
  }

  private async takeChosen(): Promise<void> {
    const { picker } = this;
    const places = [...picker.chosen].map((index) => picker.drawing.places.label[index]!);
    const areas = picker.quantities.flatMap((quantity, area) =>
      quantity ? [{ area: this.areaLabel(area), quantity }] : [],
    );
    if (!places.length && !areas.length) return;
    await busy(this.holdButton, this.board, () =>
      this.take({ ...(places.length ? { places } : {}), ...(areas.length ? { areas } : {}) }),
    );
    this.drawBasket();
  }

  /** The area's whole label, as requests name it. */
  private areaLabel(index: number): string {
    return this.picker.drawing.areas[index]!.label;
  }

  private async take(what: object, instead?: Hold): Promise<void> {
    try {
      const hold = await this.picker.asking(() =>
        post<Hold>(path`/v1/events/${this.event.id}/holds`, {
          body: { cart: cart(), ...what },
          key: this.options.key,
        }),
      );
      this.showHold(hold, instead);
      this.options.held(hold);
      announce(
        t("held_now", {
          count: hold.places.length + hold.areas.reduce((sum, area) => sum + area.quantity, 0),
        }),
      );
    } catch (error) {
      if (error instanceof Problem && error.reason === "place_taken") {
        const gone = (error.body.places ?? [])
          .map((label) => this.picker.indexOf(label))
          .filter((index) => index >= 0);
        for (const index of gone) this.picker.chosen.delete(index);
        this.picker.map.setChosen(this.picker.chosen);
        this.lost(gone.map((index) => this.picker.where(index)));
        this.changed();
        return;
      }
      throw error;
    } finally {
      this.picker.dropLost();
    }
  }

  /** Also for a hold that this tab made before. */
  showHold(hold: Hold, instead?: Hold): void {
    this.hold = hold;
    this.board.clear();
    this.picker.quantities.fill(0);
    this.picker.lock(hold.places.map(({ label }) => label));
    this.picker.map.reveal(
      hold.places.map(({ label }) => this.picker.indexOf(label)).filter((index) => index >= 0),
    );
    this.countdown?.stop();
    this.countdown = new Countdown(Date.parse(hold.expires_at), () => this.runOut(), hold.began);
    const release = h(
      "button",
      {
        type: "button",
        class: "button quiet",
        on: { click: () => void busy(release, this.board, () => this.release()) },
      },
      say("choose_others"),
    );
    replace(
      this.holding,
      h("h2", { tabindex: -1 }, say("held_for_you")),
      this.countdown.element,
      this.options.listHeld &&
        h(
          "ul",
          { class: "basket-list" },
          hold.places.map((place) =>
            h(
              "li",
              {},
              h(
                "div",
                {},
                h("b", {}, () => placeText(place)),
                h("span", { class: "muted" }, this.categoryName(place.category)),
              ),
            ),
          ),
          hold.areas.map(({ area, quantity, category }) =>
            h(
              "li",
              {},
              h(
                "div",
                {},
                h("b", {}, () => `${area} × ${number(quantity)}`),
                h("span", { class: "muted" }, this.categoryName(category)),
              ),
            ),
          ),
        ),
      this.options.heldActions(hold, instead),
      release,
    );
    this.choosing.hidden = true;
    this.holding.hidden = false;
    document.body.classList.remove("has-choice");
    this.holding.querySelector("h2")!.focus({ preventScroll: true });
    this.holding.scrollIntoView({ block: "nearest" });
  }

  private categoryName(key: string): string {
    return this.event.categories.find((category) => category.key === key)?.label || key;
  }

  private async release(): Promise<void> {
    const hold = this.hold;
    if (!hold) return;
    await post(path`/v1/events/${hold.event}/holds/${hold.id}/release`, {
      token: hold.token,
      key: this.options.key,
    });
    this.endHold();
    announce(t("released"));
  }

  /** Back to choosing. */
  endHold(): void {
    const hold = this.hold;
    this.hold = null;
    this.countdown?.stop();
    this.countdown = null;
    this.holding.hidden = true;
    this.holding.replaceChildren();
    this.choosing.hidden = false;
    this.picker.unlock();
    this.changed();
    if (hold) this.options.ended(hold);
  }

  /** For a panel that is no longer shown. */
  close(): void {
    this.countdown?.stop();
    this.picker?.close();
  }

  private runOut(): void {
    const hold = this.hold!;
    this.endHold();
    if (this.options.ranOut) this.options.ranOut(hold);
    else this.offerAgain(hold, say("time_is_up"));
  }

  /** Tells of a hold that ran out, and offers the same again. */
  offerAgain(hold: Hold, text: Live): void {
    const places = hold.places.map(({ label }) => label);
    const areas = hold.areas.map(({ area, quantity }) => ({ area, quantity }));
    const same = { ...(places.length ? { places } : {}), ...(areas.length ? { areas } : {}) };
    const click = (): void => void busy(again, this.board, () => this.take(same, hold));
    const again = h(
      "button",
      { type: "button", class: "button secondary", on: { click } },
      say("hold_again"),
    );
    this.board.show("bad", text, again);
    again.focus();
  }
}
