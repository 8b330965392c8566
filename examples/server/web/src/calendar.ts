// All events in the order of their dates, and which are over.

import { get, serverNow } from "./api";
import type { EventSummary } from "./types";

/** Nobody knows how long an event lasts; so long after its start nobody looks for its tickets any more. */
const graceMilliseconds = 6 * 3600 * 1000;

export const isOver = ({ starts_at }: EventSummary): boolean =>
  Date.parse(starts_at) + graceMilliseconds < serverNow();

/**
 * All that the server lists, page by page: the next performance first, then those that are over, the latest
 * first.
 */
export async function allEvents(): Promise<EventSummary[]> {
  const events: EventSummary[] = [];
  let next: string | undefined;
  do {
    const from: string = next ? `&cursor=${encodeURIComponent(next)}` : "";
    const page: { events: EventSummary[]; next?: string } = await get(`/v1/events?limit=50${from}`);
    events.push(...page.events);
    next = page.next;
  } while (next && events.length < 2000);
  const start = ({ starts_at }: EventSummary): number => Date.parse(starts_at);
  const coming = events.filter((event) => !isOver(event)).sort((a, b) => start(a) - start(b));
  return [...coming, ...events.filter(isOver).sort((a, b) => start(b) - start(a))];
}
