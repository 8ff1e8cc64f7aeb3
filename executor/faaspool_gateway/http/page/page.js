// The page of the pool: what it does now, and a place to try it. Text is only ever set as text.
"use strict";

const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const REFRESH_MS = 1000;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function rectangle(parent, x, y, width, height, kind) {
  const made = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, class: kind })) made.setAttribute(name, value);
  parent.append(made);
}

function headers(more = {}) {
  const token = byId("token").value;
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

function count(name, value, kind) {
  const key = kind ? [element("span", { className: `key ${kind}` })] : [];
  return element("li", {}, ...key, `${name} `, element("b", {}, String(value)));
}

function showSandboxes(pool) {
  const kinds = { active: pool.activeInstances, idle: pool.idleInstances, starting: pool.startingInstances };
  const total = Math.max(pool.totalInstances + pool.heldBackInstances, 1);
  const width = 600 / total;
  const drawing = byId("sandboxes");
  drawing.replaceChildren();
  let index = 0;
  for (const [kind, number] of [...Object.entries(kinds), ["empty", total - pool.totalInstances]]) {
    for (let i = 0; i < number; i++) rectangle(drawing, index++ * width + 1, 2, Math.max(width - 2, 0.5), 24, kind);
  }
  const items = Object.entries(kinds).map(([kind, number]) => count(kind, number, kind));
  if (pool.heldBackInstances) items.push(count("held back", pool.heldBackInstances));
  byId("sandbox-counts").replaceChildren(...items);
}

function showQueue(queue, running, workers) {
  const most = Math.max(10, ...Object.values(queue));
  const rows = Object.entries(queue).reverse().flatMap(([name, depth]) => [
    element("dt", {}, name),
    element("progress", { max: most, value: depth, ariaLabel: `${name}: ${depth}` }),
    element("dd", {}, String(depth)),
  ]);
  byId("queue").replaceChildren(...rows);
  byId("running").textContent = `${running} of ${workers} workers busy`;
}

function showRate(stats) {
  const drawing = byId("rate");
  const top = Math.max(1, ...stats.bins.map(([answered, refused]) => answered + refused));
  const width = 600 / stats.bins.length;
  drawing.replaceChildren();
  stats.bins.forEach(([answered, refused], index) => {
    const [high, low] = [(answered / top) * 116, (refused / top) * 116];
    rectangle(drawing, index * width, 118 - high, width - 1, high, "answered");
    rectangle(drawing, index * width, 118 - high - low, width - 1, low, "refused");
  });
  rectangle(drawing, 0, 118, 600, 1, "empty");
  byId("rate-top").textContent = `· highest ${(top / stats.binSeconds).toFixed(1)} a second`;
  const figures = Object.entries(stats.latencyMilliseconds).map(([name, value]) => count(name, `${value} ms`));
  byId("latency").replaceChildren(...figures, count("tasks measured", stats.latencySamples));
}

function showTasks(tasks) {
  byId("tasks").replaceChildren(...tasks.map((task) => {
    const [queued, started, ran] = task.phasesMilliseconds;
    const all = Math.max(queued + started + ran, 0.001);
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", "0 0 120 10");
    let x = 0;
    for (const [value, kind] of [[queued, "empty"], [started, "starting"], [ran, "active"]]) {
      rectangle(drawing, x, 1, (value / all) * 120, 8, kind);
      x += (value / all) * 120;
    }
    return element("tr", {},
      element("td", {}, new Date(task.at).toLocaleTimeString()),
      element("td", {}, task.language),
      element("td", {}, task.priority),
      element("td", { className: task.status === "ok" ? "" : "bad" }, task.status),
      element("td", {}, task.warm ? "warm" : "cold"),
      element("td", { className: "number" }, `${(queued + started).toFixed(1)} ms`),
      element("td", { className: "number" }, `${ran.toFixed(1)} ms`),
      element("td", {}, drawing));
  }));
}

async function refresh() {
  const state = byId("state");
  try {
    const response = await fetch("stats", { headers: headers() });
    byId("token-label").hidden = response.status !== 401 && !byId("token").value;
    if (!response.ok) throw new Error(response.status === 401 ? "a token is needed" : `HTTP ${response.status}`);
    const stats = await response.json();
    state.textContent = stats.problems.length ? stats.problems.join("; ") : "healthy";
    state.className = stats.problems.length ? "bad" : "";
    showSandboxes(stats.pool);
    showQueue(stats.queue, stats.running, stats.workers);
    showRate(stats);
    showTasks(stats.tasks);
  } catch (error) {
    state.textContent = `no news: ${error.message}`;
    state.className = "bad";
  }
  setTimeout(refresh, REFRESH_MS);
}

async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (text + part.value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s, 2)));
      if (fields.event) yield [fields.event, JSON.parse(fields.data)];
    }
  }
}

let taskId = null;

function print(text, kind) {
  const output = byId("output");
  output.append(element("span", { className: kind }, text));
  output.scrollTop = output.scrollHeight;
}

function verdict({ metadata, output, details }) {
  const value = output.ret_val ? ` · returned ${output.ret_val.slice(0, 200)}` : "";
  const reason = details ? ` · ${details}` : "";
  return `${metadata.status} in ${metadata.timings.ran_ms} ms${reason}${value}`;
}

async function run(event) {
  event.preventDefault();
  const body = { code: byId("code").value, language: byId("language").value, priority: byId("priority").value };
  byId("output").replaceChildren();
  byId("verdict").textContent = "waiting…";
  byId("run").disabled = true;
  try {
    const response = await fetch("run_code", {
      method: "POST",
      headers: headers({ "Content-Type": "application/json", Accept: "text/event-stream" }),
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      const problem = await response.json();
      throw new Error([problem.error, problem.details].filter(Boolean).join(": "));
    }
    for await (const [name, data] of eventsOf(response)) {
      if (name === "task") {
        taskId = data.task_id;
        byId("stop").disabled = false;
      } else if (name === "result") byId("verdict").textContent = verdict(data);
      else if (name === "error") throw new Error(data.details);
      else print(data.text, name);
    }
  } catch (error) {
    byId("verdict").textContent = error.message;
  }
  byId("run").disabled = false;
  byId("stop").disabled = true;
}

byId("editor").addEventListener("submit", run);
byId("stop").addEventListener("click", () => fetch(`tasks/${taskId}`, { method: "DELETE", headers: headers() }));
refresh();
