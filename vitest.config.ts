// The tests run the packages' TypeScript sources, in Vite's module runner on the main thread and natively in every worker
// thread a test starts; nothing needs a build.
import { defineConfig } from "vitest/config"

const source = "@understudy/source"

export default defineConfig({
  // What a test file itself imports is resolved by Vite. Its own default conditions are named again because giving any replaces them.
  resolve: { conditions: [source, "module", "node", "development|production"] },
  ssr: { resolve: { conditions: [source, "module", "node", "development|production"] } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "benchmarks/test/**/*.test.ts"
    ],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Processes, not worker threads: the tests start worker threads of their own and some of those end with process.exit.
    pool: "forks",
    // `new Worker(url)` inherits this process's flags, so a worker started from a test resolves the packages' sources too
    // and runs them by Node's own type stripping. A test that passes its own `execArgv` must repeat the condition.
    execArgv: [`--conditions=${source}`, "--expose-gc"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default"],
    // The crash reports of a test that passes are what it is about, and no news
    silent: "passed-only",
    typecheck: {
      enabled: true,
      // Type errors of the sources are the business of `npm run check`, which reports them once.
      ignoreSourceErrors: true,
      include: ["test/types/**/*.test-d.ts"],
      tsconfig: "test/types/tsconfig.json"
    }
  }
})
