// `npm run build`: the published packages, declarations by tsc and JavaScript by tsup.

import { clean, javascript, types } from "./packages.mjs"
import { steps } from "./steps.mjs"

await steps(
  [
    ["Clean", clean],
    ["Types", types],
    ["JavaScript", javascript]
  ],
  { stopAtFirst: true }
)
