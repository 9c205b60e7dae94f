import type * as SchemaAST from "effect/SchemaAST"

/** What a schema is made of from its type to its encoded form, which comes last. */
export const chainOf = (ast: SchemaAST.AST): readonly [...before: Array<SchemaAST.AST>, encoded: SchemaAST.AST] => {
  const to = ast.encoding?.at(-1)?.to
  return to === undefined ? [ast] : [ast, ...chainOf(to)]
}

/** The schemas right inside of one. */
export const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Objects":
      return [...ast.propertySignatures.map(({ type }) => type), ...ast.indexSignatures.map(({ type }) => type)]
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.thunk()]
    case "Declaration":
      return ast.typeParameters
    default:
      return []
  }
}
