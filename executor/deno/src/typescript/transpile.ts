/**
 * TypeScript to JavaScript, line for line, without checking types.
 *
 * Babel keeps the line of every statement (`retainLines`), so stack traces need no source map.
 * JSX is tried second: `<T>value` is a type assertion first.
 */

import { restoreProto } from "./proto.ts";
import "../../vendor/babel.min.js";
import { ProgramSyntaxError } from "../javascript/program.ts";

interface BabelError extends Error {
  readonly loc?: { readonly line: number; readonly column: number };
}

interface Babel {
  transform(code: string, options: unknown): { code: string };
}

const holder = globalThis as unknown as { Babel?: Babel };
const { transform } = holder.Babel as Babel;
delete holder.Babel;
restoreProto();

const TYPESCRIPT_OPTIONS = { allowNamespaces: true, allowDeclareFields: true };
const DECORATORS = ["proposal-decorators", { version: "2023-11" }];

function options(file: string, jsx: boolean): unknown {
  return {
    filename: file,
    babelrc: false,
    configFile: false,
    sourceType: "unambiguous",
    retainLines: true,
    compact: true,
    comments: false,
    parserOpts: { allowReturnOutsideFunction: true, allowAwaitOutsideFunction: true },
    plugins: [
      ["transform-typescript", { ...TYPESCRIPT_OPTIONS, isTSX: jsx }],
      DECORATORS,
      ...(jsx ? [["transform-react-jsx", { runtime: "classic" }]] : []),
    ],
  };
}

function isBabelError(error: unknown): error is BabelError {
  return error instanceof Error && "loc" in error;
}

function syntaxError(error: BabelError, file: string, code: string): ProgramSyntaxError {
  const { line, column } = error.loc ?? { line: 1, column: 0 };
  const [reason] = error.message.replace(/^.*?: /, "").split("\n");
  return new ProgramSyntaxError(file, code, line, column, reason.replace(/ \(\d+:\d+\)$/, ""));
}

/** A program that Babel reads and cannot compile: its message holds the place in a drawing of the code. */
function refusal(error: unknown, file: string, code: string): unknown {
  if (!(error instanceof SyntaxError)) return error;
  const [first] = error.message.replace(/^.*?: /, "").split("\n");
  const line = Number(/^> (\d+) \|/m.exec(error.message)?.[1] ?? 1);
  return new ProgramSyntaxError(file, code, line, 0, first.replace(/ by Babel\..*/, ""));
}

/**
 * Makes JavaScript of TypeScript.
 *
 * @throws ProgramSyntaxError when the code parses neither as TypeScript nor as TypeScript with JSX
 */
export function transpile(code: string, file: string): string {
  try {
    return transform(code, options(file, false)).code;
  } catch (error) {
    if (!isBabelError(error)) throw refusal(error, file, code);
    try {
      return transform(code, options(file, true)).code;
    } catch {
      throw syntaxError(error, file, code);
    }
  }
}
