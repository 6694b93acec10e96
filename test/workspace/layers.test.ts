// The layer rule can fail: a copy of the sources with an import from below to above and a circle of values breaks it, and nothing else does.
import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, it } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))
const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs")
const packages = ["core", "supervisor", "registry", "testing"]

let copy: string
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "understudy-layers-"))
  for (const file of ["package.json", ".dependency-cruiser.mjs", "tsconfig.json", "tsconfig.base.json"]) {
    await cp(join(root, file), join(copy, file))
  }
  for (const name of packages) {
    for (const part of ["src", "package.json", "tsconfig.json"]) {
      await cp(join(root, "packages", name, part), join(copy, "packages", name, part), { recursive: true })
    }
  }
  // Dependencies are the checkout's, the packages those of the copy
  await mkdir(join(copy, "node_modules/@understudy"), { recursive: true })
  for (const name of await readdir(join(root, "node_modules"))) {
    if (name !== "@understudy") await symlink(join(root, "node_modules", name), join(copy, "node_modules", name))
  }
  for (const name of packages) await symlink(join(copy, "packages", name), join(copy, "node_modules/@understudy", name))
})
afterAll(() => rm(copy, { recursive: true, force: true }))

/** What breaks which rule, as dependency-cruiser prints it. */
const violations = () =>
  new Promise<ReadonlyArray<string>>((resolve, reject) => {
    const sources = packages.map((name) => `packages/${name}/src`)
    const args = [cruiser, "--config", ".dependency-cruiser.mjs", "--output-type", "err", ...sources]
    execFile(process.execPath, args, { cwd: copy }, (_, stdout, stderr) => {
      const lines = stdout.split("\n").filter((line) => /^\s+error /.test(line))
      if (lines.length > 0 || stdout.includes("no dependency violations found")) resolve(lines)
      else reject(new Error(`${stdout}\n${stderr}`))
    })
  })

const core = (path: string) => join(copy, "packages/core/src", path)

it("the layer rule is broken by an upward import, also one of types, and by a circle of values; without them it holds", async () => {
  expect(await violations()).toEqual([])
  await writeFile(core("wire/Upward.ts"), `import type { Pid } from "../address/Pid.ts"\nexport type Upward = Pid\n`)
  await writeFile(core("wire/Hen.ts"), `import { egg } from "./Egg.ts"\nexport const hen = () => egg\n`)
  await writeFile(core("wire/Egg.ts"), `import { hen } from "./Hen.ts"\nexport const egg = () => hen\n`)
  const found = await violations()
  expect(found.filter((line) => line.includes("from-wire-upward") && line.includes("wire/Upward.ts"))).toHaveLength(1)
  expect(found.some((line) => line.includes("no-circles") && /wire\/(Hen|Egg)\.ts/.test(line))).toBe(true)
  expect(found.every((line) => /Upward|Hen|Egg/.test(line))).toBe(true)
}, 120_000)
