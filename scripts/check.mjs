// `npm run check`: everything that can be said about the code without running it.

import { clean, javascript, judge, types } from "./packages.mjs"
import { steps, tool } from "./steps.mjs"

const sound = await steps([
  ["Clean", clean],
  ["Types", types],
  ["Lint, layers and format", () => tool("@biomejs/biome/bin/biome", ["ci", "--error-on-warnings"])],
  ["Packages", async () => (await javascript()) && (await judge())]
])
if (sound) console.log("\nAll checks passed.")
