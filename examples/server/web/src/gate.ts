// "/gate": scanning tickets by camera or hand scanner. One look must be enough: green, or red with the
// reason.

import { path, post, Problem } from "./api";
import { limitBytes } from "./bytes";
import { makeDecoder } from "./decoder";
import { field, h, replace, type Child } from "./dom";
import { clockTime, say, shortDateTime, t, ticketType, type Live } from "./i18n";
import { forgetKey } from "./kept";
import { explain, failPage, NoticeBoard, openPage } from "./page";
import { chooseEvent, signIn } from "./staff";
import type { ScanAnswer } from "./types";

const main = openPage("gate", say("gate"), "staff-page gate-page");
const gateMemory = "ticketcore.gate";
const soundMemory = "ticketcore.sound";
/** The same code again within this time is the same ticket still in front of the camera. */
const sameCodeMilliseconds = 4000;
const logLength = 50;
/** What a gate's name may have. */
const gateNameBytes = 64;

/**
 * Whether the "no" is about the ticket. All else is the server's or this gate's own trouble, and no reason to
 * send anybody away.
 */
const isAboutTicket = ({ reason, body }: Problem): boolean =>
  /^(code|ticket)_/.test(reason) ||
  reason === "order_not_found" ||
  (reason === "invalid_request" && body.errors?.[0]?.pointer === "/code");

type Tone = "good" | "bad" | "again";
const signs: Record<Tone, string> = { good: "✓", bad: "✕", again: "?" };

let sound: AudioContext | null = null;
function beep(good: boolean): void {
  if (!sound) return;
  const tone = sound.createOscillator();
  const level = sound.createGain();
  tone.frequency.value = good ? 880 : 220;
  tone.type = good ? "sine" : "square";
  level.gain.setValueAtTime(0.15, sound.currentTime);
  level.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + (good ? 0.18 : 0.5));
  tone.connect(level).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.5);
}

