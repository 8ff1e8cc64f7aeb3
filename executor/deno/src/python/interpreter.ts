/** A Python interpreter with the harness in it: made cold, recorded as an image, or restored. */

import harness from "./harness.py" with { type: "text" };
import { boot, type Parts, type Pyodide } from "./boot.ts";
import { pack } from "./heap.ts";
import { openStreams } from "./streams.ts";

/** Modules that programs use most: imported before the image is taken, so that they cost nothing. */
const PRELOADED = [
  "abc, argparse, asyncio, base64, bisect, calendar, collections.abc, contextlib, copy, csv, datetime, decimal",
  "enum, fractions, functools, hashlib, heapq, inspect, io, itertools, json, logging, math, operator, os, pathlib",
  "pprint, random, re, statistics, string, struct, tempfile, textwrap, time, traceback, typing, unicodedata, uuid",
].join(", ");

const HARNESS = "_faaspool_harness";
/** While an image is made nothing of a user runs: only the address space is the limit. */
const RECORDING_HEAP_BYTES = 512 * 1024 * 1024;

/** The functions of `harness.py`. */
interface Harness {
  readonly freshen: () => void;
  readonly open_streams: () => void;
  readonly serve: {
    callPromising(nextTask: () => string, maxReturnBytes: number): Promise<string>;
  };
}

/** What the module `js` holds for Python: no more than its event loop uses. */
function visibleGlobals(): object {
  return Object.create(null, {});
}

function installHarness(pyodide: Pyodide): void {
  pyodide.runPython(`
import sys, types, ${PRELOADED}
module = types.ModuleType(${JSON.stringify(HARNESS)})
exec(compile(${JSON.stringify(harness)}, "<faaspool>", "exec"), module.__dict__)
sys.modules[${JSON.stringify(HARNESS)}] = module
del module, ${PRELOADED.split(", ").map((name) => name.split(".")[0]).join(", ")}
`);
}

/** Starts an interpreter that is ready to run one program. */
export async function startInterpreter(
  parts: Parts,
  heapBytes: number,
): Promise<{ pyodide: Pyodide; harness: Harness }> {
  const pyodide = await boot(parts, heapBytes, visibleGlobals());
  if (!parts.image) installHarness(pyodide);
  const functions = pyodide.pyimport(HARNESS) as Harness;
  openStreams(pyodide);
  functions.open_streams();
  functions.freshen();
  return { pyodide, harness: functions };
}

/** Starts an interpreter cold and returns its memory image. */
export async function recordImage(parts: Parts): Promise<Uint8Array<ArrayBuffer>> {
  const pyodide = await boot(parts, RECORDING_HEAP_BYTES, visibleGlobals(), true);
  installHarness(pyodide);
  pyodide.runPython("import gc; gc.collect()");
  return pack(pyodide._module.HEAPU8, pyodide._api.serializeHiwireState());
}
