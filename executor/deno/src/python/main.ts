/** Serves one Python task: starts the interpreter, says ready, waits, runs. */

import { readHello, readTask, sendReady, sendResult } from "../wire.ts";
import type { Parts, Pyodide } from "./boot.ts";
import { startInterpreter } from "./interpreter.ts";

/** Longer than any time limit. */
const KEEP_ALIVE_MS = 2 ** 31 - 1;

/** The exit code of a process whose interpreter broke down (sysexits.h, EX_SOFTWARE). */
const EXIT_FATAL = 70;

/** Prints nothing and leaves nothing behind. */
const WARM_UP = "import sys\ntry:\n    1 / 0\nexcept ArithmeticError as error:\n    sys.stdout.write('')\n{'a': [1, 2.5, None]}";

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

/** Runs the sandbox's whole life. */
export async function main(parts: Parts): Promise<never> {
  const hello = readHello();
  const exit = Deno.exit.bind(Deno);
  const { pyodide, harness } = await startInterpreter(parts, hello.heapBytes);
  exitOnFatalError(pyodide, exit);
  release(parts.wasm);
  if (parts.image) release(parts.image.bytes);
  addEventListener("beforeunload", (event) => {
    event.preventDefault(); // Python waits for something that never comes: until its time is over.
    setTimeout(() => {}, KEEP_ALIVE_MS);
  });
  await harness.run.callPromising(WARM_UP, hello.maxReturnBytes); // Compiles now what the task will use.
  sendReady();
  try {
    const answer = await harness.run.callPromising(readTask(), hello.maxReturnBytes);
    const [exitCode, retVal, ownReturnVal] = answer.toJs();
    sendResult({ exitCode, retVal, ownReturnVal });
  } catch {
    exit(EXIT_FATAL);
  }
  exit(0);
}
