/**
 * Writes a module anew with all its mutants in it, each asleep until its number is the one that is asked for.
 */
import { parseAst } from "vitest/node"

/**
 * A small change that a test or the compiler should notice.
 *
 * - `key`: what names it in the list of survivors; it says where and what, without line numbers
 * - `start`, `end`: the part of its file that it changes
 * - `code`: what stands there instead
 */
export interface Mutant {
  readonly id: number
  readonly file: string
  readonly line: number
  readonly key: string
  readonly start: number
  readonly end: number
  readonly code: string
}

export interface Mutated {
  readonly code: string
  readonly mutants: ReadonlyArray<Mutant>
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

/** What stands around a node, where that rules some changes out. */
interface Around {
  readonly within: string
  readonly isTest?: boolean
  readonly isResult?: boolean
  readonly isLoop?: boolean
  readonly isSpine?: boolean
  readonly isCompared?: boolean
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && "start" in value && typeof value.type === "string"

const nodesIn = (value: unknown): ReadonlyArray<Node> => (Array.isArray(value) ? value : [value]).filter(isNode)

const one = (node: Node, property: string): Node => nodesIn(node[property])[0]!

/** Types are no code, and names are no values. */
const skipped = new Set([
  "typeAnnotation",
  "typeParameters",
  "typeArguments",
  "superTypeArguments",
  "returnType",
  "implements"
])

const transparent = new Set(["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression"])

const isKeyOf = (parent: Node, property: string): boolean =>
  (property === "key" || property === "property") && parent["computed"] !== true

const childrenOf = (node: Node): ReadonlyArray<readonly [string, Node]> =>
  Object.entries(node)
    .filter(([property]) => !skipped.has(property) && !isKeyOf(node, property))
    .flatMap(([property, value]) => nodesIn(value).map((child) => [property, child] as const))
    // A shorthand property has its name and its value at one place.
    .filter(([, child]) => node["shorthand"] !== true || child.type === "AssignmentPattern")
    .toSorted(([, a], [, b]) => a.start - b.start)

const isText = (node: Node): boolean =>
  node.type === "TemplateLiteral" || node.type === "Literal" && typeof node["value"] === "string" ||
  node.type === "BinaryExpression" && (isText(one(node, "left")) || isText(one(node, "right")))

const swapped: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  ">>": "<<",
  "+=": "-=",
  "-=": "+=",
  some: "every",
  every: "some",
  min: "max",
  max: "min",
  find: "findLast",
  findLast: "find"
}

const dropped = new Set(["filter", "sort", "toSorted", "slice", "trim", "toReversed", "reverse"])

const relations = new Set(["<", "<=", ">", ">="])
const equalities = new Set(["===", "!=="])

/** What stands for itself: an own change of it says more than that it is missing. */
const speaks = new Set([
  "ArrayExpression",
  "ArrowFunctionExpression",
  "AssignmentExpression",
  "ConditionalExpression",
  "Literal",
  "LogicalExpression",
  "ObjectExpression",
  "TemplateLiteral"
])

const isDroppable = (node: Node): boolean =>
  !speaks.has(node.type) && !(node.type === "Identifier" && node["name"] === "undefined")

export const mutate = (file: string, source: string, firstId: number): Mutated => {
  const mutants: Array<Mutant> = []
  const seen = new Map<string, number>()
  const text = (node: Node): string => source.slice(node.start, node.end)
  const short = (code: string): string => {
    const line = code.replaceAll(/\s+/g, " ").trim()
    return line.length <= 90 ? line : `${line.slice(0, 60)} … ${line.slice(-25)}`
  }

  const add = (node: Node, within: string, alternative: string): number => {
    const change = `${file} ${within}: ${short(text(node))} → ${short(alternative) || "nothing"}`
    const count = (seen.get(change) ?? 0) + 1
    seen.set(change, count)
    const id = firstId + mutants.length
    mutants.push({
      id,
      file,
      line: source.slice(0, node.start).split("\n").length,
      key: count === 1 ? change : `${change} #${count}`,
      start: node.start,
      end: node.end,
      code: node.type === "ExpressionStatement" ? "{}" : `(${alternative})`
    })
    return id
  }

  /** The text of a node, in which its parts are written anew. */
  const inner = (node: Node, around: Around): string => {
    let written = ""
    let at = node.start
    for (const [property, child] of childrenOf(node)) {
      if (child.start < at) continue
      written += source.slice(at, child.start) + render(child, aroundChild(node, property, child, around))
      at = child.end
    }
    return written + source.slice(at, node.end)
  }

  const render = (node: Node, around: Around): string => {
    if (node.type.startsWith("TS") && !transparent.has(node.type)) return text(node)
    if (node.type === "ImportDeclaration" || node.type.startsWith("Export") && node["declaration"] == null) {
      return text(node)
    }
    const alternatives = around.isSpine === true ? [] : changes(node, around)
    const ids = alternatives.map((alternative) => [add(node, around.within, alternative), alternative] as const)
    const rest = inner(node, around)
    if (node.type === "ExpressionStatement") {
      return ids.length === 0 ? rest : `{ if (!__m(${ids[0]![0]})) { ${rest} } }`
    }
    return ids.length === 0 ? rest : `(${ids.map(([id, code]) => `__m(${id}) ? ${code} : `).join("")}${rest})`
  }

  /** What may stand in a node's place. A loop without an end says nothing that one without a beginning doesn't. */
  const changes = (node: Node, around: Around): ReadonlyArray<string> => [
    ...changesOf(node, around),
    ...(around.isTest === true && around.isLoop !== true ? ["true"] : []),
    ...(around.isTest === true ? ["false"] : []),
    ...(around.isResult === true && isDroppable(node) ? ["undefined"] : [])
  ]

  const changesOf = (node: Node, around: Around): ReadonlyArray<string> => {
    const operator = String(node["operator"])
    const other = swapped[operator]
    const between = (other: string): string => `(${text(one(node, "left"))}) ${other} (${text(one(node, "right"))})`
    switch (node.type) {
      case "ExpressionStatement":
        return text(node).startsWith("super(") ? [] : [""]
      case "LogicalExpression":
        return [text(one(node, "left")), text(one(node, "right"))].map((code) => `(${code})`)
      case "BinaryExpression":
        if (other === undefined || operator === "+" && isText(node)) return []
        if (equalities.has(operator)) return around.isTest === true ? [] : [between(other)]
        if (!relations.has(operator) || around.isTest === true) return [between(other)]
        return [between(other), `!(${text(node)})`]
      case "UnaryExpression":
        return operator === "!" && around.isTest !== true || operator === "-"
          ? [`(${text(one(node, "argument"))})`]
          : []
      case "UpdateExpression":
        return [operator === "++" ? text(node).replace("++", "--") : text(node).replace("--", "++")]
      case "AssignmentExpression":
        return other === undefined ? [] : [`${text(one(node, "left"))} ${other} ${text(one(node, "right"))}`]
      case "Literal":
        if (typeof node["value"] === "boolean") return [String(!node["value"])]
        return typeof node["value"] === "string" && node["value"] !== "" && around.isCompared !== true ? ["\"\""] : []
      case "TemplateLiteral":
        return ["\"\""]
      case "ArrayExpression":
        return nodesIn(node["elements"]).length > 0 ? ["[]"] : []
      case "ObjectExpression":
        return nodesIn(node["properties"]).length > 0 ? ["({})"] : []
      case "ChainExpression":
        return links(one(node, "expression")).map(([at, replacement]) =>
          `(${source.slice(node.start, at)}${replacement}${source.slice(at + 2, node.end)})`
        )
      case "CallExpression":
        return called(node)
      default:
        return []
    }
  }

  /** Where a chain may break off, with what to write there so that it does not. */
  const links = (node: Node): ReadonlyArray<readonly [number, string]> => {
    const next = node.type === "CallExpression" ? node["callee"] : node["object"] ?? node["expression"]
    if (!isNode(next)) return []
    const own = node["optional"] === true
      ? [
        [
          source.indexOf("?.", next.end),
          node.type === "CallExpression" || node["computed"] === true ? "" : "."
        ] as const
      ]
      : []
    return [...links(next), ...own]
  }

  const called = (node: Node): ReadonlyArray<string> => {
    const callee = one(node, "callee")
    if (callee.type !== "MemberExpression" || callee["computed"] === true) return []
    const [object, property] = [one(callee, "object"), one(callee, "property")]
    const name = text(property)
    if (/^[A-Z]/.test(text(object)) && text(object) !== "Math") return []
    if (dropped.has(name)) return [text(object)]
    const other = Object.hasOwn(swapped, name) ? swapped[name] : undefined
    return other === undefined
      ? []
      : [source.slice(node.start, property.start) + other + source.slice(property.end, node.end)]
  }

  const aroundChild = (parent: Node, property: string, child: Node, { isSpine, within }: Around): Around => {
    const around: Around = { within: withinOf(child, within) }
    const inChain = parent.type === "ChainExpression" || isSpine === true && transparent.has(parent.type)
    const goesOn = property === "callee" || property === "object" || property === "tag" || property === "expression"
    switch (true) {
      case parent.type === "ChainExpression":
      case isSpine === true && goesOn:
      case inChain:
      case property === "callee" && child.type === "MemberExpression":
      case property === "tag":
      case parent.type === "AssignmentExpression" && property === "left":
      case parent.type === "UpdateExpression":
      case parent.type === "UnaryExpression" && parent["operator"] === "delete":
        return { ...around, isSpine: true }
      case property === "test" && parent.type === "SwitchCase":
      case parent.type === "BinaryExpression" && equalities.has(String(parent["operator"])):
        return { ...around, isCompared: true }
      case property === "test":
        return { ...around, isTest: true, isLoop: parent.type.startsWith("For") || parent.type.startsWith("While") }
      case property === "body" && parent["expression"] === true:
      case parent.type === "ReturnStatement":
        return { ...around, isResult: true }
      default:
        return around
    }
  }

  const program: unknown = parseAst(source, { lang: "ts" })
  const code = isNode(program) ? inner(program, { within: "" }) : source
  return { code, mutants }
}

const names = new Set(["ClassDeclaration", "FunctionDeclaration", "MethodDefinition", "PropertyDefinition"])

/** The name of the declaration that a node is in; of a class, with its member. */
const withinOf = (node: Node, within: string): string => {
  const id = node["id"] ?? (names.has(node.type) ? node["key"] : undefined)
  if (!isNode(id) || !(names.has(node.type) || node.type === "VariableDeclarator")) return within
  const isMember = node.type === "MethodDefinition" || node.type === "PropertyDefinition"
  return within === ""
    ? String(id["name"])
    : isMember && !within.includes(".")
    ? `${within}.${String(id["name"])}`
    : within
}
