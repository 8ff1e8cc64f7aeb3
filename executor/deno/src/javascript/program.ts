/**
 * Turns a submitted program into one async arrow function, editing in place so that every line
 * keeps its number: imports become calls, exports become plain declarations, and the last
 * expression statement becomes what the function returns. The program is parsed on its own
 * first, so text that would close the function early is a syntax error of its own.
 */

// @ts-types="../../vendor/acorn.d.mts"
import { type AnyNode, type ImportDeclaration, type Options, parse, type Program } from "../../vendor/acorn.mjs";

/** Where the rewritten program finds its imports; a name that no program uses by accident. */
export const LOADER = "__faaspool_import__";

/** A program ready to be evaluated. */
export interface Prepared {
  /** A parenthesised async arrow function. */
  readonly source: string;
  /** Whether the program declares `return_val` at its top level. */
  readonly ownReturnVal: boolean;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const OPTIONS: Options = {
  ecmaVersion: "latest",
  sourceType: "script",
  allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: false,
  allowHashBang: true,
};

const HAS_MODULE_SYNTAX = /\b(?:import|export)\b/;

/** A `SyntaxError` as acorn throws it. */
interface ParseError extends SyntaxError {
  readonly pos: number;
  readonly loc: { readonly line: number; readonly column: number };
}

/** A program that does not parse; the message shows the line and a caret below the place. */
export class ProgramSyntaxError extends Error {
  override readonly name = "SyntaxError";

  constructor(file: string, code: string, line: number, column: number, reason: string) {
    const excerpt = (code.split(/\r\n|[\n\r\u2028\u2029]/)[line - 1] ?? "").slice(0, 200);
    super(`${file}:${line}\n${excerpt}\n${" ".repeat(Math.min(column, 200))}^\nSyntaxError: ${reason}`);
  }
}

function isParseError(error: unknown): error is ParseError {
  return error instanceof SyntaxError && "loc" in error;
}

function parseProgram(file: string, code: string): { program: Program; module: boolean } {
  const attempts: Options[] = HAS_MODULE_SYNTAX.test(code)
    ? [{ ...OPTIONS, sourceType: "module" }, OPTIONS]
    : [OPTIONS];
  let first: ParseError | undefined;
  for (const options of attempts) {
    try {
      return { program: parse(code, options), module: options.sourceType === "module" };
    } catch (error) {
      if (!isParseError(error)) throw error;
      first ??= error;
    }
  }
  const { message, loc } = first as ParseError;
  throw new ProgramSyntaxError(file, code, loc.line, loc.column, message.replace(/ \(\d+:\d+\)$/, ""));
}

/** Blank text with the same line breaks, so that what follows keeps its line. */
function blank(text: string): string {
  return text.replace(/[^\n\r\u2028\u2029]/g, "");
}

function binding(key: string, local: string): string {
  return key === local ? local : `${key}: ${local}`;
}

function literalOrName(node: { type: string; name?: string; value?: unknown }): string {
  return node.type === "Identifier" ? node.name as string : JSON.stringify(node.value);
}

function importStatement(node: ImportDeclaration): string {
  const source = JSON.stringify(node.source.value);
  const named: string[] = [];
  let namespace = "";
  for (const specifier of node.specifiers) {
    if (specifier.type === "ImportNamespaceSpecifier") namespace = specifier.local.name;
    else if (specifier.type === "ImportDefaultSpecifier") named.push(binding("default", specifier.local.name));
    else named.push(binding(literalOrName(specifier.imported), specifier.local.name));
  }
  const value = `await ${LOADER}(${source})`;
  if (namespace && named.length) return `const ${namespace} = ${value}, {${named.join(", ")}} = ${namespace};`;
  if (namespace) return `const ${namespace} = ${value};`;
  return named.length ? `const {${named.join(", ")}} = ${value};` : `${value};`;
}

function exportEdits(node: AnyNode, code: string, hoisted: string[]): Edit[] {
  switch (node.type) {
    case "ExportAllDeclaration":
      hoisted.push(`await ${LOADER}(${JSON.stringify(node.source.value)});`);
      return [{ start: node.start, end: node.end, text: blank(code.slice(node.start, node.end)) }];
    case "ExportNamedDeclaration":
      if (node.source) hoisted.push(`await ${LOADER}(${JSON.stringify(node.source.value)});`);
      if (node.declaration) return [{ start: node.start, end: node.declaration.start, text: "" }];
      return [{ start: node.start, end: node.end, text: blank(code.slice(node.start, node.end)) }];
    case "ExportDefaultDeclaration": {
      const { declaration } = node;
      const named = (declaration.type === "FunctionDeclaration" || declaration.type === "ClassDeclaration") &&
        declaration.id;
      const text = named ? "" : "const __faaspool_default__ = ";
      return [{
        start: node.start,
        end: declaration.start,
        text: text + blank(code.slice(node.start, declaration.start)),
      }];
    }
    default:
      return [];
  }
}

function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && typeof item === "object" && typeof item.type === "string") found.push(item);
    }
  }
  return found;
}

