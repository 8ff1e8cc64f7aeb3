/**
 * Which modules a JavaScript or TypeScript program may import: Node's built-in ones that need no
 * permission. All others are refused by name, statically and dynamically.
 */

import { hideHost, PROGRAM } from "../realm.ts";

const { apply } = Reflect;
const ALLOWED = new Set([
  "assert",
  "assert/strict",
  "async_hooks",
  "buffer",
  "console",
  "crypto",
  "diagnostics_channel",
  "events",
  "path",
  "path/posix",
  "path/win32",
  "perf_hooks",
  "process",
  "punycode",
  "querystring",
  "readline",
  "readline/promises",
  "stream",
  "stream/consumers",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "timers",
  "timers/promises",
  "url",
  "util",
  "util/types",
  "zlib",
]);

interface Process {
  getBuiltinModule(id: string): unknown;
}

/** Node's `process`, with the empty environment that the contract promises and nothing of the host. */
function emptied(process: Process, file: string): Process {
  const shown = {
    env: {},
    argv: [PROGRAM, `/${file}`],
    argv0: PROGRAM,
    execArgv: [],
    execPath: PROGRAM,
    title: PROGRAM,
  };
  for (const [name, value] of Object.entries(shown)) {
    if (Object.getOwnPropertyDescriptor(process, name)?.configurable === false) continue;
    Object.defineProperty(process, name, { value, writable: true, configurable: true, enumerable: true });
  }
  return process;
}

function nodeProcess(read: () => unknown, file: string): () => Process {
  let process: Process | undefined;
  return () => process ??= emptied(read() as Process, file);
}

/** The functions that programs reach modules through. */
export interface Modules {
  /** What `import(...)` and static imports become. */
  readonly load: (specifier: unknown) => Promise<unknown>;
  /** CommonJS `require` for built-in modules. */
  readonly require: (specifier: unknown) => unknown;
}

/** The module's full name; a refusal's stack starts at the caller of `entry`. */
function builtin(specifier: unknown, entry: (specifier: unknown) => unknown): string {
  const text = String(specifier);
  const name = text.startsWith("node:") ? text.slice(5) : text;
  if (ALLOWED.has(name)) return `node:${name}`;
  const error = new TypeError(
    `cannot import ${JSON.stringify(text)}: only Node's built-in modules that need no permission can be imported`,
  );
  Error.captureStackTrace(error, entry);
  throw error;
}

/**
 * Sets up what a program reaches of its host: modules, and Node's global `process`, which is slow to make and
 * deferred until a program touches it.
 *
 * @param file the program's name
 */
export function installModules(file: string): Modules {
  hideHost(file);
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, "process");
  const process = nodeProcess(() => descriptor?.get ? apply(descriptor.get, globalThis, []) : descriptor?.value, file);
  Object.defineProperty(globalThis, "process", {
    get: process,
    set(value) {
      Object.defineProperty(globalThis, "process", { value, writable: true, configurable: true });
    },
    configurable: true,
    enumerable: false,
  });
  // deno-lint-ignore require-await -- a refusal has to be a rejection, as import() gives it.
  const load = async (specifier: unknown): Promise<unknown> => {
    const id = builtin(specifier, load);
    process();
    return import(id);
  };
  const require = (specifier: unknown): unknown => process().getBuiltinModule(builtin(specifier, require));
  return { load, require };
}
