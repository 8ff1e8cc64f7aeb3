// A calculator: tokens, a Pratt parser to a tree of discriminated unions, and an evaluator with variables
// and functions. Reads one expression or assignment a line.

enum TokenKind {
  Number = "number",
  Name = "name",
  Operator = "operator",
  End = "end",
}

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

type Expression =
  | { readonly type: "literal"; readonly value: number }
  | { readonly type: "variable"; readonly name: string }
  | { readonly type: "unary"; readonly operator: "-" | "!"; readonly operand: Expression }
  | { readonly type: "binary"; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly type: "call"; readonly callee: string; readonly args: readonly Expression[] }
  | { readonly type: "assign"; readonly name: string; readonly value: Expression };

const BINARY = {
  "=": { precedence: 1, right: true },
  "+": { precedence: 3, right: false },
  "-": { precedence: 3, right: false },
  "*": { precedence: 4, right: false },
  "/": { precedence: 4, right: false },
  "%": { precedence: 4, right: false },
  "^": { precedence: 6, right: true },
} as const satisfies Record<string, { precedence: number; right: boolean }>;

type BinaryOperator = Exclude<keyof typeof BINARY, "=">;

class CalculatorError extends Error {
  constructor(message: string, public readonly at: number) {
    super(message);
    this.name = new.target.name;
  }
}

function* tokens(source: string): Generator<Token, void, undefined> {
  const pattern = /\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|([A-Za-z_]\w*)|([-+*/%^=!(),]))/gy;
  let at = 0;
  while (source.slice(at).trim() !== "") {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (!match) throw new CalculatorError(`unexpected ${JSON.stringify(source[at])}`, at);
    const [whole, number, name, operator] = match;
    const start = at + whole.length - (number ?? name ?? operator).length;
    at = pattern.lastIndex;
    if (number !== undefined) yield { kind: TokenKind.Number, text: number, at: start };
    else if (name !== undefined) yield { kind: TokenKind.Name, text: name, at: start };
    else yield { kind: TokenKind.Operator, text: operator, at: start };
  }
  yield { kind: TokenKind.End, text: "", at: source.length };
}

class Parser {
  private position = 0;
  private readonly all: Token[];

  constructor(source: string) {
    this.all = [...tokens(source)];
  }

  parse(): Expression {
    const tree = this.expression(0);
    this.expect(TokenKind.End, "");
    return tree;
  }

  private get next(): Token {
    return this.all[this.position]!;
  }

  private accept(kind: TokenKind, text: string): boolean {
    const found = this.next.kind === kind && this.next.text === text;
    if (found) this.position++;
    return found;
  }

  private expect(kind: TokenKind, text: string): void {
    if (!this.accept(kind, text)) {
      throw new CalculatorError(`expected ${text || kind}, got ${this.next.text || this.next.kind}`, this.next.at);
    }
  }

  private expression(minimum: number): Expression {
    let left = this.prefix();
    for (;;) {
      const { text, at, kind } = this.next;
      if (kind !== TokenKind.Operator || !(text in BINARY)) return left;
      const operator = text as keyof typeof BINARY;
      const { precedence, right } = BINARY[operator];
      if (precedence < minimum) return left;
      this.position++;
      const operand = this.expression(right ? precedence : precedence + 1);
      if (operator === "=") {
        if (left.type !== "variable") throw new CalculatorError("only a name can be assigned", at);
        left = { type: "assign", name: left.name, value: operand };
      } else {
        left = { type: "binary", operator, left, right: operand };
      }
    }
  }

  private prefix(): Expression {
    const token = this.next;
    this.position++;
    switch (token.kind) {
      case TokenKind.Number:
        return { type: "literal", value: Number(token.text) };
      case TokenKind.Name:
        return this.accept(TokenKind.Operator, "(") ? this.call(token.text) : { type: "variable", name: token.text };
      case TokenKind.Operator:
        if (token.text === "-" || token.text === "!") {
          return { type: "unary", operator: token.text, operand: this.expression(5) };
        }
        if (token.text === "(") {
          const inner = this.expression(0);
          this.expect(TokenKind.Operator, ")");
          return inner;
        }
    }
    throw new CalculatorError(`unexpected ${token.text || token.kind}`, token.at);
  }

  private call(callee: string): Expression {
    const args: Expression[] = [];
    if (!this.accept(TokenKind.Operator, ")")) {
      do args.push(this.expression(0)); while (this.accept(TokenKind.Operator, ","));
      this.expect(TokenKind.Operator, ")");
    }
    return { type: "call", callee, args };
  }
}

abstract class Scope<Value> {
  protected abstract readonly values: Map<string, Value>;

  get(name: string): Value {
    const value = this.values.get(name);
    if (value === undefined) throw new ReferenceError(`${name} is not known`);
    return value;
  }
}

class Variables extends Scope<number> {
  protected readonly values = new Map<string, number>([["pi", Math.PI], ["e", Math.E]]);

  set = (name: string, value: number): number => {
    this.values.set(name, value);
    return value;
  };
}

namespace Functions {
  type Implementation = (...values: number[]) => number;
  const all: { [name: string]: Implementation } = {
    max: Math.max,
    min: Math.min,
    sqrt: Math.sqrt,
    sum: (...values) => values.reduce((a, b) => a + b, 0),
    gcd: function gcd(a, b): number {
      return b === 0 ? Math.abs(a) : gcd(b, a % b);
    },
  };

  export function call(name: string, values: number[]): number {
    if (!Object.hasOwn(all, name)) throw new ReferenceError(`${name}() is not known`);
    return all[name](...values);
  }
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

function never(value: never): never {
  throw new TypeError(`unreachable: ${value}`);
}

function evaluate(tree: Expression, scope: Variables): number {
  switch (tree.type) {
    case "literal":
      return tree.value;
    case "variable":
      return scope.get(tree.name);
    case "assign":
      return scope.set(tree.name, evaluate(tree.value, scope));
    case "unary":
      return tree.operator === "-" ? -evaluate(tree.operand, scope) : factorial(evaluate(tree.operand, scope));
    case "call":
      return Functions.call(tree.callee, tree.args.map((argument) => evaluate(argument, scope)));
    case "binary": {
      const [left, right] = [tree.left, tree.right].map((side) => evaluate(side, scope)) as [number, number];
      switch (tree.operator) {
        case "+":
          return left + right;
        case "-":
          return left - right;
        case "*":
          return left * right;
        case "/":
          return left / right;
        case "%":
          return left % right;
        case "^":
          return left ** right;
        default:
          return never(tree.operator);
      }
    }
    default:
      return never(tree);
  }
}

const scope = new Variables();
const lines = (await new Response(Deno.stdin.readable).text()).split("\n").filter((line) => line.trim());
let failures = 0;
for (const [index, line] of lines.entries()) {
  try {
    console.log(`${index + 1}: ${line.trim()} = ${+evaluate(new Parser(line).parse(), scope).toPrecision(12)}`);
  } catch (error) {
    failures++;
    const place = error instanceof CalculatorError ? ` at ${error.at}` : "";
    console.log(`${index + 1}: ${(error as Error).name}: ${(error as Error).message}${place}`);
  }
}
return_val({ lines: lines.length, failures });