/** `import(...)` and `import.meta`, wherever they stand. */
function dynamicImportEdits(program: Program): Edit[] {
  const edits: Edit[] = [];
  const open: AnyNode[] = [program];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === "ImportExpression") edits.push({ start: node.start, end: node.start + 6, text: LOADER });
    if (node.type === "MetaProperty" && node.meta.name === "import") {
      edits.push({ start: node.start, end: node.end, text: `({url: "file:///main.js", main: true})` });
    }
    open.push(...children(node));
  }
  return edits;
}

/** A lone `;`, or the `export {}` that is left of imported types. */
function isNothing(node: AnyNode): boolean {
  return node.type === "EmptyStatement" ||
    (node.type === "ExportNamedDeclaration" && !node.declaration && !node.source && node.specifiers.length === 0);
}

function lastExpressionEdits(program: Program, code: string): Edit[] {
  const last = program.body.findLast((node) => !isNothing(node));
  if (last?.type !== "ExpressionStatement") return [];
  const end = code[last.end - 1] === ";" ? last.end - 1 : last.end;
  return [{ start: last.start, end: last.start, text: "return (" }, { start: end, end, text: ")" }];
}

function declaresReturnVal(program: Program): boolean {
  return program.body.some((node) => {
    const inner = node.type === "ExportNamedDeclaration" && node.declaration ? node.declaration : node;
    if (inner.type === "FunctionDeclaration") return inner.id.name === "return_val";
    return inner.type === "VariableDeclaration" &&
      inner.declarations.some(({ id }) => id.type === "Identifier" && id.name === "return_val");
  });
}

function applied(code: string, edits: Edit[]): string {
  let text = "";
  let position = 0;
  for (const edit of edits.sort((a, b) => a.start - b.start || a.end - b.end)) {
    text += code.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  return text + code.slice(position);
}

/**
 * Prepares a program for `eval`.
 *
 * @param code JavaScript, as a script or a module, with `return` and `await` allowed at the top
 * @param file the name that stack traces show
 * @throws ProgramSyntaxError when it does not parse
 */
export function prepare(code: string, file: string): Prepared {
  const { program, module } = parseProgram(file, code);
  const hoisted: string[] = [];
  const edits: Edit[] = code.startsWith("#!") ? [{ start: 0, end: 2, text: "//" }] : [];
  for (const node of program.body) {
    if (node.type === "ImportDeclaration") {
      hoisted.push(importStatement(node));
      edits.push({ start: node.start, end: node.end, text: blank(code.slice(node.start, node.end)) });
    } else {
      edits.push(...exportEdits(node, code, hoisted));
    }
  }
  if (code.includes("import")) edits.push(...dynamicImportEdits(program));
  edits.push(...lastExpressionEdits(program, code));
  const head = `(async () => {${module ? '"use strict";' : ""}${hoisted.join("")}`;
  return {
    source: `${head}${applied(code, edits)}\n})\n//# sourceURL=${file}`,
    ownReturnVal: declaresReturnVal(program),
  };
}
