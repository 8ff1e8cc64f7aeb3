/** What a program may see of the process that it runs in. */

/** What programs see as the name of the program that runs them. */
export const PROGRAM = "deno";

/** Hides where on the host the runtime is, and what would keep files there. */
export function hideHost(file: string): void {
  for (const name of ["caches", "localStorage", "sessionStorage"]) delete (globalThis as Record<string, unknown>)[name];
  Object.defineProperty(Deno, "mainModule", { value: `file:///${file}`, configurable: true, enumerable: true });
  Object.defineProperty(Deno, "execPath", {
    value: () => PROGRAM,
    writable: true,
    configurable: true,
    enumerable: true,
  });
}
