// <seat-map>: the chart to look at and choose from. Pan by dragging or Shift with arrows, zoom by wheel,
// pinch or plus and minus, walk by arrows, choose by Enter.
//
// What is seen is a picture somewhat larger than the element, painted in slices; between paintings it is
// moved and stretched. So a frame costs the copying of one picture, however many seats there are. Chosen
// seats and the focus are drawn over it in each frame.

import { Chart, type Bounds } from "./chart";
import { View } from "./camera";
import { h } from "./dom";
import { follow, say, t } from "./i18n";
import { categoryColors, fallbackColors, paletteOf } from "./map-colors";
import { inkOn, Painter, standOut, type Scene } from "./painter";
import type { AreaCounts, Drawing } from "./types";

const overscan = 0.3;
const sliceMilliseconds = 6;
const dragPixels = 6;

export interface SeatMapActions {
  /** May it be chosen, or looked at, now? */
  canChoose: (index: number) => boolean;
  choose: (index: number) => void;
  chooseArea: (area: number) => void;
  /** What is said of a place: where it is, what it costs, whether it's free. */
  describe: (index: number) => string;
}

export class SeatMapElement extends HTMLElement {
  private readonly canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": say("seat_map") });
  private readonly tip = h("div", { class: "seat-tip", hidden: true, "aria-hidden": "true" });
  private readonly voice = h("div", { class: "unseen", "aria-live": "polite" });
  private readonly view = new View();
  private front: Painter | null = null;
  private back: Painter | null = null;
  private spare: HTMLCanvasElement | null = null;
  private scene: Scene | null = null;
  private actions: SeatMapActions | null = null;
  private readonly chosen = new Set<number>();
  private focused = -1;
  private ratio = 1;
  private width = 0;
  private height = 0;
  private frame = 0;
  private stale = false;
  private fitted = true;
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private dragged = 0;
  private pinched = false;

  /** How long the last frames took on the page's thread, in milliseconds: to measure, not to steer. */
  readonly frameTimes: number[] = [];

