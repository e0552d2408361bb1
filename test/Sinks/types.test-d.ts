/**
 * What the types of the sinks say. Checked by `tsc`, never run.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Sinks from "../../src/Sinks.ts"

class Database extends Context.Service<Database, { readonly insert: Effect.Effect<void, "down"> }>()("Database") {}
class Disk extends Context.Service<Disk, { readonly sync: Effect.Effect<void> }>()("Disk") {}
class Refused extends Error {
  readonly _tag = "Refused"
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
type Same<S, E, R, Sync extends boolean> = Equal<S, Sinks.Sink<E, R, Sync>>
const isTrue = <_ extends true>() => {}

// ---- make

const plain = Sinks.make({ write: (batch) => Effect.log(batch.length) })
isTrue<Same<typeof plain, never, never, false>>()

const needy = Sinks.make({
  write: (batch, format) => Effect.flatMap(Database, (db) => batch.map(format).length > 0 ? db.insert : Effect.void),
  flush: Effect.flatMap(Disk, (disk) => disk.sync)
})
isTrue<Same<typeof needy, never, Database | Disk, false>>()

const answering = Sinks.make({ write: (batch) => Effect.succeed(batch.map(() => "delivered" as const)) })
isTrue<Same<typeof answering, never, never, false>>()

const sync = Sinks.make({
  write: () => Effect.void,
  writeSync: (batch, format) => void batch.map(format),
  minimumLevel: "Warn"
})
isTrue<Same<typeof sync, never, never, true>>()

const scopedWrite = Sinks.make({ write: () => Effect.asVoid(Scope.Scope) })
isTrue<Same<typeof scopedWrite, never, never, false>>()

// @ts-expect-error there is no option "nmae"
Sinks.make({ nmae: "audit", write: () => Effect.void })
// @ts-expect-error there is no option "capcity"
Sinks.make({ write: () => Effect.void, queue: { capcity: 1 } })
// @ts-expect-error there is no outcome "lost"
Sinks.make({ write: () => Effect.succeed(["lost" as const]) })
// @ts-expect-error a sink has to write
Sinks.make({ name: "audit" })
// @ts-expect-error a promise is no Effect
Sinks.make({ write: () => Promise.resolve() })

// ---- scoped

const opened = Sinks.scoped({
  name: "db",
  open: Effect.gen(function*() {
    yield* Effect.addFinalizer(() => Effect.void)
    const disk = yield* Disk
    if (disk === undefined) return yield* Effect.fail(new Refused())
    return {
      write: (batch: ReadonlyArray<unknown>) =>
        Effect.flatMap(Database, (db) => Effect.andThen(Effect.log(batch), db.insert))
    }
  })
})
isTrue<Same<typeof opened, Refused, Disk | Database, false>>()

const openedSync = Sinks.scoped({
  open: Effect.succeed({
    write: () => Effect.void,
    writeSync: () => {},
    flush: Effect.flatMap(Disk, (disk) => disk.sync)
  })
})
isTrue<Same<typeof openedSync, never, Disk, true>>()

const openedOptional = Sinks.scoped({
  open: Effect.succeed<{ write: Sinks.Write<Database>; writeSync?: Sinks.WriteSync }>({ write: () => Effect.void })
})
isTrue<Same<typeof openedOptional, never, Database, boolean>>()

// @ts-expect-error there is no option "opne"
Sinks.scoped({ opne: Effect.never, open: Effect.succeed({ write: () => Effect.void }) })
// @ts-expect-error a handle has to write
Sinks.scoped({ open: Effect.succeed({ flush: Effect.void }) })

// ---- the built-in ones

const file = Sinks.file({ path: "app.log", mode: 0o640 })
isTrue<Same<typeof file, Sinks.SinkError, never, true>>()
const console_ = Sinks.console({ stderrFrom: "Error" })
isTrue<Same<typeof console_, never, never, true>>()
const memory: Sinks.Sink<never, never, true> = Sinks.memory({ limit: 10 })

// @ts-expect-error a file has a path
Sinks.file({})
// @ts-expect-error there is no option "pth"
Sinks.file({ path: "app.log", pth: "" })
// @ts-expect-error there is no level "error"
Sinks.console({ stderrFrom: "error" })
// @ts-expect-error there is no option "size"
Sinks.memory({ size: 3 })
export { memory }
