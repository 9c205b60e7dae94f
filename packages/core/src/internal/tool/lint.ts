import { escape } from "effect/RegExp"
import { told } from "../schema/jsonSchema.ts"
import { find, formsIn, formsOf, isNode, listOf, type Node } from "../schema/node.ts"
import type { Any } from "./any.ts"
import { misfits } from "./samples.ts"

/**
 * What a tool leaves a model to guess, and what to write.
 *
 * - `parameter`: its path, such as `order.items[].id`; none where the tool itself is meant
 */
export interface Warning {
  readonly tool: string
  readonly parameter?: string
  readonly message: string
}

/** Looks at one tool. */
export const lintTool = (tool: Any): ReadonlyArray<Warning> => {
  const { description, jsonSchema, name } = tool
  const sentences = description.split(/[.;:!?](?=\s|$)|\n/)
  // The forms of a union may have a property in common.
  const problems = new Map(
    parametersIn(jsonSchema, jsonSchema, top).flatMap((parameter) => {
      const message = wrongWith(parameter, sentences)
      return message === undefined ? [] : [[parameter.path, message]]
    })
  )
  return [
    ...(isTooShort(description) ? [{ tool: name, message: tooShort(description) }] : []),
    ...(saysWhatItTouches(tool) ? [] : [{ tool: name, message: touches }]),
    ...Array.from(problems, ([parameter, message]) => ({ tool: name, parameter, message })),
    ...untoldOf(tool).map(([path, message]) => ({ tool: name, ...(path !== "" && { parameter: path }), message }))
  ]
}

/** What is asked for and neither the JSON Schema nor a description says, by path. */
const untoldOf = (tool: Any): ReadonlyArray<readonly [path: string, message: string]> => {
  if (tool.expand !== undefined) return []
  const { jsonSchema, parameters, raw } = tool
  const known = raw === undefined ? told(parameters).untold : []
  const met = Array.from(misfits(tool)).flatMap(([path, why]) => {
    const { isSaid, place } = placeOf(jsonSchema, path)
    return isSaid ? [] : [[place, why] as const]
  })
  const all = new Map<string, string | undefined>([...known.map((path) => [path, undefined] as const), ...met])
  return Array.from(all, ([path, why]) => [path, untold(path, why)])
}

const untold = (path: string, why: string | undefined): string => {
  const what = path === "" ? "the parameters together have" : `"${path}" has`
  const found = why === undefined ? "" : `, which refuses some that are sent by it: ${why}`
  return `Nothing says what else ${what} to be: there is a check that the JSON Schema does not tell${found}. `
    + "Describe it, as in `description` or `expected` of the check."
}

/** Where a path of an issue leads in a JSON Schema, and whether anything is said of that. */
const placeOf = (root: Node, path: string): { readonly place: string; readonly isSaid: boolean } => {
  let forms = formsOf(root, [root])
  let place = ""
  let isSaid = path === "" && forms.some((form) => saidIn(form).length > 0)
  for (const key of path === "" ? [] : path.split(".")) {
    const { name, next } = inside(forms, key)
    // A key with a dot in it looks like two.
    if (name === ".*" && !next.some(isNode)) break
    place = place === "" ? name.replace(/^\./, "") : place + name
    forms = formsOf(root, next)
    isSaid ||= forms.some((form) => saidIn(form).length > 0)
  }
  return { place, isSaid }
}

/** What a key leads to, as a property, an item or under a name of its own. */
const inside = (
  forms: ReadonlyArray<Node>,
  key: string
): { readonly name: string; readonly next: ReadonlyArray<unknown> } => {
  const own = forms.flatMap(({ properties }) =>
    isNode(properties) && Object.hasOwn(properties, key) ? [properties[key]] : []
  )
  if (own.length > 0) return { name: `.${key}`, next: own }
  const lists = /^\d+$/.test(key) ? forms.filter((form) => form["type"] === "array" || "items" in form) : []
  if (lists.length > 0) {
    return { name: "[]", next: lists.flatMap((form) => [listOf(form["prefixItems"])[Number(key)], form["items"]]) }
  }
  const others = forms.flatMap(({ additionalProperties, patternProperties }) => [
    additionalProperties,
    ...Object.values(patternProperties ?? {})
  ])
  return { name: ".*", next: others }
}

const isTooShort = (description: string): boolean => description.trim().split(/\s+/).length < 3

const tooShort = (description: string): string =>
  `${description.trim() === "" ? "There is no description" : `The description, "${description}", is too short`}: `
  + "say what the tool does, which inputs it needs and where they come from."

/** A plan touches what its steps do. */
const saysWhatItTouches = ({ claims, expand, readOnly }: Any): boolean =>
  readOnly || expand !== undefined || typeof claims === "function" || (claims?.access.length ?? 0) > 0

const touches =
  "Nothing says what its calls touch: declare `access`, as in `access: ({ id }) => [Access.write(id)]` or "
  + "`access: [Access.exclusive]`, or `readOnly: true` where it changes nothing; calls of it run at once otherwise."

