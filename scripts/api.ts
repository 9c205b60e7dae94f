/**
 * Reads what the packages export: every public name with its docstring and its signature.
 *
 * It goes by the sources: TypeScript 7 comes without a compiler API, and so nothing has to be built first.
 */
import { globSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Readme from "./readme.ts"
import { childrenOf, type Node, statementsOf } from "./syntax.ts"

/** A public name of a module. */
export interface Name {
  readonly name: string
  readonly kind: "function" | "class" | "constant" | "type"
  /** What its declarations say, without what they do. */
  readonly signature: string
  readonly doc: Doc
}

/** What a docstring says. */
export interface Doc {
  /** Markdown, without the examples. */
  readonly text: string
  /** The code of each `@example`. */
  readonly examples: ReadonlyArray<string>
}

/** A module that users import. */
export interface Module {
  /** The folder of its package. */
  readonly folder: string
  readonly name: string
  /** The name by which it is imported: that of its package where `index.ts` has it, its own one otherwise. */
  readonly from: string
  readonly doc: Doc
  readonly names: ReadonlyArray<Name>
}

interface Source {
  readonly file: string
  readonly code: string
  readonly statements: ReadonlyArray<Node>
}

const read = (file: string): Source => {
  const code = readFileSync(file, "utf8")
  return { file, code, statements: statementsOf(code) }
}

/** Returns the public modules of a package, in the order of their names. */
export const modulesOf = (root: string, folder: string): ReadonlyArray<Module> => {
  const sources = join(root, "packages", folder, "src")
  const index = readFileSync(join(sources, "index.ts"), "utf8")
  return globSync("*.ts", { cwd: sources }).sort().filter((file) => file !== "index.ts").map((file) => {
    const name = basename(file, ".ts")
    const own = `@volley/${folder}`
    const from = index.includes(`"./${file}"`) ? own : `${own}/${name}`
    const source = read(join(sources, file))
    return { folder, name, from, doc: docOf(/^\s*\/\*\*.*?\*\//s.exec(source.code)?.[0]), names: namesOf(source) }
  })
}

const namesOf = (source: Source): ReadonlyArray<Name> => {
  const exported = source.statements.filter(({ type }) => type === "ExportNamedDeclaration")
  const own = exported.flatMap(({ declaration }) => childrenOf(declaration).flatMap(declaredIn))
  const names = [...new Set(own)].flatMap((name) => declared(source, name))
  const others = exported.flatMap((statement) =>
    childrenOf(statement["specifiers"]).filter(({ type }) => type === "ExportSpecifier").flatMap((specifier) => {
      const [from] = childrenOf(statement["source"])
      const there = from === undefined ? source : read(fileOf(source.file, textOf(from)))
      const isType = specifier["exportKind"] === "type" || statement["exportKind"] === "type"
      return find(there, nameOf(specifier["local"])).map((found) => ({
        ...found,
        name: nameOf(specifier["exported"]),
        kind: isType ? "type" as const : found.kind
      }))
    })
  )
  return [...names, ...others]
}

const fileOf = (importer: string, name: string): string => {
  const [, folder, module] = /^@volley\/([^/]+)\/(\w+)$/.exec(name) ?? []
  const packages = importer.replace(/([/\\]packages[/\\]).*/, "$1")
  return folder === undefined ? join(dirname(importer), name) : join(packages, folder, "src", `${module}.ts`)
}

/** What a name stands for, in the file that declares it. */
const find = (source: Source, name: string): ReadonlyArray<Name> => {
  const found = declared(source, name)
  return found.length > 0 ? found : namesOf(source).filter((other) => other.name === name)
}

/** The value and the type of a name are one, with the kind of the value. */
const declared = ({ code, statements }: Source, name: string): ReadonlyArray<Name> => {
  const own = statements.flatMap((statement) => {
    const [node = statement] = childrenOf(statement["declaration"])
    return declaredIn(node).includes(name) ? [{ statement, node }] : []
  })
  const overloads = own.filter(({ node }) => node.type === "TSDeclareFunction")
  const shown = overloads.length > 0 ? own.filter(({ node }) => node.type !== "FunctionDeclaration") : own
  const outside = shown.filter(({ statement }) => statement.type === "ExportNamedDeclaration")
  const kinds = (outside.length > 0 ? outside : shown).map(({ node }) => kindOf(code, node))
  const [kind] = [...kinds.filter((kind) => kind !== "type"), ...kinds]
  if (kind === undefined) return []
  const signature = shown.map(({ node }) => signatureOf(code, node)).join("\n")
  const docs = shown.map(({ statement }) => docBefore(code, statement.start)).filter(({ text }) => text !== "")
  return [{ name, kind, signature, doc: docs[0] ?? docOf(undefined) }]
}

const declaredIn = (node: Node): ReadonlyArray<string> =>
  node.type === "VariableDeclaration"
    ? childrenOf(node["declarations"]).filter(({ type }) => type === "VariableDeclarator").map(({ id }) => nameOf(id))
    : /^TS(Interface|TypeAlias)Declaration$|^TSDeclareFunction$|^(Class|Function)Declaration$/.test(node.type)
    ? [nameOf(node["id"])]
    : []

const nameOf = (node: unknown): string => {
  const [named] = childrenOf(node)
  return typeof named?.["name"] === "string" ? named["name"] : ""
}

const textOf = ({ value }: Node): string => String(value)

/** What a constant is made of, without what is said of its type. */
const initOf = (node: Node): Node | undefined => {
  const [declarator] = childrenOf(node["declarations"])
  let [init] = childrenOf(declarator?.["init"])
  while (init !== undefined && /^TS(As|Satisfies)Expression$|^ParenthesizedExpression$/.test(init.type)) {
    ;[init] = childrenOf(init["expression"])
  }
  return init
}

const kindOf = (code: string, node: Node): Name["kind"] => {
  if (node.type.startsWith("TS") && node.type !== "TSDeclareFunction") return "type"
  if (node.type === "ClassDeclaration") return "class"
  return node.type === "VariableDeclaration" && bodyOf(code, node) === undefined && !isTypedFunction(code, node)
    ? "constant"
    : "function"
}

/** True for a constant that is declared as a function, or made as one elsewhere. */
const isTypedFunction = (code: string, node: Node): boolean => /^\w+: (?:<[^=]*>)?\(.*\) =>/s.test(typed(code, node))

/** The name of a constant, and the type that it says. */
const typed = (code: string, node: Node): string => {
  const [id] = childrenOf(childrenOf(node["declarations"])[0]?.["id"])
  return id === undefined ? "" : code.slice(id.start, id.end)
}

/** What a function does, which is no part of its signature: the body of the innermost arrow, or of an `Effect.fn`. */
const bodyOf = (code: string, node: Node): Node | undefined => {
  if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") return childrenOf(node["body"])[0]
  let at = node.type === "VariableDeclaration" ? initOf(node) : undefined
  if (at?.type === "CallExpression" && code.startsWith("Effect.fn", at.start)) {
    at = childrenOf(at["arguments"]).find(({ type }) => type === "FunctionExpression")
  }
  let body: Node | undefined
  while (at?.type === "ArrowFunctionExpression" || at?.type === "FunctionExpression") {
    ;[body] = childrenOf(at["body"])
    at = body
  }
  return body
}

const signatureOf = (code: string, node: Node): string => {
  if (isTypedFunction(code, node)) return `const ${typed(code, node)}`
  const pure = pureOf(code, node)
  if (pure !== undefined) {
    return `${code.slice(node.start, pure.call.start).replace("/*@__PURE__*/", "").trim()} ${pure.text}`
  }
  const body = bodyOf(code, node)
  const text = code.slice(node.start, body?.start ?? node.end).trim().replace(/\s*=>\s*\(?$/, "")
  return node.type === "ClassDeclaration" ? `${text} {}` : asCalled(text)
}

/** A generator of `Effect.fn` as those see it who call it. */
const asCalled = (text: string): string =>
  text.replace(/^const (\w+) = Effect\.fn\w*\((?:"[^"]*"\)\()?function\*/, "function $1").replace(
    "Effect.fn.Return<",
    "Effect.Effect<"
  )

/** What a constant is made of that stands in a function which is called at once, for bundlers. */
const pureOf = (code: string, node: Node): { readonly call: Node; readonly text: string } | undefined => {
  const call = node.type === "VariableDeclaration" ? initOf(node) : undefined
  let [made] = call?.type === "CallExpression" ? childrenOf(call["callee"]) : []
  while (made?.type === "ParenthesizedExpression") [made] = childrenOf(made["expression"])
  const [body] = made?.type === "ArrowFunctionExpression" ? childrenOf(made["body"]) : []
  if (call === undefined || body === undefined) return undefined
  const text = code.slice(body.start, body.end)
  const indent = /\n( *)\S[^\n]*$/.exec(text)?.[1] ?? ""
  return { call, text: text.replaceAll(`\n${indent}`, "\n") }
}

const docBefore = (code: string, at: number): Doc => {
  const before = code.slice(0, at).trimEnd()
  return docOf(before.endsWith("*/") ? before.slice(before.lastIndexOf("/**")) : undefined)
}

/** Reads a comment as it stands in a source. */
export const docOf = (comment: string | undefined): Doc => {
  const lines = (comment ?? "").replace(/^\s*\/\*\*/, "").replace(/\*\/$/, "").split("\n")
  const text = lines.map((line) => line.replace(/^\s*\* ?/, "").trimEnd()).join("\n")
  const [said = "", ...examples] = text.split(/^@example$/m)
  return { text: said.trim(), examples: examples.flatMap(Readme.fences).map(({ code }) => code) }
}
