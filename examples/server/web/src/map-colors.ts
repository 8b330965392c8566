// What colors a map is drawn in: its categories' own, others where the chart has none, and the page's.

import type { Palette } from "./painter";
import type { Drawing } from "./types";

export const fallbackColors = [
  "#2f6f9f",
  "#b5446e",
  "#3e8e5a",
  "#d98e04",
  "#7a6c9d",
  "#0d7c86",
  "#a0522d",
  "#5b6b2f",
];

export const categoryColors = ({ categories }: Drawing): string[] =>
  categories.map(({ color }, index) => color || fallbackColors[index % fallbackColors.length]!);

/** The colors that the page's style sheet gives the map. */
export function paletteOf(map: HTMLElement): Palette {
  const style = getComputedStyle(map);
  const of = (name: string) => style.getPropertyValue(`--map-${name}`).trim();
  return {
    paper: of("paper"),
    ink: of("ink"),
    muted: of("muted"),
    stage: of("stage"),
    outline: of("outline"),
    taken: of("taken"),
    held: of("held"),
    chosen: of("chosen"),
    chosenInk: of("chosen-ink"),
    focus: of("focus"),
  };
}