  connectedCallback(): void {
    if (this.canvas.isConnected) return;
    const button = (text: string, label: "zoom_in" | "zoom_out" | "show_all", act: () => void) =>
      h(
        "button",
        {
          type: "button",
          class: "map-button",
          "aria-label": say(label),
          title: say(label),
          on: { click: act },
        },
        text,
      );
    this.append(
      this.canvas,
      h(
        "div",
        { class: "map-buttons" },
        button("+", "zoom_in", () => this.zoomBy(1.6)),
        button("−", "zoom_out", () => this.zoomBy(1 / 1.6)),
        button("⤢", "show_all", () => this.fit()),
      ),
      this.tip,
      this.voice,
    );
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      if (!this.scene) return;
      this.dress();
      this.refresh();
    });
  }

  show(drawing: Drawing, actions: SeatMapActions): void {
    const chart = new Chart(drawing);
    const colors = categoryColors(drawing);
    this.actions = actions;
    this.scene = {
      chart,
      status: Array.from({ length: chart.count }, () => "f"),
      areaFree: drawing.areas.map(({ capacity }) => capacity),
      colors,
      inks: colors.map(inkOn),
      palette: paletteOf(this),
      floor: -1,
      font: getComputedStyle(this).fontFamily,
      areaText: (area) =>
        `${drawing.areas[area]!.label}\n${t("free_places", { count: this.scene!.areaFree[area] ?? 0 })}`,
      visible: (index) => this.onFloor(index),
    };
    this.chosen.clear();
    this.focused = -1;
    follow(this, () => this.refresh());
    // Its colours and its size are known once it's on the page; the observer tells.
    this.resize();
    this.fit();
  }

  /** Which colour a category has on the map. */
  colorOf(category: number): string {
    return this.scene?.colors[category] ?? fallbackColors[0]!;
  }

  setStatuses(places: string, areas: AreaCounts[]): void {
    if (!this.scene) return;
    this.scene.status = Array.from(places);
    this.scene.areaFree = areas.map(({ free }) => free);
    this.refresh();
  }

  changeStatuses(
    places: readonly (readonly [number, string])[],
    areas: readonly (readonly [number, number])[],
  ): void {
    if (!this.scene) return;
    for (const [index, status] of places) this.scene.status[index] = status;
    for (const [area, free] of areas) this.scene.areaFree[area] = free;
    // A few small ones are painted over. Large ones reach into each other's edges, but then few are in sight;
    // for many, or for areas with their texts, all is painted anew, too.
    if (areas.length || places.length > 400 || !this.front?.paintsSmall) return this.refresh();
    for (const [index] of places) {
      this.front?.repaint(index);
      this.back?.repaint(index);
    }
    this.request();
  }

  setChosen(indices: Iterable<number>): void {
    this.chosen.clear();
    for (const index of indices) this.chosen.add(index);
    this.request();
  }

  /** -1 shows all floors. */
  setFloor(floor: number): void {
    if (!this.scene) return;
    this.scene.floor = floor;
    this.focused = -1;
    this.refresh();
    this.fit();
  }

  fit(): void {
    if (!this.scene || !this.width) return;
    this.view.least = 1e-6;
    this.view.fit(this.bounds(), this.width, this.height, 18);
    this.view.least = this.view.scale * 0.7;
    this.fitted = true;
    this.moved();
  }

  /** Brings places into sight, as after a choice by the house. */
  reveal(indices: number[]): void {
    if (!this.scene || !indices.length) return;
    const { chart } = this.scene;
    const x = indices.map((index) => chart.x[index]!);
    const y = indices.map((index) => chart.y[index]!);
    const margin = chart.radius[indices[0]!]! * 14;
    const bounds = {
      left: Math.min(...x) - margin,
      right: Math.max(...x) + margin,
      top: Math.min(...y) - margin,
      bottom: Math.max(...y) + margin,
    };
    this.view.fit(bounds, this.width, this.height, 10);
    this.fitted = false;
    this.moved();
  }

  /** Where a place is, in pixels from the element's corner; null when there's no such place. */
  positionOf(label: string): { x: number; y: number; radius: number } | null {
    const index = this.scene?.chart.drawing.places.label.indexOf(label) ?? -1;
    if (!this.scene || index < 0) return null;
    const { chart } = this.scene;
    return {
      ...this.view.toScreen(chart.x[index]!, chart.y[index]!),
      radius: chart.radius[index]! * this.view.scale,
    };
  }

  /** "f", "h", "s" or "k"; null when there's no such place. */
  statusOf(label: string): string | null {
    return this.scene?.status[this.scene.chart.drawing.places.label.indexOf(label)] ?? null;
  }

  /** True when what is seen is painted as sharp as can be. */
  get settled(): boolean {
    return this.frame === 0 && this.front !== null;
  }

  /** Colours and letters as the page's style has them now. */
  private dress(): void {
    const scene = this.scene!;
    scene.palette = paletteOf(this);
    scene.font = getComputedStyle(this).fontFamily;
    scene.colors = categoryColors(scene.chart.drawing).map((color) => standOut(color, scene.palette.paper));
    scene.inks = scene.colors.map(inkOn);
    this.dispatchEvent(new Event("dressed"));
  }

  private onFloor(index: number): boolean {
    const { floor, chart } = this.scene!;
    if (floor < 0) return true;
    const of = chart.drawing.sections[chart.drawing.rows[chart.drawing.places.row[index]!]!.section]?.floor;
    return of === undefined || of === floor;
  }

  private bounds(): Bounds {
    const { chart, floor } = this.scene!;
    if (floor < 0) return chart.bounds;
    const shown = chart.sectionBounds.filter(
      (bounds, section) => bounds && chart.drawing.sections[section]!.floor === floor,
    ) as Bounds[];
    if (!shown.length) return chart.bounds;
    return {
      left: Math.min(...shown.map(({ left }) => left)),
      right: Math.max(...shown.map(({ right }) => right)),
      top: Math.min(...shown.map(({ top }) => top)),
      bottom: Math.max(...shown.map(({ bottom }) => bottom)),
    };
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this;
    if (!this.scene || !clientWidth || !clientHeight) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    this.dress();
    if (clientWidth === this.width && clientHeight === this.height && ratio === this.ratio) return;
    this.view.x += (clientWidth - this.width) / 2;
    this.view.y += (clientHeight - this.height) / 2;
    this.width = clientWidth;
    this.height = clientHeight;
    this.ratio = ratio;
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    // A seat may grow to 26 pixels.
    const radii = Array.from(this.scene.chart.radius).sort((a, b) => a - b);
    this.view.most = 26 / (radii[radii.length >> 1] ?? 1);
    this.refresh();
    if (this.fitted) this.fit();
    // A canvas of a new size is empty: it mustn't be seen so.
    if (this.frame !== 0) cancelAnimationFrame(this.frame);
    this.draw();
  }

  private zoomBy(factor: number, x = this.width / 2, y = this.height / 2): void {
    this.view.zoom(factor, x, y);
    this.fitted = false;
    this.moved();
  }

  private moved(): void {
    if (!this.scene) return;
    this.view.confine(this.bounds(), this.width, this.height);
    this.tip.hidden = true;
    this.stale = true;
    this.request();
  }

  private refresh(): void {
    this.stale = true;
    this.spare = this.back?.canvas ?? this.spare;
    this.back = null;
    this.mustRepaint = true;
    this.request();
  }
  private mustRepaint = false;

  private request(): void {
    if (this.frame === 0 && this.scene && this.width) this.frame = requestAnimationFrame(() => this.draw());
  }

  /** True when the front picture, moved to where the view is, still covers it sharply. */
  private fresh(picture: Painter): boolean {
    if (Math.abs(picture.view.scale / this.view.scale - 1) > 1e-6) return false;
    const x = this.view.x - picture.view.x;
    const y = this.view.y - picture.view.y;
    return x <= 0 && y <= 0 && x >= -2 * overscan * this.width && y >= -2 * overscan * this.height;
  }

  private draw(): void {
    const started = performance.now();
    this.frame = 0;
    const scene = this.scene!;
    if (this.stale && !this.mustRepaint && this.front && this.fresh(this.front)) {
      this.stale = false;
      this.spare = this.back?.canvas ?? this.spare;
      this.back = null;
    }
    if (this.stale) {
      if (!this.back || !this.worthFinishing(this.back)) this.startBack();
      // The beginning of a painting may be a frame's work by itself. After a leap there's nothing worth
      // showing meanwhile: it is painted at once.
      const leap = !this.front || !this.worthFinishing(this.front);
      if (
        (leap || performance.now() - started < sliceMilliseconds / 2) &&
        this.back!.paint(leap ? Infinity : started + sliceMilliseconds)
      ) {
        this.spare = this.front?.canvas ?? null;
        this.front = this.back;
        this.back = null;
        this.mustRepaint = false;
        this.stale = !this.fresh(this.front!);
      }
    }
    this.compose(scene);
    if (this.stale) this.request();
    this.frameTimes.push(performance.now() - started);
    if (this.frameTimes.length > 600) this.frameTimes.shift();
  }

  /**
   * A painting begun for a view that moved on is finished all the same while it helps: a stretched picture
   * needs a successor.
   */
  private worthFinishing(picture: Painter): boolean {
    const stretch = this.view.scale / picture.view.scale;
    return stretch > 0.4 && stretch < 2.5;
  }

  private startBack(): void {
    const canvas = this.back?.canvas ?? this.spare ?? document.createElement("canvas");
    this.spare = null;
    const view = this.view.copy();
    view.x += overscan * this.width;
    view.y += overscan * this.height;
    const painter = new Painter(
      canvas,
      view,
      this.width * (1 + 2 * overscan),
      this.height * (1 + 2 * overscan),
      this.ratio,
      this.scene!,
    );
    this.back = painter;
  }

  private compose(scene: Scene): void {
    const context = this.canvas.getContext("2d", { alpha: false })!;
    const { palette, chart } = scene;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.fillStyle = palette.paper;
    context.fillRect(0, 0, this.width, this.height);
    if (this.front) {
      const { view, canvas } = this.front;
      const stretch = this.view.scale / view.scale;
      context.imageSmoothingQuality = "low";
      context.drawImage(
        canvas,
        this.view.x - view.x * stretch,
        this.view.y - view.y * stretch,
        (canvas.width / this.ratio) * stretch,
        (canvas.height / this.ratio) * stretch,
      );
    }
    for (const index of this.chosen) {
      if (!this.onFloor(index)) continue;
      const { x, y } = this.view.toScreen(chart.x[index]!, chart.y[index]!);
      const radius = Math.max(4, chart.radius[index]! * this.view.scale * 1.12);
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = palette.chosen;
      context.fill();
      context.strokeStyle = palette.chosenInk;
      context.lineWidth = Math.max(1.2, radius * 0.2);
      context.lineJoin = "round";
      context.beginPath();
      context.moveTo(x - radius * 0.42, y + radius * 0.02);
      context.lineTo(x - radius * 0.1, y + radius * 0.34);
      context.lineTo(x + radius * 0.44, y - radius * 0.32);
      context.stroke();
    }
    if (this.focused >= 0 && document.activeElement === this.canvas) {
      const { x, y } = this.view.toScreen(chart.x[this.focused]!, chart.y[this.focused]!);
      context.beginPath();
      context.arc(x, y, Math.max(6, chart.radius[this.focused]! * this.view.scale + 3), 0, 2 * Math.PI);
      context.strokeStyle = palette.focus;
      context.lineWidth = 2.5;
      context.stroke();
    }
  }

  private listen(): void {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.pointerDown(event));
    canvas.addEventListener("pointermove", (event) => this.pointerMove(event));
    canvas.addEventListener("pointerup", (event) => this.pointerUp(event, true));
    canvas.addEventListener("pointercancel", (event) => this.pointerUp(event, false));
    canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
        this.zoomBy(
          Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.0022)),
          event.offsetX,
          event.offsetY,
        );
      },
      { passive: false },
    );
    canvas.addEventListener("keydown", (event) => this.keyDown(event));
    canvas.addEventListener("focus", () => this.request());
    canvas.addEventListener("blur", () => this.request());
  }

  private pointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    if (this.pointers.size === 1) {
      this.dragged = 0;
      this.pinched = false;
    } else {
      this.pinched = true;
    }
  }

  private pointerMove(event: PointerEvent): void {
    const last = this.pointers.get(event.pointerId);
    if (!last) {
      if (event.pointerType === "mouse") this.hover(event.offsetX, event.offsetY);
      return;
    }
    const now = { x: event.offsetX, y: event.offsetY };
    if (this.pointers.size === 1) {
      const moved = Math.hypot(now.x - last.x, now.y - last.y);
      this.dragged += moved;
      if (this.dragged < dragPixels) return;
      this.view.x += now.x - last.x;
      this.view.y += now.y - last.y;
    } else {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)![1];
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      this.view.x += (now.x - last.x) / 2;
      this.view.y += (now.y - last.y) / 2;
      const before = Math.hypot(last.x - other.x, last.y - other.y);
      if (before > 1)
        this.view.zoom(Math.hypot(now.x - other.x, now.y - other.y) / before, middle.x, middle.y);
    }
    this.pointers.set(event.pointerId, now);
    this.fitted = false;
    this.moved();
  }

  private pointerUp(event: PointerEvent, chosen: boolean): void {
    if (!this.pointers.delete(event.pointerId)) return;
    if (chosen && this.pointers.size === 0 && this.dragged < dragPixels && !this.pinched)
      this.press(event.offsetX, event.offsetY, event.pointerType !== "mouse");
  }

  private find(x: number, y: number, reach: number): number {
    const at = this.view.toChart(x, y);
    return this.scene!.chart.placeAt(at.x, at.y, reach / this.view.scale, (index) => this.onFloor(index));
  }

  private press(x: number, y: number, byFinger: boolean): void {
    if (!this.scene || !this.actions) return;
    const found = this.find(x, y, byFinger ? 12 : 4);
    if (found < 0) {
      const area = this.areaAt(x, y);
      if (area >= 0) this.actions.chooseArea(area);
      return;
    }
    // Seats too small to be hit by a finger: come nearer first.
    if (byFinger && this.scene.chart.radius[found]! * this.view.scale < 8) {
      this.zoomBy(13 / (this.scene.chart.radius[found]! * this.view.scale), x, y);
      return;
    }
    this.focused = found;
    this.pick(found);
  }

  private pick(index: number): void {
    if (this.actions!.canChoose(index)) this.actions!.choose(index);
    this.speak(index);
    this.request();
  }

  private areaAt(x: number, y: number): number {
    const at = this.view.toChart(x, y);
    const areas = this.scene!.chart.drawing.areas;
    for (let index = 0; index < areas.length; ++index) {
      const { outline, center } = areas[index]!;
      if (!outline?.length) {
        if (Math.abs(at.x - center.x) < 40 && Math.abs(at.y - center.y) < 40) return index;
        continue;
      }
      let inside = false;
      for (let a = 0, b = outline.length - 1; a < outline.length; b = a++) {
        const p = outline[a]!;
        const q = outline[b]!;
        if (p.y > at.y !== q.y > at.y && at.x < ((q.x - p.x) * (at.y - p.y)) / (q.y - p.y) + p.x)
          inside = !inside;
      }
      if (inside) return index;
    }
    return -1;
  }

  private hover(x: number, y: number): void {
    if (!this.scene || !this.actions) return;
    const found = this.find(x, y, 2);
    this.canvas.style.cursor =
      found >= 0 && this.actions.canChoose(found) ? "pointer" : this.areaAt(x, y) >= 0 ? "pointer" : "grab";
    this.tip.hidden = found < 0;
    if (found < 0) return;
    this.tip.textContent = this.actions.describe(found);
    const left = Math.min(Math.max(x, 110), this.width - 110);
    const lift = y > 90 ? "calc(-100% - 16px)" : "22px";
    this.tip.style.transform = `translate(${left}px, ${y}px) translate(-50%, ${lift})`;
  }

  private speak(index: number): void {
    const chosen = this.chosen.has(index) ? `${t("chosen")}. ` : "";
    this.voice.textContent = chosen + this.actions!.describe(index);
  }

  private keyDown(event: KeyboardEvent): void {
    if (!this.scene || !this.actions || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const arrow = arrows[event.key];
    if (arrow && event.shiftKey) {
      this.view.x -= arrow[0] * 60;
      this.view.y -= arrow[1] * 60;
      this.fitted = false;
      this.moved();
    } else if (arrow) {
      this.walk(...arrow);
    } else if (event.key === "+" || event.key === "=") {
      this.zoomBy(1.4);
    } else if (event.key === "-") {
      this.zoomBy(1 / 1.4);
    } else if (event.key === "0") {
      this.fit();
    } else if ((event.key === "Enter" || event.key === " ") && this.focused >= 0) {
      this.pick(this.focused);
    } else {
      return;
    }
    event.preventDefault();
  }

  private walk(dx: number, dy: number): void {
    const { chart } = this.scene!;
    const on = (index: number) => this.onFloor(index);
    if (this.focused < 0) {
      const middle = this.view.toChart(this.width / 2, this.height / 2);
      this.focused = chart.placeAt(middle.x, middle.y, Infinity, on);
      if (this.focused < 0)
        for (let index = 0; index < chart.count && this.focused < 0; ++index)
          if (on(index)) this.focused = index;
    } else {
      const next = chart.neighbour(this.focused, dx, dy, on);
      if (next >= 0) this.focused = next;
    }
    if (this.focused < 0) return;
    const { x, y } = this.view.toScreen(chart.x[this.focused]!, chart.y[this.focused]!);
    const margin = 50;
    if (x < margin || y < margin || x > this.width - margin || y > this.height - margin) {
      this.view.x += this.width / 2 - x;
      this.view.y += this.height / 2 - y;
      this.fitted = false;
      this.moved();
    }
    this.speak(this.focused);
    this.request();
  }
}

customElements.define("seat-map", SeatMapElement);
