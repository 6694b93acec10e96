/**
 * Two versions of one contract in one program: a module that was evaluated again. They are the same for each other as long as their
 * schemas agree, each with its own classes, and are told apart when these differ.
 */
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { expect } from "vitest"
import { onEachSystem, type Place } from "../testers.ts"
import * as changed from "./changed.ts"
import { listenAt } from "./listening.ts"
import { programs, type Version, versions } from "./twinPrograms.ts"

const patient = { timeout: "Infinity" } as const

const Heard = Schema.String

type Tester = Process.Self<string>

const play = (program: keyof typeof programs) => ({
  mailbox: Heard,
  entry: new URL(`./${program}Entry.ts`, import.meta.url),
  layer: (settings: object) => System.layer({ ...programs[program], ...settings })
})

let uniques = 0

/** Starts a registry, unless it is started. */
const open = (spec: Supervisor.StartableSpec) =>
  Effect.catchIf(
    Effect.asVoid(Supervisor.start(spec)),
    ({ problem }) => problem === "already-started",
    () => Effect.void
  )

/** The supervisors' own contracts, from another evaluation of their module. */
const protocols = (await import(
  /* @vite-ignore */ `${"../../../packages/supervisor/src/SupervisorProtocol.ts"}?again`
)) as typeof import("../../../packages/supervisor/src/SupervisorProtocol.ts")

