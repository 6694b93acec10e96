// The files of the page, ready to be served: TypeScript as the JavaScript it is without its types. Only what was in the
// folder when the server started can be asked for, by its exact name, so no path leads anywhere else.
import { readdirSync, readFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { extname, join, sep } from "node:path"

/** One file as it goes over the line. */
export interface WebFile {
  readonly type: string
  readonly body: Buffer
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ts": "text/javascript; charset=utf-8"
}

/** What goes with every answer. The page may load what is ours and nothing else. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache"
}

/** JavaScript from TypeScript, every column where it was. */
const stripTypes = (source: string): string => {
  const { emitWarning } = process
  // That this is experimental is no news: Node runs the server itself from sources stripped in the same way
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** The files of one folder and those below it. Each is read when it is first asked for, and kept. */
export class WebSite {
  private readonly folder: string
  /** By the path of their URL; nothing until they are read. */
  private readonly files = new Map<string, WebFile | undefined>()

  constructor(folder: string) {
    this.folder = folder
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || types[extname(entry.name)] === undefined) continue
      const path = join(entry.parentPath, entry.name).slice(folder.length)
      this.files.set(path.split(sep).join("/"), undefined)
    }
  }

  /** The file at the path of a URL; `/` is `/index.html`. Nothing when there is none. */
  file(path: string): WebFile | undefined {
    const name = path === "/" ? "/index.html" : path
    if (!this.files.has(name)) return undefined
    const known = this.files.get(name)
    if (known !== undefined) return known
    const type = types[extname(name)] ?? "application/octet-stream"
    const source = readFileSync(join(this.folder, name))
    const body = name.endsWith(".ts") ? Buffer.from(stripTypes(source.toString("utf8"))) : source
    const file = { type, body }
    this.files.set(name, file)
    return file
  }
}
