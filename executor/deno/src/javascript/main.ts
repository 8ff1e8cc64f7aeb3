/** Entry point of a JavaScript sandbox. */

import { readHello } from "../wire.ts";
import { serve } from "./engine.ts";

serve(readHello(), "main.js", (code) => code);