for (const server of ["one", "again"] as const satisfies ReadonlyArray<Version>) {
  onEachSystem(`Twins, servers of ${server}`, play(server), ({ here, scenario, there }) => {
    const places: ReadonlyArray<Place> = [here, there]

    for (const caller of ["one", "again"] as const satisfies ReadonlyArray<Version>) {
      const { Account, accounts, Bank, Money, Overdrawn, Teller, Word } = versions[caller]
      const other = versions[caller === "one" ? "again" : "one"]
      const money = (cents: number) => new Money({ cents })

      /** Opens an account at each place, with what is done by refs of the caller's. */
      const each = (
        use: (
          account: GenServer.PidRef<(typeof Account)["protocol"]>,
          name: string,
          place: Place
        ) => Effect.Effect<unknown, unknown, Process.Provided>
      ) =>
        Effect.forEach(
          places,
          (place) =>
            Effect.gen(function* () {
              const name = `account ${++uniques}`
              const account = yield* GenServer.start(Account, { opening: money(10) }, { ...place, name })
              yield* use(account, name, place)
              expect(yield* Process.isAlive(account.pid)).toBe(true)
            }),
          { discard: true }
        )

      scenario(`S50 ${caller}: calls, casts, answers and typed failures are of the caller's own classes`, function* () {
        yield* each((account, name) =>
          Effect.gen(function* () {
            for (const ref of [account, Account.named(name), Account.at(account.pid)]) {
              yield* ref.deposit({ money: money(5) })
              const balance = yield* ref.balance(patient)
              expect(balance).toBeInstanceOf(Money)
              expect((yield* ref.withdraw({ money: money(5) }, patient)).cents).toBe(balance.cents - 5)
              const refused = yield* Effect.flip(ref.withdraw({ money: money(1000) }, patient))
              expect(refused).toBeInstanceOf(Overdrawn)
              expect(refused).toMatchObject({ by: { cents: 1000 - balance.cents + 5 } })
              expect((refused as InstanceType<typeof Overdrawn>).by).toBeInstanceOf(Money)
              expect(yield* ref.patiently(patient)).toBe("at last")
            }
            // Many at once, from a fiber of no process too
            const many = yield* Effect.forEach([1, 2, 3], () => account.balance(patient), { concurrency: "unbounded" })
            expect(many.map(({ cents }) => cents)).toEqual([10, 10, 10])
          })
        )
      })

      scenario(`S50 ${caller}: calls end as all do: in time, with the server, or with the caller`, function* (tester) {
        yield* each((account) =>
          Effect.gen(function* () {
            expect(yield* Effect.flip(account.never({ timeout: 1 }))).toMatchObject({ _tag: "CallTimeout" })
            const waiting = yield* Process.spawnMonitor(Schema.Never, () => account.never(patient))
            while ((yield* Process.info(waiting.pid))?.status !== "running") yield* Effect.yieldNow
            yield* Process.exit(waiting.pid, ExitReason.kill)
            yield* tester.receiveTag("Down")
            expect((yield* account.balance(patient)).cents).toBe(10)
          })
        )
        for (const place of places) {
          const falling = yield* GenServer.start(Account, { opening: money(1) }, place)
          const reason = { _tag: "Failed", error: "fell" }
          expect(yield* Effect.flip(falling.fall(patient))).toMatchObject({ _tag: "NoProcess", reason })
          const crashing = yield* GenServer.start(Account, { opening: money(1) }, place)
          const died = { _tag: "Died", defect: { message: "crashed" } }
          expect(yield* Effect.flip(crashing.crash(patient))).toMatchObject({ _tag: "NoProcess", reason: died })
          const stopped = yield* GenServer.start(Account, { opening: money(1) }, place)
          yield* GenServer.terminate(stopped, { reason: ExitReason.shutdown })
          expect(yield* Process.isAlive(stopped.pid)).toBe(false)
        }
      })

      scenario(`S50 ${caller}: plain messages get in, by a name, a pid and a ref's pid`, function* () {
        yield* each((account, name) =>
          Effect.gen(function* () {
            yield* Process.send(Process.named(name, Word), money(1))
            yield* Process.sendAfter(Process.named(name, Word), money(2), 0)
            // As code without types would
            const pid = account.pid as Process.Pid as Process.Pid<typeof Word.Type>
            yield* Process.send(pid, 3)
            expect(yield* Process.trySend(Process.named(name, Word), money(4))).toBe(true)
            const expected = ["1 cents", "2 cents", "3", "4 cents"]
            while ((yield* account.heard(patient)).length < expected.length) yield* Effect.yieldNow
            expect([...(yield* account.heard(patient))].sort()).toEqual(expected.sort())
          })
        )
      })

      scenario(`S50 ${caller}: a raw process is started and told`, function* (tester: Tester) {
        for (const place of places) {
          const name = `teller ${++uniques}`
          const pid = yield* Process.start(Teller, { to: tester.pid, greeting: money(3) }, { ...place, name })
          yield* Process.send(Process.named(name, Word), money(1))
          yield* Process.send(Process.named(name, Word), 2)
          yield* Process.send(pid, "three")
          yield* Process.send(Process.named(name, Word), "tell")
          expect(yield* tester.receive).toBe("greeted with 3 cents, 1 cents, 2, three")
        }
      })

      scenario(`S50 ${caller}: refs go both ways in messages`, function* () {
        for (const place of places) {
          const bank = yield* GenServer.start(Bank, {}, place)
          const opened = yield* bank.open(patient)
          expect((yield* opened.balance(patient)).cents).toBe(7)
          for (const account of [opened, other.Account.at((opened as GenServer.PidRef<typeof Account.protocol>).pid)]) {
            // A ref of the other evaluation has the same methods: its contract is the same
            expect((yield* bank.move({ account, money: money(1) }, patient)).cents).toBeGreaterThan(7)
            const same = yield* bank.same({ account }, patient)
            expect((yield* same.balance(patient)).cents).toBeGreaterThan(7)
          }
        }
      })

      scenario(`S50 ${caller}: a registry of one evaluation is the registry of both`, function* () {
        yield* open(accounts.spec)
        yield* each((account, name) =>
          Effect.gen(function* () {
            // The server does so by its own code, which has the other evaluation's registry
            yield* account.register({ key: name })
            yield* accounts.registerRef(account, `${name}, too`, undefined)
            yield* other.accounts.registerRef(account, `${name}, by the other`, undefined)
            for (const key of [name, `${name}, too`, `${name}, by the other`]) {
              for (const registry of [accounts, other.accounts]) {
                expect((yield* registry.at(key).balance(patient)).cents).toBe(10)
                const found = yield* registry.whereis(key)
                expect(String(found?.pid)).toBe(String(account.pid))
                expect((yield* found!.balance(patient)).cents).toBe(10)
              }
            }
          })
        )
      })

      scenario(`S50 ${caller}: its servers are children of supervisors`, function* () {
        for (const place of places) {
          const name = `bank ${++uniques}`
          const pool = Supervisor.dynamic(`${name}, pool`, Account)
          yield* Supervisor.start({ ...pool.spec, ...place })
          const pooled = yield* pool.start({ opening: money(4) })
          expect((yield* pooled.balance(patient)).cents).toBe(4)
          const child = Supervisor.child(Account, { opening: money(6) }, { name: `${name}, child` })
          const spec = Supervisor.supervisor(name, { strategy: "one-for-one", children: [child] })
          yield* Supervisor.start({ ...spec, ...place })
          const account = Account.named(`${name}, child`)
          expect((yield* account.balance(patient)).cents).toBe(6)
          // Started again with the same arguments
          yield* account.deposit({ money: money(1) })
          yield* Effect.flip(account.fall(patient))
          const balance = yield* Effect.eventually(account.balance(patient))
          expect(balance.cents).toBe(6)
          // And the supervisors' own contracts, from another evaluation of theirs
          const children = yield* protocols.AnySupervisor.named(name).whichChildren(patient)
          expect(children.map(({ id, restarts }) => ({ id, restarts }))).toEqual([
            { id: `${name}, child`, restarts: 1 }
          ])
          expect(yield* protocols.DynamicSupervisorContract.named(pool.name).countChildren(patient)).toMatchObject({
            active: 1
          })
          yield* protocols.SupervisorContract.named(name).terminateChild({ id: `${name}, child` }, patient)
          yield* GenServer.terminate(protocols.SupervisorContract.named(name))
          yield* GenServer.terminate(protocols.AnySupervisor.named(pool.name))
        }
      })
    }
  })
}

