// Paints a chart into a canvas in slices of a few milliseconds, so that ten thousand seats and more never
// cost a frame.

import { middleOf, type Bounds, type Chart } from "./chart";
import type { View } from "./camera";
import type { Point } from "./types";

export interface Palette {
  paper: string;
  ink: string;
  muted: string;
  stage: string;
  outline: string;
  taken: string;
  held: string;
  chosen: string;
  chosenInk: string;
  focus: string;
}

export interface Scene {
  chart: Chart;
  /** A character per place: f free, h held, s sold, k killed. */
  status: string[];
  areaFree: number[];
  colors: string[];
  inks: string[];
  palette: Palette;
  floor: number;
  font: string;
  /** What stands in an area: its label and how many are free. */
  areaText: (area: number) => string;
  visible: (index: number) => boolean;
}

const radiusForSprites = 3;
const radiusForNumbers = 9.5;
/**
 * Seats between two looks at the clock: small ones are little rectangles, large ones pictures and letters.
 */
const smallPortion = 1024;
const largePortion = 96;

/** One painting of the part of the chart that `view` shows in a canvas of width x height CSS pixels. */
export class Painter {
  private readonly context: CanvasRenderingContext2D;
  private readonly queue: number[] = [];
  private next = 0;
  /** Whether seats are so small that none touches another's picture. */
  readonly paintsSmall: boolean;
  private readonly portion: number;
  private readonly sprites = new Map<string, HTMLCanvasElement>();

  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly view: View,
    private readonly width: number,
    private readonly height: number,
    private readonly ratio: number,
    private readonly scene: Scene,
  ) {
    // Setting the size of a canvas makes a new one, which takes time.
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    // Painted by the processor: only so is the work done when it is asked for, and not in one lump at the
    // first look at the picture.
    this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.fillStyle = scene.palette.paper;
    this.context.fillRect(0, 0, width, height);
    this.drawShapes();
    this.drawAreas();
    this.paintsSmall = scene.chart.largestRadius * view.scale < radiusForSprites;
    this.portion = this.paintsSmall ? smallPortion : largePortion;
    const found: number[] = [];
    scene.chart.within(this.seen(), found);
    // Seats of one colour after another: changing the fill costs more than a small rectangle.
    const piles: number[][] = Array.from({ length: scene.colors.length + 2 }, () => []);
    for (const index of found) if (scene.visible(index)) piles[this.pileOf(index)]!.push(index);
    for (const pile of piles) for (const index of pile) this.queue.push(index);
  }

  private seen(): Bounds {
    const { x: left, y: top } = this.view.toChart(0, 0);
    const { x: right, y: bottom } = this.view.toChart(this.width, this.height);
    return { left, top, right, bottom };
  }

  private pileOf(index: number): number {
    const status = this.scene.status[index];
    return status === "f"
      ? this.scene.chart.drawing.places.category[index]!
      : this.scene.colors.length + (status === "h" ? 0 : 1);
  }

  /** Works until `deadline` of performance.now(); true when all is painted. */
  paint(deadline: number): boolean {
    while (this.next < this.queue.length) {
      const end = Math.min(this.queue.length, this.next + this.portion);
      for (; this.next < end; ++this.next) this.drawPlace(this.queue[this.next]!);
      // Reading a pixel makes the browser paint what it has only noted down.
      this.context.getImageData(0, 0, 1, 1);
      if (performance.now() >= deadline) return false;
    }
    return this.finish();
  }

  private done = false;
  private finish(): boolean {
    if (!this.done) this.drawLabels();
    return (this.done = true);
  }

  /** Paints one place over, after its status changed. */
  repaint(index: number): void {
    if (!this.scene.visible(index)) return;
    const { x, y } = this.view.toScreen(this.scene.chart.x[index]!, this.scene.chart.y[index]!);
    const radius = this.scene.chart.radius[index]! * this.view.scale;
    if (x < -radius || y < -radius || x > this.width + radius || y > this.height + radius) return;
    this.context.fillStyle = this.scene.palette.paper;
    this.context.fillRect(x - radius - 0.5, y - radius - 0.5, 2 * radius + 1, 2 * radius + 1);
    this.drawPlace(index);
  }

  private drawPlace(index: number): void {
    const { chart, palette, colors } = this.scene;
    const status = this.scene.status[index]!;
    const x = chart.x[index]! * this.view.scale + this.view.x;
    const y = chart.y[index]! * this.view.scale + this.view.y;
    const radius = chart.radius[index]! * this.view.scale;
    const category = chart.drawing.places.category[index]!;
    const fill = status === "f" ? colors[category]! : status === "h" ? palette.held : palette.taken;
    if (radius < radiusForSprites) {
      if (this.context.fillStyle !== fill) this.context.fillStyle = fill;
      const side = Math.max(0.8, radius * 1.75);
      this.context.fillRect(x - side / 2, y - side / 2, side, side);
      return;
    }
    const kind = chart.drawing.places.kind[index] ?? "s";
    const sprite = this.sprite(kind, status === "f" ? fill : status, fill, radius);
    const side = sprite.width / this.ratio;
    this.context.drawImage(sprite, x - side / 2, y - side / 2, side, side);
    if (radius >= radiusForNumbers && status === "f") {
      this.context.fillStyle = this.scene.inks[category]!;
      this.context.font = `600 ${Math.min(radius * 0.85, 15)}px ${this.scene.font}`;
      this.context.textAlign = "center";
      this.context.textBaseline = "middle";
      this.context.fillText(this.accessible.has(index) ? "♿︎" : this.name(index), x, y + 0.5, radius * 1.8);
    }
  }

  /** What stands on the seat; a table or booth sold as one has no seat's name, but its own. */
  private name(index: number): string {
    const { places, rows } = this.scene.chart.drawing;
    return places.seat[index] || rows[places.row[index]!]!.label;
  }

  private get accessible(): Set<number> {
    return (this.accessibleSet ??= new Set(this.scene.chart.drawing.places.accessible));
  }
  private accessibleSet: Set<number> | undefined;

  private sprite(kind: string, name: string, fill: string, radius: number): HTMLCanvasElement {
    const key = `${kind}${name}${Math.round(radius * 8)}`;
    const known = this.sprites.get(key);
    if (known) return known;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil((radius * 2 + 2) * this.ratio);
    const context = canvas.getContext("2d")!;
    context.scale(this.ratio, this.ratio);
    const middle = canvas.width / this.ratio / 2;
    context.beginPath();
    if (kind === "s") context.arc(middle, middle, radius, 0, 2 * Math.PI);
    else context.roundRect(middle - radius, middle - radius, 2 * radius, 2 * radius, radius * 0.3);
    if (name === "s" || name === "k") {
      // Taken: smaller and hollow, so that colour isn't all that tells.
      context.beginPath();
      context.arc(middle, middle, radius * 0.62, 0, 2 * Math.PI);
    }
    context.fillStyle = fill;
    context.fill();
    if (name === "h") {
      context.strokeStyle = this.scene.palette.muted;
      context.lineWidth = Math.max(1, radius * 0.14);
      context.setLineDash([radius * 0.5, radius * 0.4]);
      context.stroke();
    }
    this.sprites.set(key, canvas);
    return canvas;
  }

  private trace(outline: Point[]): void {
    this.context.beginPath();
    outline.forEach((point, at) => {
      const { x, y } = this.view.toScreen(point.x, point.y);
      if (at === 0) this.context.moveTo(x, y);
      else this.context.lineTo(x, y);
    });
    this.context.closePath();
  }

  private text(words: string, at: Point, size: number, color: string, limit?: number): void {
    const { x, y } = this.view.toScreen(at.x, at.y);
    this.context.font = `600 ${size}px ${this.scene.font}`;
    this.context.textAlign = "center";
    this.context.textBaseline = "middle";
    this.context.fillStyle = color;
    words
      .split("\n")
      .forEach((line, index, all) =>
        this.context.fillText(line, x, y + (index - (all.length - 1) / 2) * size * 1.3, limit),
      );
  }

  private drawShapes(): void {
    const { palette, chart } = this.scene;
    for (const section of chart.drawing.sections) {
      if (
        !section.outline?.length ||
        (this.scene.floor >= 0 && section.floor !== undefined && section.floor !== this.scene.floor)
      )
        continue;
      this.trace(section.outline);
      this.context.strokeStyle = palette.outline;
      this.context.lineWidth = 1;
      this.context.stroke();
    }
    for (const shape of chart.drawing.shapes) {
      if (!shape.outline.length) continue;
      if (shape.kind === "text") {
        this.text(
          shape.label,
          shape.outline[0]!,
          Math.max(9, Math.min(16, 14 * this.view.scale)),
          palette.muted,
        );
        continue;
      }
      this.trace(shape.outline);
      this.context.fillStyle = shape.kind === "stage" ? palette.stage : palette.paper;
      this.context.fill();
      this.context.strokeStyle = palette.outline;
      this.context.lineWidth = 1;
      this.context.stroke();
      if (shape.label) {
        const width = extent(shape.outline, "x") * this.view.scale;
        const middle = middleOf(shape.outline);
        this.text(shape.label, middle, Math.max(10, Math.min(20, width / 9)), palette.muted, width);
      }
    }
  }

  private drawAreas(): void {
    const { chart, colors, palette } = this.scene;
    chart.drawing.areas.forEach((area, index) => {
      const outline = area.outline?.length ? area.outline : box(area.center, 40);
      this.trace(outline);
      const free = (this.scene.areaFree[index] ?? 0) > 0;
      this.context.globalAlpha = free ? 0.22 : 0.12;
      this.context.fillStyle = free ? colors[area.category]! : palette.taken;
      this.context.fill();
      this.context.globalAlpha = 1;
      this.context.strokeStyle = free ? colors[area.category]! : palette.outline;
      this.context.lineWidth = 1.5;
      this.context.stroke();
      const width = extent(outline, "x") * this.view.scale;
      const height = extent(outline, "y") * this.view.scale;
      // Two lines when they have room, else the name alone, else nothing.
      const words = this.scene.areaText(index);
      const lines = height > 30 ? 2 : 1;
      const size = Math.min(15, width / 12, height / (lines * 1.45));
      if (size >= 8)
        this.text(
          lines === 2 ? words : words.split("\n")[0]!,
          area.outline?.length ? middleOf(outline) : area.center,
          size,
          palette.ink,
          width - 6,
        );
    });
  }

  private drawLabels(): void {
    const { chart, palette, visible } = this.scene;
    const { rows, sections } = chart.drawing;
    // Rows by their ends once the letters have room; sections by name as long as seats are small.
    const typical = (chart.radius[chart.count >> 1] ?? 0) * this.view.scale;
    if (typical >= 4.5) {
      const seen = this.seen();
      rows.forEach((row, index) => {
        const [first, end] = chart.rowSpans[index]!;
        if (end - first < 2 || !visible(first)) return;
        for (const [place, beside] of [
          [first, first + 1],
          [end - 1, end - 2],
        ] as const) {
          const x = chart.x[place]!;
          const y = chart.y[place]!;
          if (x < seen.left || x > seen.right || y < seen.top || y > seen.bottom) continue;
          const dx = x - chart.x[beside]!;
          const dy = y - chart.y[beside]!;
          const far = (chart.radius[place]! * 2.3) / (Math.hypot(dx, dy) || 1);
          this.text(
            row.label,
            { x: x + dx * far, y: y + dy * far },
            Math.min(13, typical * 1.3),
            palette.muted,
          );
        }
      });
      return;
    }
    const placed: Bounds[] = [];
    sections.forEach((section, index) => {
      const bounds = chart.sectionBounds[index];
      if (
        !bounds ||
        !section.label ||
        sections.length < 2 ||
        (this.scene.floor >= 0 && section.floor !== undefined && section.floor !== this.scene.floor)
      )
        return;
      const size = Math.max(10, Math.min(15, ((bounds.right - bounds.left) * this.view.scale) / 8));
      this.context.font = `600 ${size}px ${this.scene.font}`;
      const wide = this.context.measureText(section.label).width + size;
      const middle = { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 };
      const { x, y } = this.view.toScreen(middle.x, middle.y);
      const room = { left: x - wide / 2, right: x + wide / 2, top: y - size * 0.85, bottom: y + size * 0.85 };
      // A name that would hide another waits until one comes nearer.
      if (
        placed.some(
          (other) =>
            room.left < other.right &&
            room.right > other.left &&
            room.top < other.bottom &&
            room.bottom > other.top,
        )
      )
        return;
      placed.push(room);
      this.context.globalAlpha = 0.88;
      this.context.fillStyle = palette.paper;
      this.context.beginPath();
      this.context.roundRect(room.left, room.top, wide, size * 1.7, size * 0.85);
      this.context.fill();
      this.context.globalAlpha = 1;
      this.text(section.label, middle, size, palette.ink);
    });
  }
}

