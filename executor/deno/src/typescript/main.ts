/** Entry point of a TypeScript sandbox. */

import { serve } from "../javascript/engine.ts";
import { readHello } from "../wire.ts";
import { transpile } from "./transpile.ts";

const FILE = "main.ts";

serve(readHello(), FILE, (code) => transpile(code, FILE));