const wrongWith = (
  { around, names, needsSource, own, path }: Parameter,
  sentences: ReadonlyArray<string>
): string | undefined => {
  const name = names.at(-1) ?? ""
  if (own.length === 0 && ![...sentences, ...around].some((text) => mentions(text, name))) {
    return `Nothing says what "${path}" is: describe it in its schema, or name it in the tool's description, as in `
      + `"\`${name}\` comes from the user".`
  }
  const about = sentences.filter((sentence) =>
    everyInput.test(sentence) || they.test(sentence.trimStart()) || names.some((one) => mentions(sentence, one))
  )
  return !needsSource || [...own, ...around, ...about].some((text) => source.test(text))
    ? undefined
    : `Nothing says where "${path}" comes from: add it, as in "given by the user", "returned by get_order" or `
      + "\"your choice\"."
}

/** Sentences about inputs that they do not name. */
const everyInput = /\b(inputs|parameters|arguments)\b/i

const they = /^(both|they)\b/i

const source =
  /\b(from|users?|given|gives|comes?|returned|returns|results?|chosen|choose|choice|you|your|unless|defaults?)\b/i

/**
 * True for a text with this name in it, be it spelled `orderId`, `order_id` or "order id"; one letter has to be quoted, and
 * no text has a name that is longer than providers take.
 */
const mentions = (text: string, name: string): boolean => {
  if (name.length > 128) return false
  if (name.length <= 1) return ["`", "\"", "'"].some((quote) => text.includes(quote + name + quote))
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").split(/[\s_-]+/).map(escape).join("[\\s_-]?")
  return new RegExp(`(?<![A-Za-z0-9_])${words}(?![A-Za-z0-9_])`, "i").test(text)
}

/**
 * A place in a schema.
 *
 * - `names`: of the properties that lead there
 * - `around`: what the schemas on the way say
 * - `refs`: the references followed on the way, none of them twice
 */
interface Place {
  readonly path: string
  readonly names: ReadonlyArray<string>
  readonly around: ReadonlyArray<string>
  readonly refs: ReadonlyArray<string>
}

const top: Place = { path: "", names: [], around: [], refs: [] }

/** A property; `own` is what its schema says. */
interface Parameter extends Place {
  readonly own: ReadonlyArray<string>
  readonly needsSource: boolean
}

/** The properties that hold no others, wherever they are. */
const parametersIn = (root: Node, schema: unknown, at: Place): ReadonlyArray<Parameter> => {
  if (!isNode(schema)) return []
  const here = { ...at, around: [...at.around, ...saidIn(schema)] }
  const ref = schema["$ref"]
  const target = typeof ref === "string" && !at.refs.includes(ref)
    ? parametersIn(root, find(root, ref), { ...here, refs: [...at.refs, ref] })
    : []
  const properties = isNode(schema["properties"]) ? Object.entries(schema["properties"]) : []
  return [
    ...target,
    ...properties.flatMap(([name, property]) => propertyIn(root, name, property, here)),
    ...formsIn(schema).flatMap((one) => parametersIn(root, one, here)),
    ...[schema["items"], ...listOf(schema["prefixItems"])].flatMap((item) =>
      parametersIn(root, item, { ...here, path: `${at.path}[]` })
    ),
    ...parametersIn(root, schema["additionalProperties"], { ...here, path: `${at.path}.*` })
  ]
}

const propertyIn = (root: Node, name: string, schema: unknown, at: Place): ReadonlyArray<Parameter> => {
  const place = { ...at, path: at.path === "" ? name : `${at.path}.${name}`, names: [...at.names, name] }
  const inside = parametersIn(root, schema, place)
  if (inside.length > 0) return inside
  return [{ ...place, own: allSaid(root, schema, at.refs), needsSource: !isChoice(root, schema, at.refs) }]
}

const saidIn = ({ description }: Node): ReadonlyArray<string> =>
  typeof description === "string" && description.trim() !== "" ? [description] : []

/** What a schema is besides its own keywords: what it refers to, and the forms that it may have. */
const othersOf = (
  root: Node,
  schema: Node,
  refs: ReadonlyArray<string>
): ReadonlyArray<readonly [unknown, typeof refs]> => {
  const ref = schema["$ref"]
  const forms = formsIn(schema).map((form) => [form, refs] as const)
  return typeof ref === "string" && !refs.includes(ref) ? [[find(root, ref), [...refs, ref]], ...forms] : forms
}

const allSaid = (root: Node, schema: unknown, refs: ReadonlyArray<string>): ReadonlyArray<string> =>
  !isNode(schema) ? [] : [
    ...saidIn(schema),
    ...othersOf(root, schema, refs).flatMap(([form, more]) => allSaid(root, form, more)),
    ...allSaid(root, schema["items"], refs)
  ]

/** True where the schema itself lists what there is to choose from, or has a value of its own. */
const isChoice = (root: Node, schema: unknown, refs: ReadonlyArray<string>): boolean => {
  if (!isNode(schema)) return false
  if (["enum", "const", "default"].some((key) => key in schema)) return true
  if (schema["type"] === "boolean" || schema["type"] === "null") return true
  if (isNode(schema["items"])) return isChoice(root, schema["items"], refs)
  const forms = othersOf(root, schema, refs)
  return forms.length > 0 && forms.every(([form, more]) => isChoice(root, form, more))
}
