/** Connects Python's three standard descriptors to the process's, byte for byte and at once. */

import type { Pyodide } from "./boot.ts";

type Write = (bytes: Uint8Array) => number;

const subarray = Function.prototype.call.bind(Uint8Array.prototype.subarray) as (
  self: Uint8Array,
  start: number,
) => Uint8Array;

function writeAll(write: Write): Write {
  return (bytes) => {
    let sent = 0;
    while (sent < bytes.length) sent += write(subarray(bytes, sent));
    return bytes.length;
  };
}

/** Opens the streams of an interpreter. */
export function openStreams(pyodide: Pyodide): void {
  const read = Deno.stdin.readSync.bind(Deno.stdin);
  pyodide.setStdin({ read: (target: Uint8Array) => read(target) ?? 0, isatty: false });
  pyodide.setStdout({ write: writeAll(Deno.stdout.writeSync.bind(Deno.stdout)), isatty: false });
  pyodide.setStderr({ write: writeAll(Deno.stderr.writeSync.bind(Deno.stderr)), isatty: false });
}
