// The baseline: npm Pyodide as it comes, restored from its own snapshot, runs one program and exits.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const snapshot = Deno.readFileSync("snapshot.bin");
const pyodide = await loadPyodide({ indexURL: `${import.meta.dirname}/pyodide/`, _loadSnapshot: snapshot });
console.log(pyodide.runPython("1+1"));
Deno.exit(0);
