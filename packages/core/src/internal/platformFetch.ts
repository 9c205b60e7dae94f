/** The global `fetch`, without the limits of time that Node has of its own; its caller has some. */
export const platformFetch: typeof globalThis.fetch = (input, init) => {
  const dispatcher: unknown = Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1"))
  if (!canDispatch(dispatcher)) return globalThis.fetch(input, init)
  const dispatch = (options: object, handler: unknown) =>
    dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler)
  return globalThis.fetch(input, Object.assign({}, init, { dispatcher: { dispatch } }))
}

const canDispatch = (
  dispatcher: unknown
): dispatcher is { readonly dispatch: (options: object, handler: unknown) => boolean } =>
  typeof dispatcher === "object" && dispatcher !== null && "dispatch" in dispatcher
  && typeof dispatcher.dispatch === "function"
