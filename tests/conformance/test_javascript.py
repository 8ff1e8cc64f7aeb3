"""What JavaScript and TypeScript programs see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .client import Run

PRINTED = [
    ("console.log(Deno.args, process.argv.slice(2))", "[] []\n"),
    ("console.log(Object.keys(process.env))", "[]\n"),
    ("console.log(new Date(0).getTimezoneOffset(), Intl.DateTimeFormat().resolvedOptions().timeZone)", "0 UTC\n"),
    ("console.log((1234.5).toLocaleString())", "1,234.5\n"),
    ("import path from 'node:path'; console.log(path.join('a', 'b'))", "a/b\n"),
    ("import { inspect } from 'util'; console.log(inspect({a: 1}))", "{ a: 1 }\n"),
    ("import * as url from 'url'; console.log(typeof url.parse)", "function\n"),
    ("const { EventEmitter } = require('events'); new EventEmitter().on('x', console.log).emit('x', 1)", "1\n"),
    ("console.log(require('node:crypto').createHash('md5').update('x').digest('hex').length)", "32\n"),
    ("const a = await import('assert'); a.strictEqual(1, 1); console.log('same')", "same\n"),
    (
        "const { Readable } = require('stream'); for await (const x of Readable.from(['a', 'b'])) console.log(x)",
        "a\nb\n",
    ),
    ("import { setTimeout as later } from 'timers/promises'; console.log(await later(1, 'later'))", "later\n"),
    ("console.log(Buffer.from('é').toString('hex'))", "c3a9\n"),
    ("setTimeout(() => console.log('second'), 5); console.log('first')", "first\nsecond\n"),
    ("queueMicrotask(() => console.log('b')); console.log('a')", "a\nb\n"),
    ("let n = 0; const id = setInterval(() => { console.log(++n); if (n === 3) clearInterval(id) }, 1)", "1\n2\n3\n"),
    ("console.log(structuredClone({a: new Map([[1, 2]])}))", "{ a: Map(1) { 1 => 2 } }\n"),
    ("export const x = 1; export default function f() {}\nconsole.log(x, f.name)", "1 f\n"),
    ("#!/usr/bin/env node\nconsole.log('bang')", "bang\n"),
    ("console.log(typeof require, typeof globalThis, import.meta.main)", "function object true\n"),
    ("label: for (;;) { break label }\nconsole.log('out')", "out\n"),
    ("async function* g() { yield 1; yield 2 }\nfor await (const x of g()) console.log(x)", "1\n2\n"),
    ("console.log(new URL('https://a.b/c?d=e').searchParams.get('d'), btoa('x'))", "e eA==\n"),
    (
        "const m = new WebAssembly.Module(new Uint8Array([0,97,115,109,1,0,0,0])); console.log(m instanceof WebAssembly.Module)",
        "true\n",
    ),
]
INPUTS = [
    ("console.log(prompt('name?'))", "x\n", "name? x\n"),
    ("console.log(prompt(), prompt(), prompt())", "a\nb", "a b null\n"),
    ("console.log(await new Response(Deno.stdin.readable).text())", "a\r\né", "a\r\né\n"),
    ("for await (const c of process.stdin) console.log(String(c))", "abc", "abc\n"),
    (
        "const rl = require('readline').createInterface({ input: process.stdin });\n"
        "for await (const line of rl) console.log('<' + line + '>')",
        "a\nb\n",
        "<a>\n<b>\n",
    ),
    ("const b = new Uint8Array(8); console.log(Deno.stdin.readSync(b), Deno.stdin.readSync(b))", "abc", "3 null\n"),
    ("console.log((await new Response(Deno.stdin.readable).text()).length)", "", "0\n"),
]
REFUSED_IMPORTS = [
    "node:fs",
    "fs",
    "fs/promises",
    "node:child_process",
    "worker_threads",
    "node:vm",
    "http",
    "net",
    "node:os",
    "node:inspector",
    "node:sqlite",
    "node:module",
    "https://example.com/x.js",
    "npm:left-pad",
    "jsr:@std/path",
    "file:///etc/passwd",
    "./local.js",
    "../deno.json",
    "data:text/javascript,export default 1",
    "left-pad",
]
POSITIONS = [
    ("javascript", "\n\nfunction f() {\n  throw new Error('here')\n}\nf()", "main.js:4:9"),
    ("javascript", "const a = 1\nawait 0\nnull.x", "main.js:3:"),
    ("javascript", "import assert from 'node:assert'\nassert(false)", "main.js:2:"),
    (
        "typescript",
        "interface A {\n  x: number\n}\n\nfunction f(a: A): void {\n  throw new Error('here')\n}\nf({x: 1})",
        "main.ts:6",
    ),
    ("typescript", "enum E {\n  A,\n  B,\n}\ntype T =\n  | 1\n  | 2\nthrow new Error(String(E.B))", "main.ts:8"),
]
TYPESCRIPT = [
    ("const x: number = 'not checked' as any; x", '"not checked"'),
    ("enum Color { Red, Green = 5, Blue }\nreturn [Color.Blue, Color[5]]", '[6,"Green"]'),
    ("const enum K { A = 1 }\nK.A", "1"),
    ("namespace N { export const x = 3 }\nN.x", "3"),
    (
        "class P { constructor(private readonly x: number, public y = 2) {} sum() { return this.x + this.y } }\nnew P(1).sum()",
        "3",
    ),
    ("abstract class A { abstract f(): number }\nclass B extends A { f() { return 4 } }\nnew B().f()", "4"),
    (
        "function twice(f: any, _c: any) { return function (this: any, n: number) { return f.call(this, n) * 2 } }\n"
        "class D { @twice m(n: number) { return n } }\nnew D().m(5)",
        "10",
    ),
    (
        'const React = { createElement: (t: any, p: any, ...c: any[]) => ({ t, p, c }) };\nconst e = <div id="a">x</div>;\ne',
        '{"t":"div","p":{"id":"a"},"c":["x"]}',
    ),
    ("const a = { x: 1 } satisfies Record<string, number>;\na.x", "1"),
    ("function f<T extends object>(x: T): keyof T { return Object.keys(x)[0] as keyof T }\nf({k: 1})", '"k"'),
    ("function o(x: number): number;\nfunction o(x: string): string;\nfunction o(x: any) { return x }\no('s')", '"s"'),
    ("import type { X } from './nowhere';\nimport { type Y } from 'node:util';\nlet x: X | Y | 1 = 1;\nx", "1"),
    ("let x: unknown = 5;\n(<number> x) + 1", "6"),
    ("type Deep = { [K in 'a' | 'b']?: K extends 'a' ? 1 : 2 };\nconst d: Deep = { a: 1 };\nd.a!", "1"),
    ("declare const nothing: string;\ndeclare function f(): void;\n7", "7"),
    ("async function f(): Promise<Array<[string, number]>> { return [['a', 1]] }\nawait f()", '[["a",1]]'),
    ("export type T = 1;\nexport interface I {}\nexport const value: T = 1;\nvalue", "1"),
    ("class C { #p = 1; static s: number = 2; declare d: string; get p() { return this.#p } }\nnew C().p + C.s", "3"),
    ("let x = 1 as const, y = x!;\ny", "1"),
]


@pytest.mark.parametrize(("code", "printed"), PRINTED)
def test_programs_print_what_they_print(run: Run, code: str, printed: str) -> None:
    """Scripts and modules, timers and streams, until nothing is left to do."""
    answer = run(code, "javascript")
    assert (answer.stdout, answer.stderr, answer.exit_code) == (printed, "", 0)


@pytest.mark.parametrize("language", ["javascript", "typescript"])
@pytest.mark.parametrize(("code", "given", "printed"), INPUTS)
def test_standard_input(run: Run, language: str, code: str, given: str, printed: str) -> None:
    """The input is there exactly, then there is an end of file."""
    answer = run(code, language, input=given)
    assert (answer.stdout, answer.stderr) == (printed, "")


@pytest.mark.parametrize("name", REFUSED_IMPORTS)
@pytest.mark.parametrize(
    "form", ["import x from {}", "import {}", "await import({})", "export * from {}", "require({})"]
)
def test_every_other_import_is_refused_by_name(run: Run, name: str, form: str) -> None:
    """Whatever form it has; the error names the module, and nothing of it was read."""
    answer = run(form.format(f"'{name}'"), "javascript")
    assert (answer.status, answer.stdout) == ("error", "")
    assert name in answer.stderr


@pytest.mark.parametrize(("language", "code", "position"), POSITIONS)
def test_stack_traces_show_the_programs_own_lines(run: Run, language: str, code: str, position: str) -> None:
    """TypeScript's too; and no other file shows."""
    stderr = run(code, language).stderr
    assert position in stderr
    assert "engine.ts" not in stderr
    assert "/runtime" not in stderr


