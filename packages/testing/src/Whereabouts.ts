/** Lines of stacks that are the program's own, and the name of a process for people. */
import { contractOf } from "@understudy/core/internal/Leftovers"
import type { ProcessRecord } from "@understudy/core/internal/Running"
import type { Pid } from "@understudy/core/Pid"

/** Code of this project's packages, of its dependencies and of Node. */
const foreign =
  /node_modules|node:|[/\\]packages[/\\](core|supervisor|registry|testing)[/\\](src|dist)[/\\]|<anonymous>/

/** So many lines are shown. */
const mostLines = 4

/** The lines of a stack that are the program's own, the innermost first; `undefined` when there are none. */
export const ownLines = (stack: string | undefined): string | undefined => {
  const lines = (stack ?? "").split("\n").filter((line) => /^\s+at /.test(line) && !foreign.test(line))
  return lines.length === 0
    ? undefined
    : lines
        .slice(0, mostLines)
        .map((line) => line.trim())
        .join("\n")
}

/** The program's own lines that lead to here. */
export const here = (): string | undefined => {
  const { stackTraceLimit } = Error
  // The runtime's own frames come first, and there are many
  Error.stackTraceLimit = 40
  const { stack } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return ownLines(stack)
}

/** What a process is called for people: its label or contract, and its pid. */
export const nameOf = (record: ProcessRecord): string => {
  const name = record.label ?? contractOf(record)
  return name === undefined ? `${record.pid}` : `${name} ${record.pid}`
}

/** What a process is called of which perhaps only the pid is known. */
export const nameOfPid = (pid: Pid, names: ReadonlyMap<string, string>): string => names.get(`${pid}`) ?? `${pid}`
