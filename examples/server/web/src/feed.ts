// The event's live feed: a full picture first, changes after it, resumed where it broke off.

import { path } from "./api";
import type { Availability, Changes } from "./types";

export interface FeedListener {
  full: (availability: Availability) => void;
  changes: (changes: Changes) => void;
  connected: (alive: boolean) => void;
}

export class Feed {
  private source: EventSource | null = null;
  private timer = 0;
  private failures = 0;
  private closed = false;

  constructor(
    private readonly event: string,
    private readonly listener: FeedListener,
  ) {
    this.open();
    addEventListener("online", this.again);
    document.addEventListener("visibilitychange", this.again);
    // A page kept for going back must not hold a connection of the few that a browser has.
    addEventListener("pagehide", () => this.drop());
    addEventListener("pageshow", this.again);
  }

  close(): void {
    this.closed = true;
    this.drop();
    removeEventListener("online", this.again);
    removeEventListener("pageshow", this.again);
    document.removeEventListener("visibilitychange", this.again);
  }

  // Nobody looks at a hidden page, and a browser has six connections to a server for all of them: shown
  // again, it begins with the full picture.
  private readonly again = () => {
    if (this.closed) return;
    if (document.visibilityState === "hidden") this.drop();
    else if (!this.source) this.open();
  };

  private drop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private open(): void {
    this.drop();
    const source = new EventSource(path`/v1/events/${this.event}/changes`);
    this.source = source;
    source.addEventListener("availability", (message) => {
      this.alive();
      this.listener.full(JSON.parse((message as MessageEvent<string>).data) as Availability);
    });
    source.addEventListener("changes", (message) => {
      this.alive();
      this.listener.changes(JSON.parse((message as MessageEvent<string>).data) as Changes);
    });
    source.addEventListener("open", () => this.alive());
    source.addEventListener("error", () => {
      this.listener.connected(false);
      // A broken connection is taken up by the browser with Last-Event-ID; a refused one is not, and waits
      // longer each time.
      if (source.readyState !== EventSource.CLOSED) return;
      this.drop();
      this.timer = window.setTimeout(
        () => this.open(),
        Math.min(30_000, 500 * 2 ** this.failures++) * (0.75 + Math.random() / 2),
      );
    });
  }

  private alive(): void {
    this.failures = 0;
    this.listener.connected(true);
  }
}
