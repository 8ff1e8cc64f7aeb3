/**
 * Runs one JavaScript program to its end: until nothing is left in the event loop, as `deno run`
 * does, or `Deno.exit`. Errors that nobody catches are left to Deno, which prints them and exits
 * with 1; the parent reads that from the exit itself.
 */

import { type Hello, type Outcome, readTask, sendReady, sendResult } from "../wire.ts";
import { evaluate } from "./evaluate.ts";
import { installModules, type Modules } from "./modules.ts";
import { LOADER, prepare, type Prepared, ProgramSyntaxError } from "./program.ts";
import { toJson, toReturnVal } from "./value.ts";

const exit: (code: number) => never = Deno.exit.bind(Deno);
const writeStderr = Deno.stderr.writeSync.bind(Deno.stderr);
const writeStdout = Deno.stdout.writeSync.bind(Deno.stdout);
const readStdin = Deno.stdin.readSync.bind(Deno.stdin);
const encode = TextEncoder.prototype.encode.bind(new TextEncoder());
const decode = TextDecoder.prototype.decode.bind(new TextDecoder("utf-8", { ignoreBOM: true }));
const deno = Deno;
const world = globalThis;
const number = Number;
const u8 = Uint8Array;
const describe = Object.getOwnPropertyDescriptor;
const call = Function.prototype.call.bind(Function.prototype.call) as (f: unknown, self: unknown) => void;
const { preventDefault } = Event.prototype;
const { captureStackTrace } = Error;
/** Getters: asking them makes Deno load its Node half, which most programs do not need. */
const timers = { set: describe(globalThis, "setTimeout"), clear: describe(globalThis, "clearTimeout") };

/** Longer than any time limit. */
const KEEP_ALIVE_MS = 2 ** 31 - 1;

/** Has the engine compile now, and learn the shapes of, what the task will use; prints and leaves nothing. */
const WARM_UP = "const warm = [1].map((x) => x + 1);\nwarm";
const WARM_UP_ROUNDS = 3;

/** What a program returned, so far. */
class Returned {
  #text = "";
  #explicit = false;

  /** Rule 1: the last call of `return_val` wins over everything else. */
  give = (value: unknown): void => {
    this.#text = toReturnVal(value);
    this.#explicit = true;
  };

  /** Rules 2 and 3: what the program's function returned. */
  settle(value: unknown): void {
    if (!this.#explicit && value !== undefined) this.#text = toJson(value);
  }

  get text(): string {
    return this.#text;
  }
}

function finish(exitCode: number, returned: Returned, ownReturnVal: boolean, hello: Hello): never {
  let outcome: Outcome = { exitCode, retVal: returned.text, ownReturnVal };
  if (outcome.retVal.length * 3 > hello.maxReturnBytes && encode(outcome.retVal).length > hello.maxReturnBytes) {
    writeStderr(encode(`RangeError: ret_val is larger than ${hello.maxReturnBytes} bytes\n`));
    outcome = { exitCode: exitCode || 1, retVal: "", ownReturnVal };
  }
  try {
    sendResult(outcome);
  } catch {
    // The program has closed the way to the parent, who then knows the exit code alone.
  }
  exit(exitCode);
}

/** The first `length` bytes, in an array of `size`; without a method that the program could have replaced. */
function resized(bytes: Uint8Array, length: number, size: number): Uint8Array<ArrayBuffer> {
  const copy = new u8(size);
  for (let n = 0; n < length; n++) copy[n] = bytes[n];
  return copy;
}

/** Reads one line of standard input, byte by byte, so that nothing beyond it is taken. */
function readLine(): string | null {
  const one = new u8(1);
  let size = 256;
  let bytes = new u8(size);
  let length = 0;
  for (;;) {
    const count = readStdin(one);
    if (count === null && length === 0) return null;
    if (count === null || one[0] === 10) break;
    if (length === size) bytes = resized(bytes, length, size *= 2);
    bytes[length++] = one[0];
  }
  if (length > 0 && bytes[length - 1] === 13) length--;
  return decode(resized(bytes, length, length));
}

function ask(message?: string, defaultValue?: string): string | null {
  if (message !== undefined) writeStdout(encode(`${message} `));
  const line = readLine();
  return line === "" && defaultValue !== undefined ? defaultValue : line;
}

function prompt(message?: string, defaultValue?: string): string | null {
  try {
    return ask(message, defaultValue);
  } catch (error) {
    // Such as a standard output that the program has closed: the trace begins where it called.
    if (typeof error === "object" && error !== null) captureStackTrace(error, prompt);
    throw error;
  }
}

function exitCodeOf(code: unknown): number {
  return number(code ?? 0) & 0xff;
}

/** Keeps the process waiting for as long as any time limit, or until the returned function is called. */
function keepAlive(): () => void {
  const { set, clear } = timers;
  const id = ((set?.get?.() ?? set?.value) as typeof setTimeout)(() => {}, KEEP_ALIVE_MS);
  return () => ((clear?.get?.() ?? clear?.value) as typeof clearTimeout)(id);
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

/** Ends a program that does not compile as Deno ends one: with a message and 1. */
function refuse(shown: string): never {
  writeStderr(encode(`${shown}\n`));
  exit(1);
}

function compiled(file: string, code: string, transpile: (code: string) => string): Prepared {
  try {
    return prepare(transpile(code), file);
  } catch (error) {
    return refuse(error instanceof ProgramSyntaxError ? error.message : `SyntaxError: ${error}`);
  }
}

function start(prepared: Prepared, file: string, modules: Modules, hello: Hello): void {
  const returned = new Returned();
  const own = (): boolean => prepared.ownReturnVal || describe(world, "return_val")?.value !== returned.give;
  define("return_val", returned.give);
  define("require", modules.require);
  define("prompt", prompt);
  define(LOADER, modules.load);
  deno.exit = (code?: number): never => finish(exitCodeOf(code ?? deno.exitCode), returned, own(), hello);
  let open = true;
  let letEnd = (): void => {};
  addEventListener("beforeunload", (event) => {
    if (!open) finish(exitCodeOf(deno.exitCode), returned, own(), hello);
    call(preventDefault, event); // Nothing is left to run, yet the program waits: until its time is over.
    letEnd();
    letEnd = keepAlive();
  });
  // Deno calls it by this name when nothing is left to run.
  Object.defineProperty(globalThis, "dispatchEvent", { value: dispatchEvent, writable: false });
  const program = compiledProgram(prepared.source, file);
  // Called by the engine itself, so that no frame of this file is below the program's own.
  Promise.resolve().then(program).then((value) => {
    open = false;
    letEnd();
    returned.settle(value);
  }, (error) => {
    open = false;
    letEnd();
    throw error; // For Deno to print, or for the program's own handler.
  });
}

/** What the engine refuses although the parser does not, such as a function named `await`. */
function compiledProgram(source: string, file: string): () => Promise<unknown> {
  try {
    return evaluate(source, `file:///${file}`) as () => Promise<unknown>;
  } catch (error) {
    return refuse(`${file}\n${error}`);
  }
}

/**
 * Serves one task: says ready, waits, runs.
 *
 * @param file the program's name in stack traces
 * @param transpile makes JavaScript of the code, line for line
 */
export function serve(hello: Hello, file: string, transpile: (code: string) => string): void {
  const modules = installModules(file);
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    (evaluate(prepare(transpile(WARM_UP), file).source, "file:///warm-up.js") as () => Promise<unknown>)();
  }
  sendReady();
  start(compiled(file, readTask(), transpile), file, modules, hello);
}
