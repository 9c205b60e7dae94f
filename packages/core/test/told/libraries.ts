/**
 * How each library makes a schema of a shape.
 */
import { toStandardJsonSchema } from "@valibot/to-json-schema"
import { Tool } from "@volley/core"
import { type Type, type } from "arktype"
import { Effect, Schema } from "effect"
import * as v from "valibot"
import { z } from "zod"
import { hasOddKeys, hasOddLength, isEven, isOddText, type Library } from "./shapes.ts"

interface Tree {
  readonly n: number
  readonly left?: Tree
}

const effectTree = Schema.Struct({
  n: Schema.Int.check(Schema.isGreaterThan(0)),
  left: Schema.optionalKey(Schema.suspend((): Schema.Codec<Tree> => effectTree))
})

type AnyEffect = Schema.Codec<unknown, unknown>

const list = (of: AnyEffect) => Schema.Array(of)

export const ofEffect: Library<AnyEffect> = {
  leaves: {
    "text": () => Schema.String,
    "long": () => Schema.String.check(Schema.isMinLength(5)),
    "short": () => Schema.String.check(Schema.isMaxLength(5)),
    "between": () => Schema.String.check(Schema.isBetweenLength(2, 4)),
    "pattern": () => Schema.String.check(Schema.isPattern(/^ORD-\d+$/)),
    "flagged": () => Schema.String.check(Schema.isPattern(/^[a-c]+$/i)),
    "uuid": () => Schema.String.check(Schema.isUUID()),
    "odd text": () => Schema.String.check(Schema.makeFilter(isOddText)),
    "number": () => Schema.Finite,
    "int": () => Schema.Int,
    "range": () => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })),
    "multiple": () => Schema.Finite.check(Schema.isMultipleOf(3)),
    "even": () => Schema.Int.check(Schema.makeFilter(isEven)),
    "boolean": () => Schema.Boolean,
    "choice": () => Schema.Literals(["a", "b", "c"]),
    "date": () => Schema.DateFromString.check(Schema.isGreaterThanDate(new Date(0))),
    "default": () => Schema.Int.pipe(Schema.withDecodingDefault(Effect.succeed(3))),
    "null": () => Schema.Null,
    "tree": () => effectTree
  },
  wraps: {
    "list": list,
    "long list": (of) => list(of).check(Schema.isMinLength(2)),
    "different": (of) => list(of).check(Schema.isUnique()),
    "odd list": (of) => list(of).check(Schema.makeFilter(hasOddLength)),
    "record": (of) => Schema.Record(Schema.String, of),
    "odd record": (of) => Schema.Record(Schema.String, of).check(Schema.makeFilter(hasOddKeys)),
    "pair": (of) => Schema.Tuple([of, Schema.String.check(Schema.isMinLength(2))]),
    "nullable": (of) => Schema.NullOr(of)
  },
  struct: (a, b, odd) => {
    const struct = Schema.Struct({ a, b: Schema.optional(b) })
    return odd ? struct.check(Schema.makeFilter(hasOddKeys)) : struct
  },
  either: (left, right) => Schema.Union([left, right])
}

const zodTree = z.object({
  n: z.int().positive(),
  get left() {
    return z.optional(zodTree)
  }
})

export const ofZod: Library<z.ZodType> = {
  leaves: {
    "text": () => z.string(),
    "long": () => z.string().min(5),
    "short": () => z.string().max(5),
    "between": () => z.string().min(2).max(4),
    "pattern": () => z.string().regex(/^ORD-\d+$/),
    "flagged": () => z.string().regex(/^[a-c]+$/i),
    "uuid": () => z.uuid(),
    "odd text": () => z.string().refine(isOddText),
    "number": () => z.number(),
    "int": () => z.int(),
    "range": () => z.int().min(1).max(7),
    "multiple": () => z.number().multipleOf(3),
    "even": () => z.int().refine(isEven),
    "boolean": () => z.boolean(),
    "choice": () => z.enum(["a", "b", "c"]),
    "date": () => z.iso.date(),
    "default": () => z.int().default(3),
    "null": () => z.null(),
    "tree": () => zodTree
  },
  wraps: {
    "list": (of) => z.array(of),
    "long list": (of) => z.array(of).min(2),
    "different": (of) =>
      z.array(of).refine((list) => new Set(list.map((one) => JSON.stringify(one))).size === list.length),
    "odd list": (of) => z.array(of).refine(hasOddLength),
    "record": (of) => z.record(z.string(), of),
    "odd record": (of) => z.record(z.string().min(2), of).refine(hasOddKeys),
    "pair": (of) => z.tuple([of, z.string().min(2)]),
    "nullable": (of) => of.nullable()
  },
  struct: (a, b, odd) => {
    const struct = z.object({ a, b: b.optional() })
    return odd ? struct.refine(hasOddKeys) : struct
  },
  either: (left, right) => z.union([left, right])
}

type AnyValibot = v.GenericSchema

