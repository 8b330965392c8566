// "/api": what the server can be asked, read from its own /openapi.json, to try out here.

import { get, newRequestId } from "./api";
import { field, h, replace, type Child } from "./dom";
import { say } from "./i18n";
import { keptKey } from "./kept";
import { failPage, openPage } from "./page";

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  example?: unknown;
  examples?: unknown[];
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: boolean | Schema;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  pattern?: string;
}
interface Parameter {
  $ref?: string;
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema?: Schema;
}
interface Content {
  $ref?: string;
  description?: string;
  content?: Record<string, { schema?: Schema; example?: unknown }>;
}
interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: Content & { required?: boolean };
  responses?: Record<string, Content>;
  security?: Record<string, string[]>[];
}
interface OpenApi {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation> & { parameters?: Parameter[] }>;
  components?: Record<string, Record<string, unknown>>;
}

const methods = ["get", "post", "put", "patch", "delete"] as const;
const deepest = 6;

const main = openPage("api", say("for_developers"), "api-page");

class Reader {
  constructor(private readonly document: OpenApi) {}

  resolve<T extends { $ref?: string }>(value: T): T {
    let at: T = value;
    for (let hops = 0; at.$ref && hops < 16; ++hops) {
      let found: unknown = this.document;
      for (const part of at.$ref.replace(/^#\//, "").split("/"))
        found = (found as Record<string, unknown> | undefined)?.[
          part.replaceAll("~1", "/").replaceAll("~0", "~")
        ];
      if (!found) return value;
      at = found as T;
    }
    return at;
  }

  /** A value such as the schema asks for. */
  example(sent: Schema | undefined, depth = 0): unknown {
    if (!sent || depth > deepest) return null;
    const schema = this.resolve(sent);
    for (const ready of [
      schema.example,
      schema.examples?.[0],
      schema.default,
      schema.const,
      schema.enum?.[0],
    ])
      if (ready !== undefined) return ready;
    const one = schema.oneOf?.[0] ?? schema.anyOf?.[0];
    if (one) return this.example(one, depth + 1);
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => this.example(part, depth + 1)));
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
    if (schema.properties) {
      const wanted = Object.entries(schema.properties).filter(
        ([name]) => !schema.required || schema.required.includes(name),
      );
      return Object.fromEntries(wanted.map(([name, part]) => [name, this.example(part, depth + 1)]));
    }
    if (type === "array") return schema.items ? [this.example(schema.items, depth + 1)] : [];
    if (type === "integer" || type === "number") return schema.minimum ?? 1;
    if (type === "boolean") return false;
    if (type === "object") return {};
    if (schema.format === "date-time")
      return new Date(Date.now() + 30 * 86_400_000).toISOString().replace(/\.\d+/, "");
    return "";
  }

  private typeText(schema: Schema): string {
    const name = schema.$ref?.split("/").at(-1);
    if (name) return name;
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    if (schema.oneOf ?? schema.anyOf)
      return (schema.oneOf ?? schema.anyOf)!.map((part) => this.typeText(part)).join(" | ");
    const type = Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any");
    if (type === "array") return `${schema.items ? this.typeText(schema.items) : "any"}[]`;
    return schema.format ? `${type} (${schema.format})` : type;
  }

  /** Members of a schema, nested ones to open. */
  schema(sent: Schema, depth = 0): Child {
    const schema = this.resolve(sent);
    if (depth > deepest) return null;
    const parts = schema.allOf ?? schema.oneOf ?? schema.anyOf;
    if (parts) return parts.map((part) => this.schema(part, depth + 1));
    if (schema.items) {
      const item = this.resolve(schema.items);
      return item.properties || item.allOf || item.oneOf ? this.schema(schema.items, depth + 1) : null;
    }
    if (!schema.properties) return null;
    return h(
      "dl",
      { class: "schema" },
      Object.entries(schema.properties).map(([name, part]) => {
        const inner = this.resolve(part);
        const nested =
          inner.properties || inner.items || inner.oneOf || inner.anyOf || inner.allOf
            ? this.schema(part, depth + 1)
            : null;
        return [
          h(
            "dt",
            {},
            h("code", {}, name),
            !schema.required?.includes(name) && "?",
            h("span", { class: "muted" }, this.typeText(part)),
          ),
          h(
            "dd",
            {},
            inner.description ?? "",
            nested && h("details", {}, h("summary", {}, say("members")), nested),
          ),
        ];
      }),
    );
  }
}

