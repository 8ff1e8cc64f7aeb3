/**
 * The memory image of a started interpreter, without its empty pages.
 *
 *     u32 header length | header as JSON | the bytes of all runs, one after another
 */

const PAGE_BYTES = 4096;

/** The part of Pyodide's Emscripten module that is used here. */
export interface Module {
  _dump_traceback: () => void;
  readonly HEAPU8: Uint8Array;
  /** Grows the memory to at least so many bytes in all. */
  growMemory(bytes: number): unknown;
}

interface Header {
  /** Size of the heap, in bytes. */
  readonly heap: number;
  /** `[offset, length]` of each stretch of pages that hold anything. */
  readonly runs: readonly (readonly [number, number])[];
  /** Pyodide's table of JavaScript objects that Python refers to. */
  readonly references: unknown;
}

function isEmpty(words: Uint32Array, page: number): boolean {
  const start = page * PAGE_BYTES / 4;
  return words.subarray(start, start + PAGE_BYTES / 4).every((word) => word === 0);
}

function runsOf(heap: Uint8Array): [number, number][] {
  const words = new Uint32Array(heap.buffer);
  const runs: [number, number][] = [];
  for (let page = 0; page < heap.length / PAGE_BYTES; page++) {
    if (isEmpty(words, page)) continue;
    const start = page * PAGE_BYTES;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === start) last[1] += PAGE_BYTES;
    else runs.push([start, PAGE_BYTES]);
  }
  return runs;
}

/** Packs a heap whose references Pyodide has listed. */
export function pack(heap: Uint8Array, references: unknown): Uint8Array<ArrayBuffer> {
  const runs = runsOf(heap);
  const header = new TextEncoder().encode(JSON.stringify({ heap: heap.length, runs, references } satisfies Header));
  const size = runs.reduce((total, [, length]) => total + length, 4 + header.length);
  const image = new Uint8Array(size);
  new DataView(image.buffer).setUint32(0, header.length);
  image.set(header, 4);
  let position = 4 + header.length;
  for (const [start, length] of runs) {
    image.set(heap.subarray(start, start + length), position);
    position += length;
  }
  return image;
}

/**
 * Fills the heap of a fresh module, and returns the references for Pyodide.
 *
 * @param image what `pack` made, with `offset` bytes before it
 */
export function unpack(image: Uint8Array, offset: number, module: Module): unknown {
  const size = new DataView(image.buffer, image.byteOffset + offset).getUint32(0);
  let position = offset + 4 + size;
  const header: Header = JSON.parse(new TextDecoder().decode(image.subarray(offset + 4, position)));
  if (header.heap > module.HEAPU8.length) module.growMemory(header.heap);
  const heap = module.HEAPU8;
  for (const [start, length] of header.runs) {
    heap.set(image.subarray(position, position + length), start);
    position += length;
  }
  return header.references;
}
