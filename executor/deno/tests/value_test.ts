/** How values become the text of `ret_val`. */

import assert from "node:assert/strict";
import { toJson, toReturnVal } from "../src/javascript/value.ts";

Deno.test("what JSON can express is JSON", () => {
  for (const value of [1, -0.5, "text", "", true, null, [], [1, [2]], {}, { a: { b: "c" } }]) {
    assert.deepEqual(JSON.parse(toJson(value)), value);
  }
  assert.equal(toJson({ toJSON: () => 1 }), "1");
  assert.equal(toJson({ a: undefined, b: () => 1 }), "{}");
});

Deno.test("what it cannot is shown as Deno shows it", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  assert.equal(toJson(1n), "1n");
  assert.equal(toJson(undefined), "undefined");
  assert.equal(toJson(Symbol("s")), "Symbol(s)");
  assert.equal(toJson(circular), "<ref *1> { self: [Circular *1] }");
  assert.match(toJson(() => 1), /^\[Function/);
  assert.match(toJson({ toJSON: () => ({ b: 1n }), a: 1 }), /a: 1/);
});

Deno.test("what even Deno cannot show is named by its type", () => {
  const hostile = new Proxy({}, {
    get: () => {
      throw new Error("no");
    },
    ownKeys: () => {
      throw new Error("no");
    },
  });
  assert.equal(typeof toJson(hostile), "string");
  const inspected = {
    toJSON: () => {
      throw new Error("no");
    },
    [Symbol.for("Deno.customInspect")]: () => {
      throw new Error("no");
    },
  };
  assert.equal(toJson(inspected), "[object that cannot be shown]");
});

Deno.test("return_val keeps text as it is", () => {
  assert.equal(toReturnVal('a "quoted" text'), 'a "quoted" text');
  assert.equal(toReturnVal(["a"]), '["a"]');
});
