// An inventory of parts: decorators, accessors, overloads, iterators, generics with constraints,
// mapped and conditional types, a small event bus, and reports.

type Currency = "EUR" | "USD";
const enum Level {
  Empty,
  Low = 5,
  Full = 50,
}

interface Part {
  readonly sku: string;
  name: string;
  price: { amount: number; currency: Currency };
  tags?: readonly string[];
}

type Changes<T> = { [K in keyof T as T[K] extends Function ? never : K]?: T[K] };
type EventMap = { moved: [sku: string, by: number]; low: [sku: string, left: number] };

function logged<This, Args extends unknown[], Result>(
  target: (this: This, ...args: Args) => Result,
  context: ClassMethodDecoratorContext<This, (this: This, ...args: Args) => Result>,
) {
  const name = String(context.name);
  return function (this: This, ...args: Args): Result {
    Inventory.calls.set(name, (Inventory.calls.get(name) ?? 0) + 1);
    return target.call(this, ...args);
  };
}

function frozen<T extends abstract new (...args: any[]) => object>(target: T, _context: ClassDecoratorContext<T>): void {
  Object.freeze(target.prototype);
}

class Bus<Events extends Record<string, unknown[]>> {
  readonly #listeners: { [K in keyof Events]?: ((...args: Events[K]) => void)[] } = {};

  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this {
    (this.#listeners[event] ??= []).push(listener);
    return this;
  }

  emit<K extends keyof Events>(event: K, ...args: Events[K]): void {
    this.#listeners[event]?.forEach((listener) => listener(...args));
  }
}

class UnknownPart extends Error {
  override name = "UnknownPart";
  constructor(readonly sku: string, options?: ErrorOptions) {
    super(`no part ${sku}`, options);
  }
}

@frozen
class Inventory implements Iterable<[Part, number]> {
  static readonly calls = new Map<string, number>();
  readonly #stock = new Map<string, { part: Part; count: number }>();
  declare readonly marker: unique symbol;

  constructor(private readonly bus: Bus<EventMap>, protected threshold: number = Level.Low) {}

  @logged
  add(part: Part, count = 0): this {
    this.#stock.set(part.sku, { part, count });
    return this;
  }

  @logged
  move(sku: string, by: number): number {
    const entry = this.#entry(sku);
    if (entry.count + by < 0) throw new RangeError(`${sku}: only ${entry.count} left`);
    entry.count += by;
    this.bus.emit("moved", sku, by);
    if (entry.count <= this.threshold) this.bus.emit("low", sku, entry.count);
    return entry.count;
  }

  change(sku: string, changes: Changes<Omit<Part, "sku">>): Part;
  change(skus: readonly string[], changes: Changes<Omit<Part, "sku">>): Part[];
  change(skus: string | readonly string[], changes: Changes<Omit<Part, "sku">>): Part | Part[] {
    if (typeof skus !== "string") return skus.map((sku) => this.change(sku, changes));
    return Object.assign(this.#entry(skus).part, changes);
  }

  get value(): Record<Currency, number> {
    const total: Record<Currency, number> = { EUR: 0, USD: 0 };
    for (const [{ price }, count] of this) total[price.currency] += price.amount * count;
    return total;
  }

  *[Symbol.iterator](): IterableIterator<[Part, number]> {
    for (const { part, count } of this.#stock.values()) yield [part, count];
  }

  #entry(sku: string) {
    const entry = this.#stock.get(sku);
    if (!entry) throw new UnknownPart(sku, { cause: "move or change" });
    return entry;
  }
}

function groupBy<T, K extends PropertyKey>(items: Iterable<T>, key: (item: T) => K | readonly K[]): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    for (const name of [key(item)].flat() as K[]) (groups.get(name) ?? groups.set(name, []).get(name)!).push(item);
  }
  return groups;
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && "sku" in value && "price" in value;
}

const events: string[] = [];
const bus = new Bus<EventMap>()
  .on("moved", (sku, by) => events.push(`${sku}${by < 0 ? "" : "+"}${by}`))
  .on("low", (sku, left) => events.push(`${sku} low: ${left}`));
const inventory = new Inventory(bus);
const parts: unknown[] = [
  { sku: "bolt", name: "Bolt M4", price: { amount: 0.25, currency: "EUR" }, tags: ["steel", "small"] },
  { sku: "nut", name: "Nut M4", price: { amount: 0.125, currency: "EUR" }, tags: ["steel", "small"] },
  { sku: "plate", name: "Plate", price: { amount: 12.5, currency: "USD" }, tags: ["steel"] },
  { sku: "rope", name: "Rope", price: { amount: 3, currency: "USD" } },
  "not a part",
  null,
];
for (const part of parts) if (isPart(part)) inventory.add(part, Level.Full);

inventory.move("bolt", -46);
inventory.move("plate", 10);
for (const [sku, by] of [["rope", -60], ["glue", 1]] as const satisfies readonly (readonly [string, number])[]) {
  try {
    inventory.move(sku, by);
  } catch (error) {
    if (error instanceof UnknownPart) console.log(`${error.name}: ${error.message} (${error.cause})`);
    else console.log(`${(error as Error).name}: ${(error as Error).message}`);
  }
}
inventory.change(["bolt", "nut"], { price: { amount: 0.5, currency: "USD" } });

for (const [tag, found] of groupBy(inventory, ([part]) => part.tags ?? ["none"])) {
  console.log(`${tag.padEnd(6)} ${found.map(([{ name }, count]) => `${name} x ${count}`).join(", ")}`);
}
console.log(events.join("; "));
console.log([...Inventory.calls].map(([name, count]) => `${name} ${count}`).join(", "), Object.isFrozen(Inventory.prototype));
return inventory.value;
