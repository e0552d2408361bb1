/**
 * Typed events: log calls whose fields the compiler checks and a Schema encodes, under a name that stays.
 *
 * ```ts
 * const OrderPaid = LogEvent.make("OrderPaid", {
 *   level: "Info",
 *   message: "order paid",
 *   fields: { orderId: Schema.Int, card: Schema.Redacted(Schema.String) }
 * })
 *
 * yield* OrderPaid({ orderId: 7, card })
 * ```
 */
import * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"
import * as Calls from "./Call.ts"
import * as EventFields from "./EventFields.ts"
import type { Run } from "./LogEffect.ts"
import { LogEffect } from "./LogEffect.ts"
import type { NotAccepted, Receipt } from "./Logger.ts"
import * as Logger from "./Logger.ts"

/**
 * A schema that an event can have: it encodes to an object, and needs no services for it.
 */
export type EventSchema = Schema.ConstraintEncoder<object>

/**
 * The fields of an event: named schemas, which need no services to encode, or the schema of all of them.
 */
export type Fields = { readonly [name: string]: Schema.ConstraintEncoder<unknown> } | EventSchema

/**
 * The schema of these fields.
 */
export type SchemaOf<F extends Fields> = F extends EventSchema ? F
  : F extends Schema.Struct.Fields ? Schema.Struct<F>
  : never

/**
 * What an event is given: its fields, if it has any. They may be left out when none is required.
 */
export type Arguments<S extends EventSchema> = [keyof S["Type"]] extends [never] ? []
  : {} extends S["Type"] ? [fields?: S["Type"]]
  : [fields: S["Type"]]

/**
 * What an event is.
 */
export interface Options<F extends Fields> {
  readonly level: LogLevel.Severity
  /** The text of its records, or what makes it of the fields. Default: the name of the event. */
  readonly message?: string | ((fields: SchemaOf<F>["Type"]) => string) | undefined
  /** The name of its logger. Default: the one in force around the call. */
  readonly logger?: string | undefined
  /** Default: none. */
  readonly fields?: F | undefined
}

/**
 * An event. Called with its fields it is an Effect that logs them, as `Logger.info` does: it waits under `backpressure`,
 * and where the level is disabled nothing is read, encoded or made into a message.
 *
 * It never fails. Where the fields do not fit the schema, which the compiler cannot see (a refinement, untyped code), or
 * the message cannot be made, the record says what fits, and has the note `event_invalid`.
 */
export interface LogEvent<out Name extends string, in out S extends EventSchema> {
  (...fields: Arguments<S>): Effect.Effect<void>
  readonly name: Name
  readonly level: LogLevel.Severity
  readonly schema: S
  /** Whether some sink takes it here. */
  readonly isEnabled: Effect.Effect<boolean>
  /** Logs it, and waits until every sink that takes the record has delivered it: see `Logger.acknowledged`. */
  readonly acknowledged: (...fields: Arguments<S>) => Effect.Effect<Receipt, NotAccepted>
}

/**
 * An event of this name. The fields are logged as their schemas encode them, but for what is `Redacted`: that is
 * `"<redacted>"`, also where the schema would encode what is in it. Fields that the schema does not know are not logged.
 *
 * The name is in the record as `event`, beside the fields. Nothing registers it: two events of one name are both that, and
 * where they are told apart by it, it is for the program to keep names apart.
 *
 * Throws a `TypeError` that says what is allowed, when an option is wrong.
 */
export const make = <const Name extends string, const F extends Fields = {}>(
  name: Name,
  options: Options<F>
): LogEvent<Name, SchemaOf<F>> => {
  const trouble = troubleWith(name, options)
  if (trouble !== undefined) throw new TypeError(`LogEvent.make: ${trouble}`)
  const { fields = {}, level, logger, message = name } = options
  const schema = Schema.isSchema(fields) ? fields : Schema.Struct(fields as Schema.Struct.Fields)
  // both are a schema that needs no services, as the type of the options says
  const encode = EventFields.encoder(schema as unknown as EventSchema)
  const valid = Calls.method(level, logger, undefined, { name, isValid: true })
  const invalid = Calls.method(level, logger, undefined, { name, isValid: false })

  const textOf = (input: unknown): string | undefined => {
    if (typeof message === "string") return message
    try {
      const text: unknown = message(input as SchemaOf<F>["Type"])
      return typeof text === "string" ? text : undefined
    } catch {
      return undefined
    }
  }
  const say = (input: unknown = {}) => {
    const { fields, isValid } = encode(input)
    const text = isValid || typeof message === "string" ? textOf(input) : undefined
    return { method: isValid && text !== undefined ? valid : invalid, args: [text ?? name, fields] }
  }

  const run: Run = ([input], fiber) => {
    if (!Logger.isEnabledIn(fiber, valid)) return Effect.void
    const { args, method } = say(input)
    return Logger.logIn(fiber, method, args)
  }
  const acknowledged = (input: unknown): Effect.Effect<Receipt, NotAccepted> =>
    Effect.withFiber((fiber) => {
      const { args, method } = Logger.isEnabledIn(fiber, valid) ? say(input) : { args: [], method: valid }
      return Logger.acknowledgeIn(fiber, method, args)
    })
  const event = Object.assign((input: unknown) => new LogEffect(run, [input]), {
    level,
    schema,
    isEnabled: Logger.isEnabledBy(valid),
    acknowledged
  })
  // the arguments and the schema have the types that `Options` has checked
  return Object.defineProperty(event, "name", { value: name }) as unknown as LogEvent<Name, SchemaOf<F>>
}

const severities: ReadonlyArray<unknown> = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"]

// Programs may be written without types.
const troubleWith = (name: unknown, options: Options<Fields>): string | undefined => {
  if (typeof name !== "string" || name === "") return "the name is not a text of at least one character"
  const of = `of ${JSON.stringify(name)}`
  if (typeof options !== "object" || options === null) return `the options ${of} are no object`
  const { fields = {}, level, logger, message } = options
  if (!severities.includes(level)) return `level ${of} is none of ${severities.join(", ")}`
  if (message !== undefined && typeof message !== "string" && typeof message !== "function") {
    return `message ${of} is neither a text nor a function`
  }
  if (logger !== undefined && typeof logger !== "string") return `logger ${of} is not a text`
  if (Schema.isSchema(fields)) return undefined
  if (typeof fields !== "object" || fields === null) return `fields ${of} are neither schemas by name nor a Schema`
  const wrong = Object.keys(fields).find((key) =>
    !Schema.isSchema((fields as { readonly [key: string]: unknown })[key])
  )
  return wrong === undefined ? undefined : `fields.${wrong} ${of} is not a Schema`
}
