// A chart made ready for drawing: radii, bounds, and a grid that finds the places in a rectangle or near a
// point.

import type { Drawing, Point } from "./types";

export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const cellPlaces = 24;

export class Chart {
  readonly count: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly radius: Float32Array;
  readonly largestRadius: number;
  readonly bounds: Bounds;
  readonly sectionBounds: (Bounds | null)[];
  /** Places of a row follow each other: [first, past the last). */
  readonly rowSpans: [number, number][];
  private readonly cell: number;
  private readonly columns: number;
  private readonly lines: number;
  private readonly starts: Uint32Array;
  private readonly order: Uint32Array;

  constructor(readonly drawing: Drawing) {
    const { places } = drawing;
    this.count = places.label.length;
    this.x = Float32Array.from(places.x);
    this.y = Float32Array.from(places.y);
    this.rowSpans = spans(places.row, drawing.rows.length);
    this.radius = radii(this.x, this.y, this.rowSpans);
    this.largestRadius = this.radius.reduce((most, radius) => Math.max(most, radius), 0);
    this.bounds = around(this);
    this.sectionBounds = drawing.sections.map(() => null);
    for (let index = 0; index < this.count; ++index) {
      const section = drawing.rows[places.row[index]!]!.section;
      this.sectionBounds[section] = grown(
        this.sectionBounds[section] ?? null,
        this.x[index]!,
        this.y[index]!,
        this.radius[index]!,
      );
    }
    // A grid of cells with a couple of dozen places each, stored one after another.
    const width = this.bounds.right - this.bounds.left || 1;
    const height = this.bounds.bottom - this.bounds.top || 1;
    this.cell = Math.max(Math.sqrt((width * height * cellPlaces) / Math.max(this.count, 1)), 1e-3);
    this.columns = Math.floor(width / this.cell) + 1;
    this.lines = Math.floor(height / this.cell) + 1;
    this.starts = new Uint32Array(this.columns * this.lines + 1);
    this.order = new Uint32Array(this.count);
    for (let index = 0; index < this.count; ++index) ++this.starts[this.cellOf(index) + 1]!;
    for (let cell = 0; cell + 1 < this.starts.length; ++cell) this.starts[cell + 1]! += this.starts[cell]!;
    const next = this.starts.slice();
    for (let index = 0; index < this.count; ++index) this.order[next[this.cellOf(index)]!++] = index;
  }

  private cellOf(index: number): number {
    const column = Math.min(
      this.columns - 1,
      Math.max(0, Math.floor((this.x[index]! - this.bounds.left) / this.cell)),
    );
    const line = Math.min(
      this.lines - 1,
      Math.max(0, Math.floor((this.y[index]! - this.bounds.top) / this.cell)),
    );
    return line * this.columns + column;
  }

  /** Appends the places within the rectangle, and perhaps some just outside, to found. */
  within(area: Bounds, found: number[]): void {
    const first = Math.max(0, Math.floor((area.left - this.bounds.left) / this.cell) - 1);
    const last = Math.min(this.columns - 1, Math.floor((area.right - this.bounds.left) / this.cell) + 1);
    const top = Math.max(0, Math.floor((area.top - this.bounds.top) / this.cell) - 1);
    const bottom = Math.min(this.lines - 1, Math.floor((area.bottom - this.bounds.top) / this.cell) + 1);
    for (let line = top; line <= bottom; ++line) {
      if (first > last) continue;
      const end = this.starts[line * this.columns + last + 1]!;
      for (let at = this.starts[line * this.columns + first]!; at < end; ++at) found.push(this.order[at]!);
    }
  }

  /** The place at the point, or nearest to it within reach; -1 if there is none. */
  placeAt(x: number, y: number, reach: number, allowed: (index: number) => boolean): number {
    const near: number[] = [];
    const margin = Math.max(reach, this.largestRadius);
    this.within({ left: x - margin, right: x + margin, top: y - margin, bottom: y + margin }, near);
    let best = -1;
    let bestDistance = Infinity;
    for (const index of near) {
      const distance = Math.hypot(this.x[index]! - x, this.y[index]! - y) - this.radius[index]!;
      if (distance < bestDistance && distance <= reach && allowed(index)) {
        best = index;
        bestDistance = distance;
      }
    }
    return best;
  }

  /** The nearest place in a direction, as arrow keys mean it; -1 if none lies there. */
  neighbour(from: number, dx: number, dy: number, allowed: (index: number) => boolean): number {
    let best = -1;
    let bestCost = Infinity;
    for (let index = 0; index < this.count; ++index) {
      const x = this.x[index]! - this.x[from]!;
      const y = this.y[index]! - this.y[from]!;
      const along = x * dx + y * dy;
      const aside = Math.abs(x * dy - y * dx);
      if (along <= this.radius[from]! * 0.4 || aside > along * 2) continue;
      const cost = along + aside * 2.5;
      if (cost < bestCost && allowed(index)) {
        best = index;
        bestCost = cost;
      }
    }
    return best;
  }
}

function spans(rowOf: number[], rows: number): [number, number][] {
  const result = Array.from({ length: rows }, (): [number, number] => [0, 0]);
  for (let index = 0; index < rowOf.length; ++index) {
    const span = result[rowOf[index]!]!;
    if (span[1] === 0) span[0] = index;
    span[1] = index + 1;
  }
  return result;
}

/** As large as the row's closest neighbours let a seat be; a row of one takes what is usual. */
function radii(x: Float32Array, y: Float32Array, rows: [number, number][]): Float32Array {
  const closest = rows.map(([first, end]) => {
    let least = Infinity;
    for (let index = first + 1; index < end; ++index) {
      const distance = Math.hypot(x[index]! - x[index - 1]!, y[index]! - y[index - 1]!);
      if (distance > 0) least = Math.min(least, distance);
    }
    return least;
  });
  const known = closest.filter(Number.isFinite).sort((a, b) => a - b);
  const usual = known[known.length >> 1] ?? 20;
  const result = new Float32Array(x.length);
  rows.forEach(([first, end], row) => {
    const pitch = Number.isFinite(closest[row]!) ? Math.min(closest[row]!, usual * 2) : usual;
    result.fill(pitch * 0.43, first, end);
  });
  return result;
}

function grown(bounds: Bounds | null, x: number, y: number, margin: number): Bounds {
  if (!bounds) return { left: x - margin, right: x + margin, top: y - margin, bottom: y + margin };
  bounds.left = Math.min(bounds.left, x - margin);
  bounds.right = Math.max(bounds.right, x + margin);
  bounds.top = Math.min(bounds.top, y - margin);
  bounds.bottom = Math.max(bounds.bottom, y + margin);
  return bounds;
}

function around(chart: Chart): Bounds {
  let bounds: Bounds | null = null;
  for (let index = 0; index < chart.count; ++index)
    bounds = grown(bounds, chart.x[index]!, chart.y[index]!, chart.radius[index]!);
  const points = (outline: Point[] | undefined) => {
    for (const { x, y } of outline ?? []) bounds = grown(bounds, x, y, 0);
  };
  for (const section of chart.drawing.sections) points(section.outline);
  for (const area of chart.drawing.areas) points(area.outline?.length ? area.outline : [area.center]);
  for (const shape of chart.drawing.shapes) if (shape.kind !== "text") points(shape.outline);
  return bounds ?? { left: 0, top: 0, right: 1, bottom: 1 };
}

export function middleOf(outline: Point[]): Point {
  const sum = outline.reduce((whole, { x, y }) => ({ x: whole.x + x, y: whole.y + y }), { x: 0, y: 0 });
  return { x: sum.x / outline.length, y: sum.y / outline.length };
}