// --- schemas that differ -----------------------------------------------------------------------------------------------

const before = {
  Account: versions.one.Account,
  accounts: versions.one.accounts,
  money: (cents: number) => new versions.one.Money({ cents }),
  /** A plain message that only this version takes. */
  own: "text" as string | { readonly x: number }
}

type Edition = typeof before

// Each is typed as code is that was compiled with the other
const later = { ...changed, own: { x: 1 } } as unknown as Edition

const differing = [
  { program: "one", servers: before, callers: later, told: "before, by refs of a later version" },
  { program: "changed", servers: later, callers: before, told: "a later version, by refs of before" }
] as const

for (const { callers, program, servers, told } of differing) {
  onEachSystem(`Twins that differ, servers of ${told}`, play(program), ({ scenario, there }) => {
    const Account = callers.Account
    const { name } = Account

    const opened = Effect.gen(function* () {
      const at = `account ${++uniques}`
      const account = yield* GenServer.start(servers.Account, { opening: servers.money(10) }, { ...there, name: at })
      return { account, at, refs: [Account.at(account.pid), Account.named(at)] }
    })

    scenario("S50 a call is refused, and says that the schemas differ", function* () {
      const { account, refs } = yield* opened
      for (const ref of refs) {
        for (const call of [ref.balance(patient), GenServer.terminate(ref)]) {
          const error = yield* Effect.flip(call as Effect.Effect<never, GenServer.CallError, System.System>)
          expect(error).toBeInstanceOf(GenServer.UnknownCall)
          expect(error).toMatchObject({ callee: String(ref.address), contract: name, problem: "other-contract" })
          expect(error.message).toContain(`another version of ${name}, with other schemas`)
        }
      }
      expect(yield* account.balance(patient)).toMatchObject({ cents: 10 })
    })

    scenario("S50 a cast is dropped and reported", function* () {
      const { account, refs } = yield* opened
      const { reportsOf } = yield* listenAt(there)
      const reports = yield* reportsOf(
        account.pid,
        () => refs.length,
        Effect.forEach(refs, (ref) => ref.deposit({ money: callers.money(5) }))
      )
      expect(reports.map(({ _tag }) => _tag)).toEqual(refs.map(() => "MessageRejected"))
      expect(yield* account.balance(patient)).toMatchObject({ cents: 10 })
    })

    scenario("S50 a plain message is checked by the receiver's schema", function* () {
      const { account, at } = yield* opened
      const { reportsOf } = yield* listenAt(there)
      const pids = [Account.at(account.pid).pid, (yield* Process.whereis(at))!] as ReadonlyArray<Process.Pid>
      const reports = yield* reportsOf(
        account.pid,
        () => 0,
        Effect.forEach(pids, (pid) => Effect.exit(Process.send(pid as Process.Pid<unknown>, callers.own)))
      )
      // Where the pid knows what its process takes, the sender is told, and nothing is sent
      for (const { _tag } of reports) expect(_tag).toBe("MessageRejected")
      const balance = yield* account.balance(patient)
      expect(balance).toMatchObject({ cents: 10 })
    })

    scenario("S50 a start by the other version's contract is refused, and says why", function* () {
      const error = yield* Effect.flip(GenServer.start(Account, { opening: callers.money(1) }, there))
      expect(error).toMatchObject({ _tag: "StartError", contract: name, problem: "other-version" })
      expect(error.message).toContain("another version")
    })

    scenario("S50 a registry of the other version lists none of its servers", function* () {
      const { account } = yield* opened
      yield* open(callers.accounts.spec)
      const key = `key ${++uniques}`
      const exit = yield* Effect.exit(callers.accounts.registerRef(account, key, undefined))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ _tag: "InvalidMessage" })
      expect(yield* callers.accounts.whereis(key)).toBe(undefined)
      // Nor are its refs taken for refs of the other version
      expect(Schema.is(callers.Account.ref)(account)).toBe(false)
      expect(Schema.is(servers.Account.ref)(account)).toBe(true)
    })
  })
}
