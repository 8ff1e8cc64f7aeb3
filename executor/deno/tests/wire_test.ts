/** The runner's side of the frames, against the vectors that the parent's side is tested with. */

import assert from "node:assert/strict";
import { message, parseHello, resultBody } from "../src/wire.ts";
import vectors from "../../../tests/vectors/frames.json" with { type: "json" };

const KIND_RESULT = 2;

function bytes(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex);
}

Deno.test("results are written as the parent reads them", () => {
  for (const { secret, frame, ...outcome } of vectors.results) {
    assert.equal(message(bytes(secret), KIND_RESULT, resultBody(outcome)).toHex(), frame);
  }
});

Deno.test("the hello frame is read as the parent writes it", () => {
  for (const { secret, frame, ...hello } of vectors.hello) {
    const parsed = parseHello(bytes(frame).subarray(4));
    assert.deepEqual(parsed.hello, hello);
    assert.equal(parsed.secret.toHex(), secret);
  }
});

Deno.test("a frame of unknown bytes is no hello", () => {
  assert.throws(() => parseHello(new Uint8Array(40)), SyntaxError);
});
