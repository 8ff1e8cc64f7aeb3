/**
 * Babel assigns `__proto__` while it loads, which Deno ignores and later tells the program's
 * author about. Without the accessor there is nothing to tell.
 */

const descriptor = Object.getOwnPropertyDescriptor(Object.prototype, "__proto__") as PropertyDescriptor;
delete (Object.prototype as Record<string, unknown>).__proto__;

/** Puts the accessor back as Deno had it. */
export function restoreProto(): void {
  Object.defineProperty(Object.prototype, "__proto__", descriptor);
}
