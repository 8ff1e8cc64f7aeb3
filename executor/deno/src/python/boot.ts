/**
 * Starts Pyodide from its npm package, unchanged, in a process without any permission: cold, or
 * from a memory image. All its files come as bytes from static imports.
 */

import { removeShell, serveFiles } from "./shell.ts";
import { loadPyodide } from "../../vendor/pyodide.mjs";
import createPyodideModule from "../../vendor/pyodide.asm.mjs";
import { type Module, unpack } from "./heap.ts";

/** The bytes that an interpreter is made of. */
export interface Parts {
  readonly wasm: Uint8Array;
  readonly stdlib: Uint8Array;
  /** A memory image and where it begins in its file, or nothing for a cold start. */
  readonly image?: { readonly bytes: Uint8Array; readonly offset: number };
}

/** The part of Pyodide's interface that is used here. */
export interface Pyodide {
  readonly _module: Module;
  readonly _api: { serializeHiwireState(): unknown; fatal_error: (error: unknown) => never };
  runPython(code: string, options?: { globals?: unknown; filename?: string }): unknown;
  pyimport(name: string): unknown;
  setStdin(options: unknown): void;
  setStdout(options: unknown): void;
  setStderr(options: unknown): void;
}

interface Settings {
  API: { restoreSnapshot(snapshot: Uint8Array): unknown };
}

type Imports = Record<string, Record<string, (...args: number[]) => unknown>>;

/** Only what the lock file of a distribution says about the interpreter: no package is known. */
const NO_PACKAGES = {
  info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2" },
  packages: {},
};
const MAX_RANDOM_BYTES = 65536;

const getRandomValues = crypto.getRandomValues.bind(crypto);

function fillRandom(target: Uint8Array): void {
  for (let start = 0; start < target.length; start += MAX_RANDOM_BYTES) {
    getRandomValues(target.subarray(start, start + MAX_RANDOM_BYTES) as Uint8Array<ArrayBuffer>);
  }
}

/**
 * Compiles and links at once, without the detour over promises, and puts two functions in place of
 * Emscripten's: randomness (a shell has none) and the growth of the heap, which ends at `heapBytes`.
 */
function instantiate(wasm: Uint8Array, imports: Imports, heapBytes: number): WebAssembly.WebAssemblyInstantiatedSource {
  const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  const own: { memory?: WebAssembly.Memory } = {};
  const grow = imports.env.emscripten_resize_heap;
  imports.env.emscripten_resize_heap = (size) => (size >>> 0) > heapBytes ? 0 : grow(size);
  imports.wasi_snapshot_preview1.random_get = (pointer, size) => {
    fillRandom(new Uint8Array((own.memory as WebAssembly.Memory).buffer, pointer >>> 0, size >>> 0));
    return 0;
  };
  const instance = new WebAssembly.Instance(module, imports as WebAssembly.Imports);
  own.memory = instance.exports.memory as WebAssembly.Memory;
  return { module, instance };
}

function interceptInstantiation(wasm: Uint8Array, heapBytes: number): () => void {
  const original = WebAssembly.instantiate;
  const replacement = (source: BufferSource | WebAssembly.Module, imports: Imports): unknown =>
    ArrayBuffer.isView(source) && source.buffer === wasm.buffer
      ? Promise.resolve(instantiate(wasm, imports, heapBytes))
      : original(source as BufferSource, imports as WebAssembly.Imports);
  WebAssembly.instantiate = replacement as typeof WebAssembly.instantiate;
  return () => {
    WebAssembly.instantiate = original;
  };
}

/**
 * Starts an interpreter.
 *
 * @param heapBytes the most that Python's memory may grow to
 * @param globals what Python finds in its module `js`
 * @param recording whether a memory image will be taken of it
 */
export async function boot(parts: Parts, heapBytes: number, globals: object, recording = false): Promise<Pyodide> {
  const { image } = parts;
  serveFiles(parts.wasm, parts.stdlib);
  const restoreInstantiation = interceptInstantiation(parts.wasm, heapBytes);
  const pyodide = await loadPyodide({
    indexURL: "/",
    lockFileContents: NO_PACKAGES,
    jsglobals: globals,
    stdin: () => null,
    _makeSnapshot: recording,
    ...(image ? { _loadSnapshot: new Uint8Array(64) } : {}),
    createPyodideModule: async (settings: Settings) => {
      const module = await createPyodideModule(settings);
      if (image) settings.API.restoreSnapshot = () => unpack(image.bytes, image.offset, module as Module);
      return module;
    },
  });
  restoreInstantiation();
  removeShell();
  return pyodide as Pyodide;
}
