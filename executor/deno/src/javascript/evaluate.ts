/**
 * Evaluates a script so that stack traces show its own name and lines.
 *
 * `eval` would do, but Deno prints the frames of evaluated code with an origin behind the name.
 * The engine's own way to run a script, which Deno's REPL uses, has no permission or public name.
 */

interface Core {
  evalContext(source: string, specifier: string): [value: unknown, failure: { thrown: unknown } | null];
}

const { core } = (Deno as unknown as Record<symbol, { core: Core }>)[
  (Deno as unknown as { internal: symbol }).internal
];
const evalContext = core.evalContext.bind(core);

/**
 * Runs a script in this realm.
 *
 * @returns its completion value
 * @throws what the script throws, a `SyntaxError` first of all
 */
export function evaluate(source: string, file: string): unknown {
  const [value, failure] = evalContext(source, file);
  if (failure) throw failure.thrown;
  return value;
}