const box = ({ x, y }: Point, half: number): Point[] => [
  { x: x - half, y: y - half },
  { x: x + half, y: y - half },
  { x: x + half, y: y + half },
  { x: x - half, y: y + half },
];

function extent(outline: Point[], axis: "x" | "y"): number {
  let least = Infinity;
  let most = -Infinity;
  for (const point of outline) {
    least = Math.min(least, point[axis]);
    most = Math.max(most, point[axis]);
  }
  return most - least;
}

/** Red, green and blue from 0 to 255; null for anything but "#rrggbb". */
function parts(color: string): [number, number, number] | null {
  const found = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  return found && (found.slice(1).map((part) => parseInt(part, 16)) as [number, number, number]);
}

/** Relative luminance as WCAG 2 has it. */
function luminance(color: [number, number, number]): number {
  const [red, green, blue] = color.map((part) =>
    part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

/** Black or white, whichever reads better on the colour. */
export function inkOn(color: string): string {
  const known = parts(color);
  if (!known) return "#ffffff";
  return contrast(luminance(known), 1) >= contrast(luminance(known), 0) ? "#ffffff" : "#10131a";
}

/** The colour, moved from the paper's until both can be told apart (3 : 1, as WCAG 2 asks of graphics). */
export function standOut(color: string, paper: string): string {
  const start = parts(color);
  const ground = parts(paper);
  if (!start || !ground) return color;
  const away = luminance(ground) < 0.2 ? 255 : 0;
  for (let step = 0; step <= 10; ++step) {
    const mixed = start.map((part) => Math.round(part + ((away - part) * step) / 12)) as [
      number,
      number,
      number,
    ];
    if (contrast(luminance(mixed), luminance(ground)) >= 3)
      return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  }
  return color;
}
