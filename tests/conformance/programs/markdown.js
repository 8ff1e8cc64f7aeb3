// Markdown to HTML, the common part of it: headings, lists in lists, code, quotes, tables, emphasis, links.

const { createHash } = require("node:crypto");
const { EventEmitter, once } = require("events");
const { Readable, Transform } = require("node:stream");
const { pipeline } = require("node:stream/promises");

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text) => text.replace(/[&<>"]/g, (character) => ESCAPES[character]);

function inline(text) {
  const kept = [];
  const keep = (html) => `\u0000${kept.push(html) - 1}\u0000`;
  return escape(text.replace(/`([^`]+)`/g, (_, code) => keep(`<code>${escape(code)}</code>`)))
    .replace(/!\[([^\]]*)\]\(([^)\s]+)\)/g, (_, alt, source) => keep(`<img src="${source}" alt="${alt}">`))
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, label, target) =>
      /^(https?:|\/|#)/.test(target) ? keep(`<a href="${target}">`) + label + keep("</a>") : label)
    .replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>")
    .replace(/(?<!\w)[*_](.+?)[*_](?!\w)/g, "<em>$1</em>")
    .replace(/\u0000(\d+)\u0000/g, (_, index) => kept[index]);
}

class Lines {
  #lines;
  #at = 0;

  constructor(text) {
    this.#lines = text.split(/\r?\n/);
  }

  get done() {
    return this.#at >= this.#lines.length;
  }

  get current() {
    return this.#lines[this.#at];
  }

  take() {
    return this.#lines[this.#at++];
  }

  *while(matches) {
    while (!this.done && matches(this.current)) yield this.take();
  }
}

function list(lines, depth = 0) {
  const marker = /^(\s*)([-*]|\d+\.)\s+(.*)$/;
  const first = marker.exec(lines.current);
  const tag = /\d/.test(first[2]) ? "ol" : "ul";
  let html = "";
  while (!lines.done) {
    const match = marker.exec(lines.current);
    if (!match || match[1].length < first[1].length) break;
    if (match[1].length > first[1].length) {
      html = html.replace(/<\/li>$/, `${list(lines, depth + 1)}</li>`);
      continue;
    }
    lines.take();
    const task = /^\[([ x])\]\s+(.*)$/.exec(match[3]);
    html += task
      ? `<li><input type="checkbox" disabled${task[1] === "x" ? " checked" : ""}> ${inline(task[2])}</li>`
      : `<li>${inline(match[3])}</li>`;
  }
  return `<${tag}>${html}</${tag}>`;
}

function table(lines) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const head = cells(lines.take());
  const align = cells(lines.take()).map((rule) => (rule.endsWith(":") ? (rule.startsWith(":") ? "center" : "right") : ""));
  const row = (tag, values) =>
    `<tr>${values.map((value, index) => {
      const style = align[index] ? ` style="text-align:${align[index]}"` : "";
      return `<${tag}${style}>${inline(value)}</${tag}>`;
    }).join("")}</tr>`;
  const rows = [...lines.while((line) => line.includes("|"))].map((line) => row("td", cells(line)));
  return `<table>${row("th", head)}${rows.join("")}</table>`;
}

function* blocks(text) {
  const lines = new Lines(text);
  while (!lines.done) {
    const line = lines.current;
    let match;
    if (line.trim() === "") {
      lines.take();
    } else if ((match = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line))) {
      lines.take();
      const id = match[2].toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
      yield `<h${match[1].length} id="${id}">${inline(match[2])}</h${match[1].length}>`;
    } else if ((match = /^(```|~~~)\s*(\w*)/.exec(line))) {
      lines.take();
      const code = [...lines.while((inner) => !inner.startsWith(match[1]))].join("\n");
      lines.take();
      yield `<pre><code${match[2] ? ` class="language-${match[2]}"` : ""}>${escape(code)}\n</code></pre>`;
    } else if (line.startsWith(">")) {
      const quoted = [...lines.while((inner) => inner.startsWith(">"))].map((inner) => inner.replace(/^>\s?/, ""));
      yield `<blockquote>${[...blocks(quoted.join("\n"))].join("")}</blockquote>`;
    } else if (/^(-{3,}|\*{3,})\s*$/.test(line)) {
      lines.take();
      yield "<hr>";
    } else if (/^\s*([-*]|\d+\.)\s+/.test(line)) {
      yield list(lines);
    } else if (line.includes("|") && line.trim().startsWith("|")) {
      yield table(lines);
    } else {
      const paragraph = [...lines.while((inner) => inner.trim() !== "" && !/^(#{1,6}\s|```|>|\s*[-*]\s)/.test(inner))];
      yield `<p>${inline(paragraph.join("\n"))}</p>`;
    }
  }
}

class Counter extends Transform {
  counts = {};

  _transform(chunk, _encoding, done) {
    for (const [, tag] of String(chunk).matchAll(/<([a-z]\w*)/g)) this.counts[tag] = (this.counts[tag] ?? 0) + 1;
    done(null, chunk);
  }
}

const progress = new EventEmitter();
const counter = new Counter();
const source = await new Response(Deno.stdin.readable).text();
const finished = once(progress, "finished");
let html = "";
await pipeline(
  Readable.from(blocks(source)),
  counter,
  async function (chunks) {
    for await (const chunk of chunks) html += `${chunk}\n`;
  },
);
setTimeout(() => progress.emit("finished", html.length), 1);
const [length] = await finished;
process.stdout.write(html);
console.log(`<!-- ${length} characters, sha256 ${createHash("sha256").update(html).digest("hex").slice(0, 16)} -->`);
return Object.fromEntries(Object.entries(counter.counts).sort());
