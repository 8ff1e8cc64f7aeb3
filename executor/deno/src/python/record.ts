/** Makes a memory image and writes it to standard output, for the executor to seal and keep. */

import type { Parts } from "./boot.ts";
import { recordImage } from "./interpreter.ts";

/** Runs the recording process. */
export async function record(parts: Parts): Promise<never> {
  const image = await recordImage(parts);
  for (let sent = 0; sent < image.length;) sent += Deno.stdout.writeSync(image.subarray(sent));
  Deno.exit(0);
}
