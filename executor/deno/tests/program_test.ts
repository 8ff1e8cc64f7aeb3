/** What the rewriting of a program keeps and what it changes. */

import assert from "node:assert/strict";
import { LOADER, prepare, ProgramSyntaxError } from "../src/javascript/program.ts";

type Loaded = Record<string, unknown>;

async function run(code: string, modules: Record<string, Loaded> = {}): Promise<unknown> {
  const loaded: string[] = [];
  const load = (name: string) => {
    loaded.push(name);
    return Promise.resolve(modules[name] ?? {});
  };
  const program = new Function(LOADER, `return ${prepare(code, "main.js").source}`)(load) as () => Promise<unknown>;
  return await program();
}

Deno.test("the last expression is the value", async () => {
  for (
    const [code, value] of [
      ["1 + 1", 2],
      ["1 + 1;", 2],
      ["1; 2;;", 2],
      ["'use strict'", "use strict"],
      ["({a: 1}).a", 1],
      ["a = 1, b = 2; var a, b", undefined],
      ["return 7", 7],
      ["await Promise.resolve(3)", 3],
      ["const x = 1", undefined],
      ["", undefined],
      ["// only a comment", undefined],
      ["1 // a comment", 1],
      ["#!/usr/bin/env node\n4", 4],
      ["5;\nexport {};", 5],
    ] as const
  ) assert.equal(await run(code), value, code);
});

Deno.test("every line keeps its number", () => {
  const code =
    'import {\n  a,\n  b as c,\n} from "x";\nexport const d = 1;\nexport {\n  d as e,\n};\nexport default\n  d\n';
  const { source } = prepare(code, "main.js");
  assert.deepEqual(source.split("\n").map((line) => line.includes("d = 1")), [
    ...[false, false, false, false, true],
    ...source.split("\n").slice(5).map(() => false),
  ]);
  assert.equal(source.split("\n").length, code.split("\n").length + 2);
});

Deno.test("imports of every form reach the loader", async () => {
  const modules = { m: { default: 1, a: 2, "odd name": 3 } };
  const cases: [string, unknown][] = [
    ['import d from "m"; d', 1],
    ['import { a } from "m"; a', 2],
    ['import { a as b } from "m"; b', 2],
    ['import { "odd name" as c } from "m"; c', 3],
    ['import d, { a } from "m"; d + a', 3],
    ['import * as all from "m"; all.a', 2],
    ['import d, * as all from "m"; d + all.a', 3],
    ['import "m"; 9', 9],
    ['(await import("m")).a', 2],
    ['const f = () => import("m"); (await f()).a', 2],
    ["import.meta.main", true],
    ['export * from "m"; 8', 8],
    ['export { a } from "m"; 8', 8],
  ];
  for (const [code, value] of cases) assert.equal(await run(code, modules), value, code);
});

Deno.test("exports are declarations", async () => {
  for (
    const [code, value] of [
      ["export const a = 1; a", 1],
      ["export function f() { return 2 }\nf()", 2],
      ["export default function g() { return 3 }\ng()", 3],
      ["export default class {}\n4", 4],
      ["export default class K { static v = 5 }\nK.v", 5],
      ["const a = 6; export { a as b }; a", 6],
    ] as const
  ) assert.equal(await run(code), value, code);
});

Deno.test("modules are strict, scripts are not", async () => {
  assert.equal(await run("(function () { return this === undefined })()"), false);
  assert.equal(await run('import "m"; (function () { return this === undefined })()'), true);
});

Deno.test("a script that merely speaks of imports is a script", async () => {
  assert.equal(await run('var text = "import x from y"; with ({ a: 1 }) a'), undefined);
  assert.equal(await run("var export_ = 2, o = { import: 3 }; o.import + export_"), 5);
});

Deno.test("text that would close the function early does not parse", () => {
  for (const code of ["}) ; (async () => {", "})", "*/", "}\n{", "}, {a: 1", "`"]) {
    assert.throws(() => prepare(code, "main.js"), ProgramSyntaxError, code);
  }
});

Deno.test("a syntax error shows its line and a caret", () => {
  assert.throws(() => prepare("let a = 1;\nlet b = ;", "main.js"), {
    name: "SyntaxError",
    message: "main.js:2\nlet b = ;\n        ^\nSyntaxError: Unexpected token",
  });
});

Deno.test("a long line is shown in part", () => {
  assert.throws(
    () => prepare(`${"a".repeat(100_000)} b`, "main.js"),
    (error: Error) => error.message.length < 1000 && error.message.includes("^"),
  );
});

Deno.test("a return_val of one's own is seen at the top level only", () => {
  for (
    const code of [
      "function return_val() {}",
      "const return_val = 1",
      "export function return_val() {}",
      "let a, return_val",
      "async function return_val() {}",
    ]
  ) assert.equal(prepare(code, "main.js").ownReturnVal, true, code);
  for (const code of ["return_val(1)", "{ function return_val() {} }", "const o = { return_val() {} }", ""]) {
    assert.equal(prepare(code, "main.js").ownReturnVal, false, code);
  }
});
