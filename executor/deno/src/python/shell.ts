/**
 * Makes Pyodide take Deno for a bare JavaScript shell.
 *
 * Its Node path reads files, which needs a permission, and touches Node's globals, which Deno makes
 * only when touched. This module has to be imported before Pyodide's own.
 */

interface Shell {
  process?: unknown;
  load?: () => void;
  read?: () => never;
  readbuffer?: (path: string) => ArrayBufferLike;
}

const shell = globalThis as unknown as Shell;
delete shell.process;
shell.load = () => {};
shell.read = () => {
  throw new Error("a sandbox reads no files");
};

/** Answers Pyodide's two reads: its wasm binary and the standard library. */
export function serveFiles(wasm: Uint8Array, stdlib: Uint8Array): void {
  shell.readbuffer = (path) => (path.endsWith(".wasm") ? wasm : stdlib).buffer;
}

/** Takes the shell away again: programs see neither it nor what it served. */
export function removeShell(): void {
  delete shell.load;
  delete shell.read;
  delete shell.readbuffer;
}
