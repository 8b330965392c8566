// The drawing as the server sends it, column by column, made into what the map works with.

import type { Category, Drawing, Point } from "./types";

type Pair = [number, number];

export interface SentDrawing {
  /** Which map it is, as availability names it. */
  id: string;
  name: string;
  focal_point?: Pair;
  categories: Category[];
  places: {
    labels: string[];
    x: number[];
    y: number[];
    category: number[];
    kind: ("seat" | "table" | "booth")[];
    section: string[];
    row: string[];
    seat: string[];
    seats: number[];
    accessible: number[];
    companion: number[];
    restricted_view: number[];
  };
  areas: { label: string; category: number; capacity: number; center: Pair; outline: Pair[] }[];
  sections: { label: string; entrance: string; floor: string; outline: Pair[] }[];
  shapes: { kind: "stage" | "outline" | "text"; label: string; outline: Pair[] }[];
}

const point = ([x, y]: Pair): Point => ({ x, y });

const marked = (flags: number[]): number[] => flags.flatMap((flag, index) => (flag ? [index] : []));

export function readDrawing(sent: SentDrawing): Drawing {
  const floors = [...new Set(sent.sections.map(({ floor }) => floor).filter(Boolean))];
  const sectionOf = new Map(sent.sections.map(({ label }, index) => [label, index]));
  // Places of a row follow each other.
  const rows: Drawing["rows"] = [];
  const row = sent.places.labels.map((_, index) => {
    const label = sent.places.row[index]!;
    const section = sectionOf.get(sent.places.section[index]!) ?? 0;
    const last = rows.at(-1);
    if (!last || last.label !== label || last.section !== section) rows.push({ label, section });
    return rows.length - 1;
  });
  return {
    id: sent.id,
    name: sent.name,
    floors,
    categories: sent.categories,
    sections: sent.sections.map(({ label, entrance, floor, outline }) => ({
      label,
      ...(entrance ? { entrance } : {}),
      ...(floor ? { floor: floors.indexOf(floor) } : {}),
      outline: outline.map(point),
    })),
    rows,
    places: {
      label: sent.places.labels,
      seat: sent.places.seat,
      row,
      x: sent.places.x,
      y: sent.places.y,
      category: sent.places.category,
      kind: sent.places.kind.map((kind) => kind[0]).join(""),
      accessible: marked(sent.places.accessible),
      companion: marked(sent.places.companion),
      restricted_view: marked(sent.places.restricted_view),
    },
    areas: sent.areas.map((area) => ({
      ...area,
      center: point(area.center),
      outline: area.outline.map(point),
    })),
    shapes: sent.shapes.map((shape) => ({ ...shape, outline: shape.outline.map(point) })),
  };
}
