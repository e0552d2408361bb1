/**
 * The fields of an event as they are logged: encoded by its schema. Total, and closed: what a schema calls `Redacted` is
 * not unwrapped, and of fields that do not fit only those are said that do.
 */
import { identity } from "effect/Function"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaTransformation from "effect/SchemaTransformation"

/**
 * What can be logged of the fields, and whether that is all of them.
 */
export interface Encoded {
  readonly fields: object
  readonly isValid: boolean
}

/**
 * What stands in the place of a field that does not fit.
 */
export const invalid = "[invalid]"

/**
 * Encodes values by a schema. What is wrong with one is not told: an issue quotes the value.
 */
export const encoder = (schema: Schema.ConstraintEncoder<object>): (input: unknown) => Encoded => {
  if (isEmpty(schema.ast)) return () => ({ fields: {}, isValid: true })
  const ast = masked(schema.ast)
  const encode = encoderOf(ast)
  let partsOf: ((input: unknown) => object) | undefined
  return (input) => {
    try {
      const fields = encode(input)
      if (typeof fields === "object" && fields !== null) return { fields, isValid: true }
    } catch {
      // it does not fit, has a getter that throws, or nests deeper than the stack
    }
    return { fields: (partsOf ??= parts(ast))(input), isValid: false }
  }
}

// To Effect a struct without fields is any value, which it encodes as it is.
const isEmpty = (ast: SchemaAST.AST): boolean => hasNoFields(ast) && ast.encoding === undefined

const hasNoFields = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isObjects(ast) && ast.propertySignatures.length === 0 && ast.indexSignatures.length === 0

// `Schema.make` gives a schema the type that it is asked for.
const encoderOf = (ast: SchemaAST.AST): (input: unknown) => unknown =>
  Schema.encodeUnknownSync(Schema.make<Schema.ConstraintEncoder<unknown>>(ast))

// Each field by its own schema, where the fields of the event are plainly those of a struct.
const parts = (ast: SchemaAST.AST): (input: unknown) => object => {
  if (!SchemaAST.isObjects(ast) || ast.encoding !== undefined) return () => ({})
  const fields = ast.propertySignatures.flatMap(({ name, type }) =>
    typeof name === "symbol"
      ? []
      : [{ name, isOptional: type.context?.isOptional === true, encode: encoderOf(type) }]
  )
  return (input) => {
    const out: Array<readonly [PropertyKey, unknown]> = []
    for (const { encode, isOptional, name } of fields) {
      try {
        const value = (input as { readonly [name: PropertyKey]: unknown })[name]
        if (value !== undefined || !isOptional) out.push([name, encode(value)])
      } catch {
        out.push([name, invalid])
      }
    }
    return Object.fromEntries(out)
  }
}

// -----------------------------------------------------------------------------
// masks
// -----------------------------------------------------------------------------

// `Schema.Redacted` encodes to a `Redacted`, which is written as `"<redacted>"`; but a schema may go on from there to what
// is in it, as that of `Schema.RedactedFromValue` does, or one around it that reads the whole struct. So each encodes to the
// text `"<redacted>"`, in which there is nothing to be read.
const masked = (ast: SchemaAST.AST): SchemaAST.AST => {
  let out = maskedAsts.get(ast)
  if (out === undefined) {
    out = copy(ast, isRedacted(ast) ? { encoding: [toText(ast)] } : maskedInside(ast))
    maskedAsts.set(ast, out)
  }
  return out
}

const maskedAsts = new WeakMap<SchemaAST.AST, SchemaAST.AST>()

const isRedacted = (ast: SchemaAST.AST): boolean => {
  const representation = SchemaAST.isDeclaration(ast) ? ast.annotations?.["representation"] : undefined
  return typeof representation === "object" && representation !== null && "id" in representation &&
    representation.id === "effect/schema/Redacted"
}

// as Effect itself copies a node
const copy = (ast: SchemaAST.AST, changes: object): SchemaAST.AST =>
  Object.assign(Object.create(Object.getPrototypeOf(ast)), ast, changes)

const toText = (ast: SchemaAST.AST): SchemaAST.Link => {
  let last = ast
  while (last.encoding !== undefined) last = last.encoding[last.encoding.length - 1]!.to
  // a key that may be missing still may
  return new SchemaAST.Link(new SchemaAST.String(undefined, undefined, undefined, last.context), redactedText)
}

const redactedText = SchemaTransformation.transform<unknown, string>({ decode: String, encode: String })

const maskedInside = (ast: SchemaAST.AST): object => {
  const links = ast.encoding?.map(({ to, transformation }) => new SchemaAST.Link(masked(to), transformation))
  // before what is further made of it
  return { ...maskedChildren(ast), encoding: hasNoFields(ast) ? [toNothing(ast), ...links ?? []] : links }
}

const toNothing = ({ context }: SchemaAST.AST): SchemaAST.Link =>
  new SchemaAST.Link(new SchemaAST.Objects([], [], undefined, undefined, undefined, context), nothing)

const nothing = SchemaTransformation.transform<object, object>({ decode: identity, encode: () => ({}) })

const maskedChildren = (ast: SchemaAST.AST): object => {
  switch (ast._tag) {
    case "Declaration":
      return { typeParameters: ast.typeParameters.map(masked) }
    case "Objects":
      return {
        propertySignatures: ast.propertySignatures.map(({ name, type }) =>
          new SchemaAST.PropertySignature(name, masked(type))
        ),
        indexSignatures: ast.indexSignatures.map(({ parameter, type }) =>
          new SchemaAST.IndexSignature(parameter, masked(type))
        )
      }
    case "Arrays":
      return { elements: ast.elements.map(masked), rest: ast.rest.map(masked) }
    case "Union":
      return { types: ast.types.map(masked) }
    case "Suspend":
      return { thunk: () => masked(ast.thunk()) }
    default:
      return {}
  }
}
