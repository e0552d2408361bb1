import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Layer from "effect/Layer"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Sinks from "../src/Sinks.ts"
const go = async (label: string, f: () => any) => {
  try {
    const exit = await Effect.runPromiseExit(Effect.scoped(Layer.build(AsyncLogging.layer(f()) as any)) as any)
    if (Exit.isSuccess(exit)) console.log(label, "-> OK")
    else { const e: any = Cause.squash(exit.cause); console.log(label, "->", e?._tag ?? "DEFECT", e?.field, "|", e?.message) }
  } catch (e) { console.log(label, "THROWS", String(e)) }
}
const m = () => Sinks.memory()
for (const v of [0, -1, 1.5, NaN, Infinity, "5", null, {}, [], true, Symbol("x"), 1n, undefined]) {
  await go(`capacity ${String(v)}`, () => ({ queue: { capacity: v }, sinks: [m()] }))
}
for (const v of [0, -1, NaN, Infinity, "soon", "10 potatoes", "-1 second", null, {}, [], [1,2], [NaN, 0], true, Symbol("x"), 1n, {seconds: 0}, {seconds: NaN}, { bogus: 1 }, () => 1, ""]) {
  await go(`drain ${String(v)}${JSON.stringify(typeof v === "bigint" ? 1 : v)}`, () => ({ drainTimeout: v, sinks: [m()] }))
}
for (const c of [{}, null, undefined, 5, "x", [], { sinks: undefined }, { sinks: 5 }, { sinks: [5] }, { sinks: [undefined] }, { sinks: [], queue: 5 }, { sinks: [], queue: null }, { sinks: [], queue: [] }, { sinks: [], queue: "x" }, {sinks: [], context: 5}, {sinks: [], context: { custom: 5 }}, {sinks: [], context: { custom: [] }}, {sinks: [], context: { custom: null }}, {sinks: [], context: { tenant: "x" }}, {sinks: [], bogus: 1}, {sinks: [], queue: {capcity: 1}}, {sinks: [], stages: [() => true]}, {sinks: [], redact: [3]}, {sinks: [], redact: "x"}, {sinks: [], limits: {depth: 0}}, {sinks: [], limits: {bogus: 0}}, {sinks: [], onClose: 4}, {sinks: [], minimumLevel: "info"}, {sinks: [], stages: [Effect.succeed(undefined)]}, {sinks: [], stages: [Effect.succeed(4)]}]) {
  await go(JSON.stringify(c), () => c)
}
for (const s of [() => Sinks.make({ write: 3 } as any), () => Sinks.make({} as any), () => Sinks.make({ write: () => Effect.void, flush: 3 } as any), () => Sinks.make({ write: () => Effect.void, writeSync: 3 } as any), () => Sinks.scoped({} as any), () => Sinks.scoped({ open: 3 } as any), () => Sinks.scoped({ open: Effect.succeed(3) } as any), () => Sinks.scoped({ open: Effect.succeed({}) } as any),
 () => Sinks.file({} as any), () => Sinks.file({ path: "" }), () => Sinks.file({path: Object.create(null)}as any), () => Sinks.file({ path: "x", mode: 0o1000 }), () => Sinks.file({ path: "x", mode: "0600" } as any), () => Sinks.memory({ limit: 0 }), () => Sinks.memory({ limit: Symbol("x") } as any), () => Sinks.console({ stderrFrom: "warn" } as any), () => Sinks.console({ format: 3 } as any), () => Sinks.console(null as any), () => Sinks.memory(null as any), () => Sinks.memory({ name: "" }), () => Sinks.memory({ retry: 5 } as any), () => Sinks.memory({ batch: { size: 0 } } as any), () => Sinks.memory({ bogus: 0 } as any), () => Sinks.memory({ queue: {bogus: 0} } as any)]) {
  await go(String(s), () => ({ sinks: [m(), s()] }))
}
