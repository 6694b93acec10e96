// Processes run on Effect's own fiber class, behind a probe. What they do where the probe fails is tested here: the same tests
// once more, with processes made through Effect's public API only.
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url))
const suites = ["packages/core/test/process", "packages/core/test/behaviour", "packages/supervisor/test/restarting"]

it("processes do the same on fibers of Effect's public API", { timeout: 180_000 }, () => {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [vitest, "run", "--typecheck.enabled=false", ...suites],
    { cwd: root, env: { ...process.env, UNDERSTUDY_FIBERS: "public", CODEC_VALUES: "100" }, encoding: "utf8" }
  )
  expect(status, `${stdout}\n${stderr}`).toBe(0)
})
