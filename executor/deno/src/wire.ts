/**
 * The runner's side of the pipe protocol.
 *
 * stdin carries frames (a big-endian u32 length, then that many bytes) and, after the task's
 * frame, the program's own standard input up to its end. stdout and stderr are the program's,
 * raw; a message to the parent is written to stderr behind a 16-byte secret that only this
 * module holds, so nothing that a program prints can be taken for one:
 *
 *     secret[16] | u32 length | kind[1] | body
 *
 * Everything that runs after user code uses functions that were captured before it.
 */

const MAX_HELLO_BYTES = 4096;
const MAX_TASK_BYTES = 16 * 1024 * 1024;
const SECRET_BYTES = 16;
const HEADER_BYTES = SECRET_BYTES + 4;
const KIND_READY = 1;
const KIND_RESULT = 2;
/** Bit of a result's flags: the program defined a `return_val` of its own. */
const FLAG_OWN_RETURN_VAL = 1;

const U8 = Uint8Array;
const uncurry = Function.prototype.call.bind(Function.prototype.bind, Function.prototype.call) as <
  This,
  Args extends unknown[],
  Result,
>(method: (this: This, ...args: Args) => Result) => (self: This, ...args: Args) => Result;
const setBytes = uncurry(U8.prototype.set);
const subarray = uncurry(U8.prototype.subarray);
const lengthOf = uncurry(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(U8.prototype), "length")?.get as (this: Uint8Array) => number,
);
const encode = TextEncoder.prototype.encode.bind(new TextEncoder());
const parseJson = JSON.parse;
const writeStderr = Deno.stderr.writeSync.bind(Deno.stderr);
const readStdin = Deno.stdin.readSync.bind(Deno.stdin);

/** What the parent says to a fresh sandbox. */
export interface Hello {
  /** Bytes that the program's heap may hold (Python: the wasm memory). */
  readonly heapBytes: number;
  /** Bytes of UTF-8 that a `ret_val` may hold. */
  readonly maxReturnBytes: number;
}

/** How a program ended, as told to the parent. */
export interface Outcome {
  readonly exitCode: number;
  readonly retVal: string;
  readonly ownReturnVal: boolean;
}

let secret: Uint8Array | undefined;

function readExactly(size: number): Uint8Array {
  const bytes = new U8(size);
  let filled = 0;
  while (filled < size) {
    const count = readStdin(subarray(bytes, filled));
    if (count === null) Deno.exit(0); // The parent is gone: nobody waits for anything.
    filled += count;
  }
  return bytes;
}

function readFrame(limit: number): Uint8Array {
  const header = readExactly(4);
  const size = new DataView(header.buffer).getUint32(0);
  if (size > limit) throw new RangeError(`a frame of ${size} bytes is over the limit of ${limit}`);
  return readExactly(size);
}

/** Takes the first frame apart: the secret, then settings as JSON. */
export function parseHello(frame: Uint8Array): { secret: Uint8Array; hello: Hello } {
  const hello = parseJson(new TextDecoder().decode(frame.subarray(SECRET_BYTES)));
  return { secret: frame.slice(0, SECRET_BYTES), hello };
}

/** Reads the first frame. */
export function readHello(): Hello {
  const parsed = parseHello(readFrame(MAX_HELLO_BYTES));
  secret = parsed.secret;
  return parsed.hello;
}

/** Waits for the task and returns its code; stdin then holds the program's input, no more. */
export function readTask(): string {
  // Blocking on purpose: the wait costs no CPU and ends without a turn of the event loop.
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFrame(MAX_TASK_BYTES));
}

function putU32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

/** A message as it goes to the parent. */
export function message(behind: Uint8Array, kind: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = lengthOf(body) + 1;
  const frame = new U8(HEADER_BYTES + size);
  setBytes(frame, behind);
  putU32(frame, SECRET_BYTES, size);
  frame[HEADER_BYTES] = kind;
  setBytes(frame, body, HEADER_BYTES + 1);
  return frame;
}

function send(kind: number, body: Uint8Array): void {
  if (secret === undefined) throw new Error("nothing can be sent before the hello frame");
  const frame = message(secret, kind, body);
  const size = lengthOf(frame);
  let sent = writeStderr(frame);
  // Not `subarray`: that asks the program's `Symbol.species`, and nobody else may see the secret.
  while (sent < size) sent += writeStderr(tail(frame, sent, size));
}

function tail(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const rest = new U8(end - start);
  for (let n = start; n < end; n++) rest[n - start] = bytes[n];
  return rest;
}

/** Tells the parent that a task can come. */
export function sendReady(): void {
  send(KIND_READY, new U8(0));
}

/** The body of a result. */
export function resultBody(outcome: Outcome): Uint8Array<ArrayBuffer> {
  const text = encode(outcome.retVal);
  const body = new U8(5 + lengthOf(text));
  putU32(body, 0, outcome.exitCode);
  body[4] = outcome.ownReturnVal ? FLAG_OWN_RETURN_VAL : 0;
  setBytes(body, text, 5);
  return body;
}

/** Tells the parent how the program ended; the parent listens to nothing after it. */
export function sendResult(outcome: Outcome): void {
  send(KIND_RESULT, resultBody(outcome));
}
