// Makes npm Pyodide's own snapshot, once, for restored.mjs.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const pyodide = await loadPyodide({ indexURL: `${import.meta.dirname}/pyodide/`, _makeSnapshot: true });
Deno.writeFileSync("snapshot.bin", pyodide.makeMemorySnapshot());
