// Charts that staff choose from their disk.

import { Problem } from "./api";
import { byteCount } from "./bytes";
import { h } from "./dom";
import { say, t } from "./i18n";
import type { NoticeBoard } from "./page";

/** The server takes requests of 8 MiB here; a new event's brings its name and prices beside the chart. */
const largestChart = 8 * 1024 * 1024 - 64 * 1024;
const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 102.4) / 10;

/** The file's JSON. Throws an Error that says what is wrong with it. */
export async function readChart(file: File): Promise<unknown> {
  let chart: unknown;
  try {
    chart = JSON.parse(await file.text());
  } catch {
    throw new Error(t("chart_not_json"));
  }
  // As it is sent: without the file's indentation.
  const size = byteCount(JSON.stringify(chart));
  if (size > largestChart)
    throw new Error(t("chart_too_large", { most: megabytes(largestChart), size: megabytes(size) }));
  return chart;
}

export function problemList(problems: { pointer?: string; message?: string }[]): HTMLElement {
  return h(
    "ul",
    { class: "problem-list" },
    problems.map(({ pointer, message }) =>
      h("li", {}, pointer && h("code", {}, pointer), " ", message ?? ""),
    ),
  );
}

/** What the server found wrong with a chart, item by item; or whatever else it was. */
export function showChartProblem(board: NoticeBoard, error: unknown): void {
  if (error instanceof Problem && error.body.errors?.length)
    board.show(
      "bad",
      say("chart_has_problems", { count: error.body.errors.length }),
      problemList(error.body.errors),
    );
  else board.problem(error);
}
