// Who may import whom, types included. `npm run check` holds it; `npm run graph` draws it.

/** The rooms of core with what each is for, the lowest first. Each may import from those before it only. */
export const about = {
  base: "text for people, checks of input, V8",
  wire: "bytes, and values without a schema",
  schema: "schemas as checks and as bytes",
  exit: "why processes end",
  address: "pids, names, aliases, message codecs",
  run: "what runs, and timers",
  signal: "what goes between schedulers, events",
  process: "record, mailbox, links, monitors, the end",
  fiber: "Effect's fibers for processes' code",
  call: "questions and their answers",
  spawn: "starting processes, here and elsewhere",
  program: "what a process's code does",
  timer: "timers that processes set",
  behaviour: "GenServer",
  scheduler: "run queue, turns, timer wheel",
  "system/transport": "rings, channels, doorbells",
  "system/names": "tables of names on all schedulers",
  "system/load": "placement, stealing, busy wait",
  "system/events": "the log and the event stream",
  "system/mesh": "one scheduler among the others",
  "system/threads": "workers: boot, watch, drain, stop",
  "system/simulation": "whole systems, step by step, in one thread"
}

export const rooms = Object.keys(about)

const core = "^packages/core/src"
const inRooms = (names) => `${core}/(${names.join("|")})/`

/** A room imports from itself and from those before it. */
const upward = rooms.map((room, index) => ({
  name: `from-${room.replace("/", "-")}-upward`,
  comment: `${room}/ may import from ${rooms.slice(0, index).join(", ") || "nothing"} only`,
  severity: "error",
  from: { path: inRooms([room]) },
  to: { path: core, pathNot: inRooms(rooms.slice(0, index + 1)) }
}))

/** A package is entered by what it exports, and only by those that may. */
const apart = (name, mayImport) => ({
  name: `${name}-stands-on-${mayImport.join("-and-") || "nothing"}`,
  comment: `packages/${name} may import ${mayImport.map((other) => `@understudy/${other}`).join(" and ") || "no other package of this project"}`,
  severity: "error",
  from: { path: `^packages/${name}/src` },
  to: { path: "^packages/", pathNot: `^packages/(${[name, ...mayImport].join("|")})/` }
})

/** Published packages have few dependencies, and say them. */
const _depends = (name, on, part = "") => ({
  name: `${name}-depends-on-${on.join("-")}-only`,
  comment: `packages/${name} may depend on ${on.join(", ")} only`,
  severity: "error",
  from: { path: `^packages/${name}/src/${part}` },
  to: { path: "node_modules", pathNot: `node_modules/(${on.join("|")}|[.]pnpm/(${on.join("|")})@[^/]+)/` }
})

export default {
  forbidden: [
    ...upward,
    {
      name: "no-circles",
      comment:
        "two files that import values from each other, directly or by others, cannot be read or loaded one by one",
      severity: "error",
      from: { path: "^packages/[^/]+/src" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }
    },
    {
      name: "not-by-the-door",
      comment:
        "inside of core a file is imported itself; the files at the top of src, and those of internal/, are for others",
      severity: "error",
      from: { path: inRooms(rooms) },
      to: { path: `${core}/([A-Za-z]+|internal/[A-Za-z]+)[.]ts$` }
    },
    {
      name: "doors-only",
      comment: "what a package does not export is its own",
      severity: "error",
      from: { path: "^packages/(supervisor|registry|testing)/src" },
      to: { path: core, pathNot: `${core}/([A-Za-z]+|internal/[A-Za-z]+)[.]ts$` }
    },
    apart("core", []),
    apart("supervisor", ["core"]),
    apart("registry", ["core"]),
    apart("testing", ["core"]),
    {
      name: "effect-by-its-modules",
      comment: 'import "effect/Effect" and the like, so that users load only what is used',
      severity: "error",
      from: { path: "^packages/[^/]+/src" },
      to: { path: "/effect/(src|dist)/index[.](ts|js|d[.]ts)$" }
    },
    {
      name: "what-is-published-depends-on-effect-only",
      comment: "published packages have few dependencies, and say them",
      severity: "error",
      from: { path: "^packages/[^/]+/src", pathNot: "^packages/testing/src" },
      to: { path: "node_modules", pathNot: "node_modules/(effect|[.]pnpm/effect@[^/]+)/" }
    },
    {
      name: "testing-depends-on-effect-and-test-tools",
      comment: "vitest only where tests are registered: the rest runs without it",
      severity: "error",
      from: { path: "^packages/testing/src", pathNot: "^packages/testing/src/vitest([.]ts$|/)" },
      to: {
        path: "node_modules",
        pathNot: "node_modules/(effect|fast-check|[.]pnpm/(effect|fast-check)@[^/]+)/"
      }
    },
    {
      name: "resolvable",
      comment: "what is imported exists",
      severity: "error",
      from: {},
      to: { couldNotResolve: true }
    }
  ],
  options: {
    tsPreCompilationDeps: "specify",
    combinedDependencies: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/dist/" },
    enhancedResolveOptions: {
      conditionNames: ["@understudy/source", "import", "types", "default"],
      exportsFields: ["exports"],
      extensions: [".ts", ".js"]
    }
  }
}
