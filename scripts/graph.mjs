// `npm run graph`: draws who imports whom (docs/architecture.svg) from the sources themselves. `--check` only says whether the
// picture is of these sources.

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { instance } from "@viz-js/viz"
import { cruise } from "dependency-cruiser"
import rules, { about, rooms } from "../.dependency-cruiser.mjs"
import { root } from "./setup.mjs"

const picture = join(root, "docs", "architecture.svg")
const sources = ["core", "registry", "supervisor", "testing"].map((name) => `packages/${name}/src`)

/** The node of the picture that a file is drawn in. */
const nodeOf = (file) => {
  const [, name, path] = /^packages\/([^/]+)\/src\/(.+)$/.exec(file) ?? []
  if (name === undefined) return undefined
  if (name !== "core") return `packages/${name}`
  return rooms.find((room) => path.startsWith(`${room}/`)) ?? (path.startsWith("internal/") ? "internal" : "doors")
}

/** Which nodes each node imports from, and how many files it has. */
const read = async () => {
  const { output } = await cruise(sources, { ...rules.options, baseDir: root })
  const nodes = new Map()
  for (const { dependencies, source } of output.modules) {
    const name = nodeOf(source)
    if (name === undefined) continue
    const node = nodes.get(name) ?? { files: 0, imports: new Set() }
    nodes.set(name, node)
    node.files++
    for (const { resolved } of dependencies) {
      const other = nodeOf(resolved)
      if (other !== undefined && other !== name) node.imports.add(other)
    }
  }
  return nodes
}

/** Leaves out what goes another way too: whoever imports from B, which imports from A, is above A anyway. */
const withoutDetours = (nodes) => {
  const reach = (from, seen = new Set()) => {
    for (const to of nodes.get(from).imports) {
      if (seen.has(to)) continue
      seen.add(to)
      reach(to, seen)
    }
    return seen
  }
  return [...nodes].map(([name, { files, imports }]) => {
    const indirect = new Set([...imports].flatMap((other) => [...reach(other)]))
    return [name, files, [...imports].filter((other) => !indirect.has(other)).sort()]
  })
}

const texts = {
  doors: "what users import: Process, GenServer, System, …",
  internal: "for packages of this project",
  "packages/registry": "registries of names, with values",
  "packages/supervisor": "supervision trees",
  "packages/testing": "probes and simulations"
}

/** The picture of these sources, as SVG. */
export const draw = async () => {
  const nodes = withoutDetours(await read()).sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = nodes.flatMap(([name, files, imports]) => [
    `"${name}" [label=<<b>${name}</b>  (${files})<br/><font point-size="11">${about[name] ?? texts[name]}</font>>]`,
    ...imports.map((other) => `"${name}" -> "${other}"`)
  ])
  const viz = await instance()
  const drawn = viz.renderString(
    `digraph {
      graph [rankdir=TB, ranksep=0.35, nodesep=0.25, fontname="sans-serif"]
      node [shape=box, style="rounded,filled", fillcolor="#eef3fa", color="#8aa4c8", fontname="sans-serif", fontsize=13]
      edge [color="#6b7f99", arrowsize=0.7]
      ${lines.join("\n")}
    }`,
    { format: "svg" }
  )
  return drawn.replace(/^<\?xml[^>]*>\s*(<!DOCTYPE[^>]*>\s*)?/s, "")
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const drawn = await draw()
  if (!process.argv.includes("--check")) {
    writeFileSync(picture, drawn)
    console.log("docs/architecture.svg is drawn.")
  } else if (readFileSync(picture, "utf8") !== drawn) {
    console.error(
      "docs/architecture.svg is not of these sources: run `npm run graph`, and look whether it is what was meant."
    )
    process.exitCode = 1
  }
}
