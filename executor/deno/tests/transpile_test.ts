/** TypeScript to JavaScript, line for line. */

import assert from "node:assert/strict";
import { ProgramSyntaxError } from "../src/javascript/program.ts";
import { transpile } from "../src/typescript/transpile.ts";

function lineOf(code: string, text: string): number {
  return code.split("\n").findIndex((line) => line.includes(text)) + 1;
}

Deno.test("statements stay on their lines", () => {
  const code = `interface A {
  b: number;
}
type B = A | string;

enum Color {
  Red,
  Green = "green",
}

class Point<T> {
  constructor(
    private readonly x: T,
  ) {}
  get(): T { return this.x; }
}

abstract class Shape { abstract area(): number }

const marker = new Point<number>(1);
function last(this: void, a?: string): asserts a is string {}
throw new Error("the end" as string);
`;
  const made = transpile(code, "main.ts");
  for (const text of ["class Point", "const marker", "function last", "throw new Error"]) {
    assert.equal(lineOf(made, text), lineOf(code, text), text);
  }
});

Deno.test("what only TypeScript has does what it does there", () => {
  const value = (code: string) => new Function(transpile(code, "main.ts"))();
  assert.equal(value("enum E { A = 1, B } return E.B + E[1]"), "2A");
  assert.equal(value("namespace N { export const a = 1 } return N.a"), 1);
  assert.equal(value("class P { constructor(public x = 2) {} } return new P().x"), 2);
  assert.equal(value("const a = { b: null as null | { c: 1 } }; return a.b?.c ?? 3"), 3);
  assert.equal(value("const f = <T,>(x: T) => x; return f(4)"), 4);
  assert.equal(value("let x: unknown = 5; return <number> x"), 5);
  assert.equal(value("const o = { a: 6 } satisfies { a: number }; return o.a!"), 6);
  assert.equal(value("function f(a: number): number; function f(a: any) { return a } return f(7)"), 7);
});

Deno.test("types are not checked", () => {
  assert.match(transpile("const a: number = 'text'", "main.ts"), /const a/);
});

Deno.test("JSX is tried where TypeScript alone does not parse", () => {
  assert.match(transpile("const a = <b c={1}>text</b>", "main.ts"), /React\.createElement\("b"/);
});

Deno.test("a syntax error shows the line of TypeScript", () => {
  assert.throws(
    () => transpile("type A = {\n  b: \n}\n", "main.ts"),
    (error: Error) => error instanceof ProgramSyntaxError && error.message.startsWith("main.ts:3\n}\n"),
  );
});

Deno.test("nothing of Babel is left in the realm", () => {
  assert.equal("Babel" in globalThis, false);
});
