// A job scheduler in simulated time: priority heap, workers as async generators, retries with backoff,
// cancellation, and a summary. Everything is deterministic.

class Heap {
  #items = [];
  #before;

  constructor(before) {
    this.#before = before;
  }

  get size() {
    return this.#items.length;
  }

  push(item) {
    const items = this.#items;
    let index = items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(items[index], items[parent])) break;
      [items[index], items[parent]] = [items[parent], items[index]];
      index = parent;
    }
  }

  pop() {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length > 0) {
      items[0] = last;
      for (let index = 0;;) {
        let smallest = index;
        for (const child of [2 * index + 1, 2 * index + 2]) {
          if (child < items.length && this.#before(items[child], items[smallest])) smallest = child;
        }
        if (smallest === index) break;
        [items[index], items[smallest]] = [items[smallest], items[index]];
        index = smallest;
      }
    }
    return top;
  }
}

class Clock {
  now = 0;
  #sequence = 0;
  #timers = new Heap((a, b) => a.at - b.at || a.sequence - b.sequence < 0 ? a.at < b.at || (a.at === b.at && a.sequence < b.sequence) : false);

  sleep(duration, signal) {
    return new Promise((resolve, reject) => {
      const timer = { at: this.now + duration, sequence: this.#sequence++, fire: resolve };
      signal?.addEventListener("abort", () => {
        timer.fire = () => {};
        reject(signal.reason);
      }, { once: true });
      this.#timers.push(timer);
    });
  }

  async run(until) {
    let over = false;
    until.finally(() => (over = true)).catch(() => {});
    for (;;) {
      for (let turn = 0; turn < 50; turn++) await null;
      if (over || this.#timers.size === 0) return until;
      const timer = this.#timers.pop();
      this.now = timer.at;
      timer.fire();
    }
  }
}

class Random {
  constructor(seed) {
    this.state = BigInt(seed);
  }

  below(limit) {
    this.state = BigInt.asUintN(64, this.state * 6364136223846793005n + 1442695040888963407n);
    return Number((this.state >> 33n) % BigInt(limit));
  }
}

class TransientError extends Error {}

const clock = new Clock();
const random = new Random(42);
const queue = new Heap((a, b) => a.priority > b.priority || (a.priority === b.priority && a.id < b.id));
const log = [];
const waiting = [];
const counts = { done: 0, failed: 0, retried: 0, cancelled: 0 };
let open = 0;

function note(text) {
  log.push(`${String(clock.now).padStart(4)} ${text}`);
}

function submit(job) {
  open++;
  queue.push({ attempts: 0, ...job });
  waiting.shift()?.();
}

async function* jobs() {
  while (true) {
    while (queue.size > 0) yield queue.pop();
    if (open === 0) return;
    await new Promise((resolve) => waiting.push(resolve));
  }
}

function close() {
  open--;
  if (open === 0) while (waiting.length) waiting.shift()();
}

async function perform(job, signal) {
  await clock.sleep(job.duration, signal);
  if (job.fails > job.attempts) throw new TransientError(`attempt ${job.attempts + 1}`);
  if (job.broken) throw new Error("broken", { cause: job.id });
}

async function worker(name) {
  let busy = 0;
  for await (const job of jobs()) {
    const begun = clock.now;
    const controller = new AbortController();
    if (job.cancelAfter) clock.sleep(job.cancelAfter).then(() => controller.abort(new DOMException("cancelled", "AbortError")));
    try {
      await perform(job, controller.signal);
      counts.done++;
      note(`${name} did ${job.id} (priority ${job.priority})`);
      close();
    } catch (error) {
      if (error instanceof TransientError && job.attempts < 2) {
        counts.retried++;
        const pause = 2 ** job.attempts * 5;
        note(`${name} retries ${job.id} in ${pause}: ${error.message}`);
        clock.sleep(pause).then(() => {
          queue.push({ ...job, attempts: job.attempts + 1 });
          waiting.shift()?.();
        });
      } else {
        const kind = error.name === "AbortError" ? "cancelled" : "failed";
        counts[kind]++;
        note(`${name} ${kind} ${job.id}: ${error.message}${error.cause ? ` (${error.cause})` : ""}`);
        close();
      }
    } finally {
      busy += clock.now - begun;
    }
  }
  return { name, busy };
}

for (let id = 1; id <= 24; id++) {
  submit({
    id: `j${String(id).padStart(2, "0")}`,
    priority: random.below(4),
    duration: 3 + random.below(20),
    fails: random.below(5) === 0 ? 1 + random.below(3) : 0,
    broken: random.below(9) === 0,
    cancelAfter: random.below(7) === 0 ? 4 : undefined,
  });
}

const workers = Promise.all(["a", "b", "c"].map(worker));
const late = clock.sleep(60).then(() => submit({ id: "late", priority: 3, duration: 1, fails: 0 }));
open++;
late.then(close);
const report = await clock.run(workers);
for (const line of log) console.log(line);
for (const { name, busy } of report) console.log(`${name}: ${Math.round((busy / clock.now) * 100)} % busy`);
const { label = "total", ...rest } = { ...counts, end: clock.now };
const check = Object.values(counts).reduce((sum, n) => sum + n, 0) - counts.retried === 25;
console.assert(check, "every job ends once");
return { label, ...rest, check };