async function open(key: string, bar: HTMLElement): Promise<void> {
  let event = "";
  const board = new NoticeBoard();
  const gate = h("input", {
    type: "text",
    required: true,
    autocomplete: "off",
    value: localStorage.getItem(gateMemory) ?? t("main_entrance"),
    on: { change: () => gate.reportValidity() && localStorage.setItem(gateMemory, gate.value.trim()) },
  });
  limitBytes(gate, gateNameBytes);
  const verdict = h(
    "div",
    { class: "verdict waiting", role: "status", "aria-live": "assertive", tabindex: -1 },
    h("p", { class: "verdict-word" }, say("ready_to_scan")),
  );
  const log = h("ol", { class: "scan-log" });
  const code = h("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
    maxlength: 2000,
    class: "scan-input",
  });
  let queue: Promise<void> = Promise.resolve();

  const tell = (tone: Tone, word: Live, place: string, more: Live, ...actions: Child[]): void => {
    verdict.className = `verdict ${tone}`;
    replace(
      verdict,
      h("p", { class: "verdict-sign", "aria-hidden": "true" }, signs[tone]),
      h("p", { class: "verdict-word" }, word),
      place && h("p", { class: "verdict-place" }, place),
      h("p", { class: "verdict-more" }, more),
      actions,
    );
    // The animation must begin anew also when the class is the same.
    verdict.getAnimations().forEach((animation) => {
      animation.cancel();
      animation.play();
    });
    beep(tone === "good");
    const now = new Date().toISOString();
    log.prepend(
      h(
        "li",
        { class: tone },
        h("time", {}, () => clockTime(now)),
        h("b", {}, word),
        h("span", {}, place),
      ),
    );
    while (log.children.length > logLength) log.lastElementChild!.remove();
  };

  const signInAgain = (): HTMLElement =>
    h(
      "button",
      { type: "button", class: "button secondary", on: { click: () => (forgetKey(), location.reload()) } },
      say("sign_in"),
    );

  const refuse = (error: unknown): void => {
    const problem = error instanceof Problem ? error : null;
    const place = problem?.body.places?.[0] ?? "";
    if (problem?.reason === "ticket_admitted") {
      const { at, where } = problem.body;
      tell("bad", say("already_in"), place, () =>
        t("already_in_since", { at: at ? shortDateTime(at) : "–", where: where ?? "–" }),
      );
    } else if (problem && isAboutTicket(problem)) {
      tell("bad", say("not_let_in"), place, () =>
        problem.reason === "invalid_request" ? t("reason_code_invalid") : explain(problem),
      );
    } else {
      const signedOut = problem?.status === 401 || problem?.status === 403;
      tell(
        "again",
        say(signedOut ? "not_checked" : "try_again"),
        "",
        () => explain(error),
        signedOut && signInAgain(),
      );
    }
  };

  const scanOne = async (text: string): Promise<void> => {
    if (!event) return tell("again", say("not_checked"), "", say("choose_event"));
    if (!gate.checkValidity())
      return tell("again", say("not_checked"), "", () => `${t("gate_name")}: ${gate.validationMessage}`);
    try {
      const answer = await post<ScanAnswer>(path`/v1/events/${event}/scans`, {
        body: { code: text, gate: gate.value.trim() },
        key,
      });
      tell("good", say("let_in"), answer.place, () =>
        [answer.ticket_type && ticketType(answer.ticket_type), clockTime(answer.at)]
          .filter(Boolean)
          .join(" · "),
      );
    } catch (error) {
      refuse(error);
    }
  };
  const scan = (text: string): Promise<void> => (queue = queue.then(() => scanOne(text)));

  // Whoever works with a hand scanner has no hand for a mouse: the field takes the focus back unless
  // something else wants it. On a telephone that would bring up its keyboard: there it begins with the first
  // touch of the field.
  let byHand = !matchMedia("(pointer: coarse)").matches;
  code.addEventListener("focus", () => (byHand = true));
  const focusCode = () => byHand && code.focus({ preventScroll: true });
  code.addEventListener("blur", () =>
    setTimeout(() => {
      const at = document.activeElement;
      if (at === null || at === document.body || at === verdict) focusCode();
    }, 0),
  );
  addEventListener("focus", focusCode);

  const events = await chooseEvent((id) => (event = id));
  const soundBox = h("input", {
    type: "checkbox",
    id: "sound",
    on: {
      change: () => {
        localStorage.setItem(soundMemory, soundBox.checked ? "on" : "off");
        sound = soundBox.checked ? new AudioContext() : null;
      },
    },
  });
  // A browser lets a page sound only after somebody touched it.
  if (localStorage.getItem(soundMemory) === "on") {
    soundBox.checked = true;
    addEventListener("pointerdown", () => (sound ??= soundBox.checked ? new AudioContext() : null), {
      once: true,
    });
  }
  replace(
    main,
    h("div", { class: "staff-head" }, h("h1", {}, say("gate")), bar),
    h(
      "div",
      { class: "staff-tools" },
      events,
      field(say("gate_name"), gate),
      h("div", { class: "check" }, soundBox, h("label", { for: "sound" }, say("sound"))),
    ),
    h(
      "div",
      { class: "gate-grid" },
      h(
        "div",
        {},
        verdict,
        h(
          "form",
          {
            class: "scan-form",
            on: {
              submit: (submitted) => {
                submitted.preventDefault();
                const text = code.value.trim();
                code.value = "";
                if (text) void scan(text);
                focusCode();
              },
            },
          },
          field(say("ticket_code"), code, say("scanner_hint")),
          h("button", { type: "submit", class: "button primary" }, say("check_ticket")),
        ),
      ),
      h(
        "div",
        {},
        camera(board, scan),
        board.element,
        h("section", { class: "last-scans" }, h("h2", {}, say("last_scans")), log),
      ),
    ),
  );
  focusCode();
}

function camera(board: NoticeBoard, scan: (text: string) => Promise<void>): HTMLElement {
  const video = h("video", {
    playsinline: true,
    muted: true,
    class: "camera",
    hidden: true,
    "aria-label": say("camera_picture"),
  });
  video.muted = true;
  let stream: MediaStream | null = null;
  let lastCode = "";
  let lastTime = 0;
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    video.hidden = true;
  };
  const button = h(
    "button",
    { type: "button", class: "button secondary wide", "aria-pressed": "false" },
    say("use_camera"),
  );
  const start = async () => {
    const decode = await makeDecoder();
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1280 } },
      audio: false,
    });
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    const mine = stream;
    const look = async (): Promise<void> => {
      if (stream !== mine) return;
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && document.visibilityState === "visible") {
        const code = await decode(video).catch(() => null);
        const now = performance.now();
        if (code && (code !== lastCode || now - lastTime > sameCodeMilliseconds)) {
          lastCode = code;
          lastTime = now;
          await scan(code);
        } else if (code) {
          lastTime = now;
        }
      }
      // About eight looks a second leave a phone cool.
      setTimeout(() => void look(), 120);
    };
    void look();
  };
  button.addEventListener("click", () => {
    if (stream) {
      stop();
      button.setAttribute("aria-pressed", "false");
      return;
    }
    board.clear();
    start().then(
      () => button.setAttribute("aria-pressed", "true"),
      () => {
        stop();
        board.show("bad", say("no_camera"));
      },
    );
  });
  return h("section", { class: "camera-section" }, h("h2", {}, say("camera")), button, video);
}

try {
  const staff = await signIn(main, say("gate"), "gate");
  await open(staff.key, staff.bar);
} catch (error) {
  failPage(main, error);
}
