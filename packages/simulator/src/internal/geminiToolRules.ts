import type * as Schema from "effect/Schema"
import type { Fault, Headers, Rule } from "../Wire.ts"
import { type Declaration, declarations, pathOf, type Request, signsCalls, unknownName } from "./geminiRequest.ts"
import { firstDefined, firstDuplicate, get, isObject } from "./json.ts"

/** What a schema under `parameters` may say; one under `parametersJsonSchema` may say more. */
const keywords: ReadonlySet<string> = new Set([
  "type",
  "format",
  "title",
  "description",
  "nullable",
  "enum",
  "items",
  "minItems",
  "maxItems",
  "properties",
  "required",
  "propertyOrdering",
  "minProperties",
  "maxProperties",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "anyOf",
  "default",
  "example"
])

type Path = ReadonlyArray<string | number>

/** Every schema in a schema, and where it stands. */
const nodes = (
  schema: Schema.Json | undefined,
  path: Path
): ReadonlyArray<{ readonly schema: Schema.JsonObject; readonly path: Path }> => {
  if (!isObject(schema)) return []
  const { anyOf, items, properties } = schema
  return [
    { schema, path },
    ...(isObject(properties)
      ? Object.values(properties).flatMap((value, at) => nodes(value, [...path, "properties", at, "value"]))
      : []),
    ...nodes(items, [...path, "items"]),
    ...(Array.isArray(anyOf) ? anyOf.flatMap((value, at) => nodes(value, [...path, "anyOf", at])) : [])
  ]
}

const eachDeclaration =
  (check: (declaration: Declaration, at: number) => Fault | undefined) => (request: Request): Fault | undefined =>
    firstDefined(declarations(request), check)

const eachNode = (check: (schema: Schema.JsonObject, path: Path) => Fault | undefined) =>
  eachDeclaration(({ parameters }, at) =>
    firstDefined(
      nodes(parameters, ["tools", 0, "functionDeclarations", at, "parameters"]),
      ({ path, schema }) => check(schema, path)
    )
  )

/** Rules about who sends a request. */
export const keyRules: ReadonlyArray<Rule<Headers>> = [
  {
    row: "403",
    verified: false,
    check: ({ "x-goog-api-key": key = "" }) =>
      key === ""
        ? { message: "Method doesn't allow unregistered callers. Please use API Key.", status: 403 }
        : undefined
  },
  {
    row: "G13",
    verified: true,
    check: ({ "x-goog-api-key": key }) =>
      key === "invalid"
        ? { message: "API key not valid. Please pass a valid API key.", code: "API_KEY_INVALID" }
        : undefined
  }
]

/** Rules about what the path names: the model, and how it answers. */
export const modelRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "404",
    verified: false,
    check: ({ model }) =>
      model === "no-such-model"
        ? { message: `models/${model} is not found, or is not supported for generateContent.`, status: 404 }
        : undefined
  },
  {
    row: "stream",
    verified: false,
    check: ({ streams }) =>
      streams === "array"
        ? { message: "This simulator streams server-sent events alone: ask with alt=sse." }
        : undefined
  }
]

/** Rules about the functions of a request and the switch that goes with them. */
export const toolRules: ReadonlyArray<Rule<Request>> = [
  {
    row: "G6",
    verified: true,
    check: eachDeclaration(({ name }, at) =>
      /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/.test(name) ? undefined : {
        message: `* GenerateContentRequest.tools[0].function_declarations[${at}].name: Invalid function name. `
          + "Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), "
          + "colons (:), or dashes (-), with a maximum length of 64."
      }
    )
  },
  {
    row: "G7",
    verified: true,
    check: (request) => {
      const twice = firstDuplicate(declarations(request), ({ name }) => name)
      return twice && { message: `Duplicate function declaration found: ${twice.name}` }
    }
  },
  {
    row: "4a",
    verified: false,
    check: (request) =>
      declarations(request).length > 512 ? { message: "At most 512 function declarations are allowed." } : undefined
  },
  {
    row: "4a",
    verified: false,
    check: eachDeclaration(({ name, parameters, parametersJsonSchema }) =>
      parameters === undefined || parametersJsonSchema === undefined
        ? undefined
        : { message: `${name}: parameters and parameters_json_schema are mutually exclusive.` }
    )
  },
  {
    row: "G5",
    verified: true,
    check: eachNode((schema, path) => {
      const unknown = Object.keys(schema).find((key) => !keywords.has(key))
      return unknown === undefined ? undefined : { message: unknownName(unknown, pathOf(path)) }
    })
  },
  {
    row: "G9",
    verified: true,
    check: eachNode((schema, path) =>
      schema["type"] !== "OBJECT" || (isObject(schema["properties"]) && Object.keys(schema["properties"]).length > 0)
        ? undefined
        : { message: `* GenerateContentRequest.${pathOf(path)}.properties: should be non-empty for OBJECT type` }
    )
  },
  {
    row: "4e",
    verified: false,
    check: (request) =>
      signsCalls(request) || declarations(request).length === 0
        || get(request.generationConfig, "responseMimeType") !== "application/json"
        ? undefined
        : { message: "Function calling with a response mime type: 'application/json' is unsupported" }
  },
  {
    row: "G8",
    verified: true,
    check: (request) =>
      request.toolConfig?.functionCallingConfig === undefined || declarations(request).length > 0
        ? undefined
        : { message: "Function calling config is set without function_declarations." }
  },
  {
    row: "4e",
    verified: false,
    check: (request) => {
      const { allowedFunctionNames = [], mode = "AUTO" } = request.toolConfig?.functionCallingConfig ?? {}
      if (allowedFunctionNames.length > 0 && mode !== "ANY" && mode !== "VALIDATED") {
        return { message: "allowed_function_names may only be set when the mode is ANY or VALIDATED." }
      }
      const names = declarations(request).map(({ name }) => name)
      const unknown = allowedFunctionNames.find((name) => !names.includes(name))
      return unknown === undefined ? undefined : { message: `allowed_function_names: ${unknown} is not declared.` }
    }
  }
]
