// Making elements. Texts given as functions follow the language.

import { follow, type Live } from "./i18n";

export type Child = Node | string | number | Live | null | undefined | false | readonly Child[];
type Attribute = string | number | boolean | Live | undefined;
type Handlers = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
export interface Props {
  on?: Handlers;
  [attribute: string]: Attribute | Handlers;
}

function append(parent: Node, child: Child): void {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) {
    for (const one of child as readonly Child[]) append(parent, one);
  } else if (typeof child === "function") {
    const text = document.createTextNode("");
    const make = child;
    follow(text, (node) => (node.data = make()));
    parent.appendChild(text);
  } else if (child instanceof Node) {
    parent.appendChild(child);
  } else {
    parent.appendChild(document.createTextNode(String(child)));
  }
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [type, handler] of Object.entries(value as Handlers))
        element.addEventListener(type, handler as EventListener);
    } else if (typeof value === "function") {
      const make = value as Live;
      follow(element, (node) => node.setAttribute(name, make()));
    } else if (typeof value === "string" || typeof value === "number") {
      element.setAttribute(name, String(value));
    } else if (value === true) {
      element.setAttribute(name, "");
    }
  }
  append(element, children);
  return element;
}

export function replace(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  append(parent, children);
}

let ids = 0;
export const freshId = (stem: string): string => `${stem}-${++ids}`;

export interface FieldOptions extends Props {
  label: Live;
  hint?: Live;
}

/** A label above an input or select. */
export function field<T extends HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>(
  label: Live,
  control: T,
  hint?: Live,
): HTMLElement {
  control.id ||= freshId("field");
  const hintId = `${control.id}-hint`;
  if (hint) control.setAttribute("aria-describedby", hintId);
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, label),
    control,
    hint && h("p", { class: "hint", id: hintId }, hint),
  );
}

export const option = (value: string, text: Child, chosen = false): HTMLOptionElement => {
  const element = h("option", { value }, text);
  element.selected = chosen;
  return element;
};
