// What the packages' users can see, one report a package (docs/api): `npm run surface` writes them, and `npm run check` says whether they
// are of these sources. So a change of what users see is read by whoever reads the change.

import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor"
import { published } from "./packages.mjs"
import { root } from "./setup.mjs"

const configOf = (name) => {
  const folder = join(root, "packages", name)
  const entry = join(folder, "dist", "index.d.ts")
  const none = { default: { logLevel: "none" } }
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, "package.json"),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: entry,
      // It has a compiler of its own, which only has to read declarations
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: "nodenext",
            target: "esnext",
            lib: ["esnext"],
            types: ["node"],
            skipLibCheck: true,
            strict: true
          },
          files: [entry]
        }
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(root, "docs", "api"),
        reportTempFolder: join(root, ".cache", "api")
      },
      newlineKind: "lf",
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { extractorMessageReporting: none, tsdocMessageReporting: none }
    }
  })
}

/** Makes the reports of declarations that are built. `write`: replaces those that are not of them. Whether all are. */
export const surface = ({ write }) => {
  let sound = true
  for (const name of published) {
    const { apiReportChanged, succeeded } = Extractor.invoke(configOf(name), {
      localBuild: write,
      messageCallback: (message) => {
        message.handled = message.logLevel !== "error"
      }
    })
    if (write) console.log(`docs/api/${name}.api.md: ${apiReportChanged ? "written" : "as it was"}`)
    else if (apiReportChanged) {
      console.error(
        `What users of ${name} see has changed: run \`npm run surface\`, and look whether docs/api/${name}.api.md is what was meant.`
      )
    }
    sound = sound && (write || (succeeded && !apiReportChanged))
  }
  return sound
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { types } = await import("./packages.mjs")
  if (!(await types()) || !surface({ write: true })) process.exitCode = 1
}