function tryForm(
  reader: Reader,
  method: string,
  path: string,
  operation: Operation,
  parameters: Parameter[],
): HTMLElement {
  const asked = parameters.filter(({ in: place }) => place === "path" || place === "query");
  const inputs = new Map(
    asked.map((parameter) => [
      parameter,
      h("input", {
        type: "text",
        autocomplete: "off",
        spellcheck: "false",
        required: parameter.in === "path",
      }),
    ]),
  );
  const content = operation.requestBody
    ? reader.resolve(operation.requestBody).content?.["application/json"]
    : undefined;
  const body = content && h("textarea", { rows: 8, spellcheck: "false", class: "code" });
  if (body) body.value = JSON.stringify(content.example ?? reader.example(content.schema), null, 2);
  const key = h("input", { type: "password", autocomplete: "off", value: keptKey() ?? "" });
  const token = h("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  const answer = h("div", { class: "answer", role: "status" });
  const send = async (): Promise<void> => {
    let address = path;
    const query = new URLSearchParams();
    for (const [parameter, input] of inputs) {
      if (parameter.in === "path")
        address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value.trim()));
      else if (input.value.trim()) query.set(parameter.name, input.value.trim());
    }
    if (query.size) address += `?${query}`;
    const headers: Record<string, string> = { Accept: "application/json" };
    if (key.value.trim()) headers["Authorization"] = `Bearer ${key.value.trim()}`;
    if (token.value.trim()) headers["X-Access-Token"] = token.value.trim();
    if (method === "post") headers["Idempotency-Key"] = newRequestId();
    if (body) headers["Content-Type"] = "application/json";
    const started = performance.now();
    try {
      const response = await fetch(address, {
        method: method.toUpperCase(),
        headers,
        ...(body ? { body: body.value } : {}),
        credentials: "omit",
      });
      const stream = (response.headers.get("Content-Type") ?? "").startsWith("text/event-stream");
      const text = stream ? await firstPart(response) : await response.text();
      const time = Math.round(performance.now() - started);
      let shown = text;
      try {
        shown = JSON.stringify(JSON.parse(text), null, 2);
      } catch {
        // Not JSON: as it is.
      }
      const cut = 20_000;
      replace(
        answer,
        h(
          "p",
          {},
          h("b", { class: response.ok ? "good" : "bad" }, String(response.status)),
          ` ${response.statusText} · ${time} ms · ${address}`,
        ),
        h(
          "pre",
          { tabindex: 0, "aria-label": say("answer") },
          shown.length > cut ? `${shown.slice(0, cut)}…` : shown,
        ),
      );
    } catch {
      replace(answer, h("p", { class: "bad" }, say("reason_network")));
    }
  };
  return h(
    "form",
    { class: "try", on: { submit: (event) => (event.preventDefault(), void send()) } },
    h(
      "div",
      { class: "form-row" },
      [...inputs].map(([parameter, input]) =>
        field(() => `${parameter.name}${parameter.in === "path" ? " *" : ""}`, input),
      ),
      field(say("api_key"), key),
      field(() => "X-Access-Token", token),
    ),
    body && field(say("body"), body),
    h("button", { type: "submit", class: "button secondary" }, say("send")),
    answer,
  );
}

/** What a stream says first. */
async function firstPart(response: Response): Promise<string> {
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

function operationCard(
  reader: Reader,
  method: string,
  path: string,
  operation: Operation,
  shared: Parameter[],
): HTMLElement {
  const parameters = [...shared, ...(operation.parameters ?? [])].map((parameter) =>
    reader.resolve(parameter),
  );
  const details = h(
    "details",
    { class: "operation" },
    h(
      "summary",
      {},
      h("span", { class: `method ${method}` }, method.toUpperCase()),
      h("code", {}, path),
      h("span", { class: "muted" }, operation.summary ?? ""),
    ),
  );
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const request =
      operation.requestBody && reader.resolve(operation.requestBody).content?.["application/json"]?.schema;
    details.append(
      h(
        "div",
        { class: "operation-body" },
        operation.description && h("p", {}, operation.description),
        parameters.length > 0 && [
          h("h4", {}, say("parameters")),
          h(
            "dl",
            { class: "schema" },
            parameters.map((parameter) => [
              h(
                "dt",
                {},
                h("code", {}, parameter.name),
                !parameter.required && "?",
                h("span", { class: "muted" }, parameter.in),
              ),
              h("dd", {}, parameter.description ?? ""),
            ]),
          ),
        ],
        request && [h("h4", {}, say("body")), reader.schema(request)],
        h("h4", {}, say("answers")),
        Object.entries(operation.responses ?? {}).map(([status, sent]) => {
          const response = reader.resolve(sent);
          const schema = Object.values(response.content ?? {})[0]?.schema;
          return h(
            "details",
            { class: "response" },
            h("summary", {}, h("b", {}, status), " ", response.description ?? ""),
            schema && reader.schema(schema),
          );
        }),
        h("h4", {}, say("try_it")),
        tryForm(reader, method, path, operation, parameters),
      ),
    );
  });
  return details;
}

try {
  const document = await get<OpenApi>("/openapi.json");
  const reader = new Reader(document);
  const groups = new Map<string, HTMLElement[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (!operation) continue;
      const group = operation.tags?.[0] ?? "";
      const cards = groups.get(group) ?? [];
      groups.set(group, cards);
      cards.push(operationCard(reader, method, path, operation, item.parameters ?? []));
    }
  }
  const search = h("input", { type: "search", autocomplete: "off" });
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const card of main.querySelectorAll<HTMLElement>(".operation"))
      card.hidden = !(card.querySelector("summary")!.textContent ?? "").toLowerCase().includes(wanted);
  });
  const schemas = Object.entries((document.components?.["schemas"] ?? {}) as Record<string, Schema>);
  replace(
    main,
    h("h1", {}, document.info.title),
    h("p", { class: "lead" }, document.info.description ?? ""),
    h("p", {}, h("a", { href: "/openapi.json" }, "/openapi.json"), ` · ${document.info.version}`),
    field(say("find_route"), search),
    [...groups].map(([name, cards]) =>
      h("section", {}, name && h("h2", {}, name.charAt(0).toUpperCase() + name.slice(1)), cards),
    ),
    schemas.length > 0 &&
      h(
        "section",
        {},
        h("h2", {}, say("schemas")),
        schemas.map(([name, schema]) =>
          h(
            "details",
            { class: "operation" },
            h("summary", {}, h("code", {}, name), h("span", { class: "muted" }, schema.description ?? "")),
            h("div", { class: "operation-body" }, reader.schema(schema)),
          ),
        ),
      ),
  );
} catch (error) {
  failPage(main, error);
}