def test_a_syntax_error_points_to_its_place(run: Run) -> None:
    """With the line and a caret below the column."""
    for language, file in (("javascript", "main.js"), ("typescript", "main.ts")):
        stderr = run("const a = 1;\nconst b = a +;\n", language).stderr
        assert f"{file}:2" in stderr
        assert "\nconst b = a +;\n             ^\n" in stderr


@pytest.mark.parametrize(("code", "value"), TYPESCRIPT)
def test_typescript_compiles(run: Run, code: str, value: str) -> None:
    """Types go away unchecked; enums, namespaces, decorators, parameter properties and JSX are compiled."""
    answer = run(code, "typescript")
    assert (answer.ret_val, answer.stderr) == (value, "")


def test_randomness_is_fresh(run: Run) -> None:
    """No two sandboxes share random numbers."""
    code = "[Math.random(), crypto.randomUUID(), require('crypto').randomBytes(8).toString('hex')]"
    assert len({run(code, "javascript").ret_val for _ in range(3)}) == 3


def test_a_promise_that_nobody_keeps_waits_for_its_time(run: Run) -> None:
    """A program that waits for ever is ended by its time limit."""
    answer = run("console.log(1); await new Promise(() => {})", "javascript", timeout=300)
    assert (answer.status, answer.stdout) == ("timeout", "1\n")


@pytest.mark.parametrize("name", ["read", "write", "net", "env", "run", "ffi", "sys", "import"])
def test_no_permission_is_granted_nor_asked_for(run: Run, name: str) -> None:
    """Every permission is denied at once; there is nobody to ask."""
    code = (
        f"const {{ state }} = await Deno.permissions.query({{ name: '{name}' }});\n"
        f"const asked = await Deno.permissions.request({{ name: '{name}' }});\n[state, asked.state].includes('granted')"
    )
    assert run(code, "javascript").ret_val == "false"
