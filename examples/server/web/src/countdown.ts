// The time left of a hold, before the buyer's eyes. The deadline is the server's; so is the clock, as far as
// its answers show it.

import { serverNow } from "./api";
import { h } from "./dom";
import { announce } from "./page";
import { follow, t } from "./i18n";

export class Countdown {
  readonly element: HTMLElement;
  private readonly bar = h("span", { class: "countdown-bar", "aria-hidden": "true" });
  private readonly clock = h("b", { class: "countdown-clock" });
  private readonly whole: number;
  private timer = 0;
  private said = Infinity;
  private over = false;

  constructor(
    private readonly deadline: number,
    private readonly ended: () => void,
    began = serverNow(),
  ) {
    this.whole = Math.max(1, deadline - began);
    const label = h("span", { class: "countdown-label" });
    follow(label, (node) => (node.textContent = t("seats_are_yours_for")));
    this.element = h(
      "div",
      { class: "countdown", role: "timer" },
      h("span", { class: "countdown-text" }, label, " ", this.clock),
      h("span", { class: "countdown-track" }, this.bar),
    );
    this.tick();
    this.timer = window.setInterval(() => this.tick(), 250);
    // A page that slept in a pocket may wake after the deadline.
    document.addEventListener("visibilitychange", this.wake);
  }

  stop(): void {
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.wake);
    this.over = true;
  }

  private readonly wake = () => this.tick();

  private tick(): void {
    if (this.over) return;
    const left = this.deadline - serverNow();
    const seconds = Math.max(0, Math.floor(left / 1000));
    this.clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    this.bar.style.transform = `scaleX(${Math.max(0, Math.min(1, left / this.whole))})`;
    this.element.classList.toggle("soon", seconds <= 60);
    for (const mark of [300, 60, 30, 10]) {
      if (seconds <= mark && this.said > mark && this.whole > mark * 1000) {
        this.said = mark;
        announce(t("time_left", { count: seconds }));
        break;
      }
    }
    if (left > 0) return;
    this.stop();
    this.ended();
  }
}
