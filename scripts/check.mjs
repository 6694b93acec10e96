// `npm run check`: everything that can be said about the code without running it.

import { clean, javascript, judge, types } from "./packages.mjs"
import { run, steps, tool } from "./steps.mjs"
import { surface } from "./surface.mjs"

const layers = [
  "--config",
  ".dependency-cruiser.mjs",
  "packages/core/src",
  "packages/supervisor/src",
  "packages/registry/src",
  "packages/testing/src"
]

const sound = await steps([
  ["Clean", clean],
  ["Types", types],
  ["Lint and format", () => tool("@biomejs/biome/bin/biome", ["ci", "--error-on-warnings"])],
  ["Layers", () => tool("dependency-cruiser/bin/dependency-cruiser.mjs", layers)],
  ["The picture of the layers", () => run(process.execPath, ["scripts/graph.mjs", "--check"])],
  ["What users see", async () => surface({ write: false })],
  ["Packages", async () => (await javascript()) && (await judge())]
])
if (sound) console.log("\nAll checks passed.")
