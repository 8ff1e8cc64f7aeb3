/** The memory image: what is packed comes out again. */

import assert from "node:assert/strict";
import { type Module, pack, unpack } from "../src/python/heap.ts";

const PAGE = 4096;

class Fresh implements Module {
  HEAPU8 = new Uint8Array(2 * PAGE);
  grown = 0;
  _dump_traceback() {}
  growMemory(bytes: number) {
    this.grown = bytes;
    this.HEAPU8 = new Uint8Array(bytes);
  }
}

function heapWith(pages: Record<number, number>, size = 8): Uint8Array {
  const heap = new Uint8Array(size * PAGE);
  for (const [page, byte] of Object.entries(pages)) heap[Number(page) * PAGE + byte] = byte % 255 + 1;
  return heap;
}

Deno.test("a heap comes out as it went in", () => {
  for (const pages of [{}, { 0: 0 }, { 7: 4095 }, { 1: 5, 2: 6, 5: 4095 }] as Record<number, number>[]) {
    const heap = heapWith(pages);
    const module = new Fresh();
    assert.deepEqual(unpack(pack(heap, { hiwire: [1, null] }), 0, module), { hiwire: [1, null] });
    assert.deepEqual(module.HEAPU8, heap);
    assert.equal(module.grown, 8 * PAGE);
  }
});

Deno.test("empty pages take no room, neighbours one entry", () => {
  const image = pack(heapWith({ 1: 5, 2: 6, 5: 7 }), []);
  assert.ok(image.length < 4 * PAGE);
  const header = new TextDecoder().decode(image.subarray(4, 4 + new DataView(image.buffer).getUint32(0)));
  assert.deepEqual(JSON.parse(header).runs, [[PAGE, 2 * PAGE], [5 * PAGE, PAGE]]);
});

Deno.test("an image may stand behind other bytes", () => {
  const image = pack(heapWith({ 3: 9 }), null);
  const behind = new Uint8Array(image.length + 13);
  behind.set(image, 13);
  const module = new Fresh();
  unpack(behind, 13, module);
  assert.deepEqual(module.HEAPU8, heapWith({ 3: 9 }));
});

Deno.test("a heap that is large enough is not grown", () => {
  const module = new Fresh();
  unpack(pack(heapWith({ 0: 1 }, 2), null), 0, module);
  assert.equal(module.grown, 0);
});
