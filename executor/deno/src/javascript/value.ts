/** How a JavaScript value becomes the text of `ret_val`. */

const { stringify } = JSON;
const { inspect } = Deno;
const INSPECT: Deno.InspectOptions = { depth: 8, iterableLimit: 1000, strAbbreviateSize: 100_000, colors: false };

/** Deno's inspect form, or the reason why even that failed. */
function inspected(value: unknown): string {
  try {
    return inspect(value, INSPECT);
  } catch {
    return `[${typeof value} that cannot be shown]`;
  }
}

/** The value as JSON, or in inspect form where JSON cannot express it. */
export function toJson(value: unknown): string {
  try {
    const json = stringify(value);
    if (typeof json === "string") return json;
  } catch {
    // Circular, a BigInt, a toJSON that throws: shown as inspect shows it.
  }
  return inspected(value);
}

/** What `return_val(x)` keeps: text as it is, anything else as JSON. */
export function toReturnVal(value: unknown): string {
  return typeof value === "string" ? value : toJson(value);
}