const valibotTree: v.GenericSchema<Tree> = v.object({
  n: v.pipe(v.number(), v.integer(), v.minValue(1)),
  left: v.exactOptional(v.lazy(() => valibotTree))
})

const text = v.string()

export const ofValibot: Library<AnyValibot> = {
  leaves: {
    "text": () => text,
    "long": () => v.pipe(text, v.minLength(5)),
    "short": () => v.pipe(text, v.maxLength(5)),
    "between": () => v.pipe(text, v.minLength(2), v.maxLength(4)),
    "pattern": () => v.pipe(text, v.regex(/^ORD-\d+$/)),
    "flagged": () => v.pipe(text, v.regex(/^[a-c]+$/u)),
    "uuid": () => v.pipe(text, v.uuid()),
    "odd text": () => v.pipe(text, v.check(isOddText)),
    "number": () => v.pipe(v.number(), v.finite()),
    "int": () => v.pipe(v.number(), v.integer()),
    "range": () => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(7)),
    "multiple": () => v.pipe(v.number(), v.multipleOf(3)),
    "even": () => v.pipe(v.number(), v.check(isEven)),
    "boolean": () => v.boolean(),
    "choice": () => v.picklist(["a", "b", "c"]),
    "date": () => v.pipe(text, v.isoDate()),
    "default": () => v.optional(v.pipe(v.number(), v.integer()), 3),
    "null": () => v.null(),
    "tree": () => valibotTree
  },
  wraps: {
    "list": (of) => v.array(of),
    "long list": (of) => v.pipe(v.array(of), v.minLength(2)),
    "different": (of) => v.pipe(v.array(of), v.check((list) => new Set(list).size === list.length)),
    "odd list": (of) => v.pipe(v.array(of), v.check((list) => hasOddLength(list))),
    "record": (of) => v.record(text, of),
    "odd record": (of) => v.pipe(v.record(text, of), v.check((record) => hasOddKeys(record))),
    "pair": (of) => v.strictTuple([of, v.pipe(text, v.minLength(2))]),
    "nullable": (of) => v.nullable(of)
  },
  struct: (a, b, odd) => {
    const struct = v.object({ a, b: v.optional(b) })
    return odd ? v.pipe(struct, v.check((record) => hasOddKeys(record))) : struct
  },
  either: (left, right) => v.union([left, right])
}

const arkTree = type({ n: "number.integer > 0", "left?": "this" })

export const ofArkType: Library<Type> = {
  leaves: {
    "text": () => type("string"),
    "long": () => type("string >= 5"),
    "short": () => type("string <= 5"),
    "between": () => type("2 <= string <= 4"),
    "pattern": () => type(/^ORD-\d+$/),
    "flagged": () => type(/^[a-c]+$/),
    "uuid": () => type("string.uuid"),
    "odd text": () => type("string").narrow(isOddText),
    "number": () => type("number"),
    "int": () => type("number.integer"),
    "range": () => type("1 <= number.integer <= 7"),
    "multiple": () => type("number % 3"),
    "even": () => type("number.integer").narrow(isEven),
    "boolean": () => type("boolean"),
    "choice": () => type("'a' | 'b' | 'c'"),
    "date": () => type("string.date.iso"),
    "default": () => type("number.integer"),
    "null": () => type("null"),
    "tree": () => arkTree
  },
  wraps: {
    "list": (of) => of.array(),
    "long list": (of) => of.array().atLeastLength(2),
    "different": (of) => of.array().narrow((list) => new Set(list).size === list.length),
    "odd list": (of) => of.array().narrow(hasOddLength),
    "record": (of) => type({ "[string]": of }),
    "odd record": (of) => type({ "[string]": of }).narrow(hasOddKeys),
    "pair": (of) => type([of, "string >= 2"]),
    "nullable": (of) => of.or("null")
  },
  struct: (a, b, odd) => {
    const struct = type({ a, "b?": b })
    return odd ? struct.narrow(hasOddKeys) : struct
  },
  either: (left, right) => left.or(right)
}

const description = "Tries a schema."

export const effectTool = (value: AnyEffect): Tool.Any =>
  Tool.make("try", {
    description,
    parameters: Schema.Struct({ value }),
    success: Schema.Null,
    readOnly: true,
    execute: () => Effect.succeed(null)
  })

type Standard = Parameters<typeof Tool.fromStandardSchema>[1]["parameters"]

const foreignTool = (parameters: Standard): Tool.Any =>
  Tool.fromStandardSchema("try", {
    description,
    parameters,
    success: Schema.Null,
    readOnly: true,
    execute: () => Effect.succeed(null)
  })

export const zodTool = (value: z.ZodType): Tool.Any => foreignTool(z.object({ value }))

export const valibotTool = (value: AnyValibot): Tool.Any => foreignTool(toStandardJsonSchema(v.object({ value })))

export const arkTypeTool = (value: Type): Tool.Any => foreignTool(type({ value }))
