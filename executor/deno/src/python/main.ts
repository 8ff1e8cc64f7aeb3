/** Serves one Python task: starts the interpreter, says ready, waits, runs. */

import { type Outcome, readHello, readTask, sendReady, sendResult } from "../wire.ts";
import type { Parts, Pyodide } from "./boot.ts";
import { hideHost } from "../realm.ts";
import { startInterpreter } from "./interpreter.ts";

/** Longer than any time limit. */
const KEEP_ALIVE_MS = 2 ** 31 - 1;

/** The exit code of a process whose interpreter broke down (sysexits.h, EX_SOFTWARE). */
const EXIT_FATAL = 70;

/** Gives the memory of bytes that are not needed any more back at once. */
function release(bytes: Uint8Array): void {
  (bytes.buffer as ArrayBuffer).transfer(0);
}

/**
 * Ends the process when the interpreter cannot go on: the parent sees an exit without a result. Without
 * this Pyodide prints its own stack, and "ask the maintainers", into the program's output.
 */
function exitOnFatalError(pyodide: Pyodide, exit: (code: number) => never): void {
  pyodide._module._dump_traceback = () => {};
  pyodide._api.fatal_error = () => exit(EXIT_FATAL);
}

/** Takes apart what the harness returns: exit code, `0` or `1` for an own `return_val`, the value. */
function parseOutcome(text: string): Outcome {
  const second = text.indexOf(" ");
  const third = text.indexOf(" ", second + 1);
  return {
    exitCode: Number(text.slice(0, second)),
    ownReturnVal: text.slice(second + 1, third) === "1",
    retVal: text.slice(third + 1),
  };
}

/** Runs the sandbox's whole life. */
export async function main(parts: Parts): Promise<never> {
  const hello = readHello();
  hideHost("main.py");
  const exit: (code: number) => never = Deno.exit.bind(Deno);
  const { pyodide, harness } = await startInterpreter(parts, hello.heapBytes);
  exitOnFatalError(pyodide, exit);
  release(parts.wasm);
  if (parts.image) release(parts.image.bytes);
  for (const type of ["error", "unhandledrejection"]) {
    addEventListener(type, (event) => {
      event.preventDefault(); // Deno would print frames of the runner.
      exit(EXIT_FATAL);
    });
  }
  addEventListener("beforeunload", (event) => {
    event.preventDefault(); // Python waits for something that never comes: until its time is over.
    setTimeout(() => {}, KEEP_ALIVE_MS);
  });
  // One call for all: entering Python costs a turn of the event loop, which no task has to wait for.
  const nextTask = (): string => {
    sendReady();
    return readTask();
  };
  try {
    sendResult(parseOutcome(await harness.serve.callPromising(nextTask, hello.maxReturnBytes)));
  } catch {
    exit(EXIT_FATAL);
  }
  exit(0);
}
