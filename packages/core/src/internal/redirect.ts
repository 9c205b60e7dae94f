import * as Url from "./url.ts"

/** Where a response sends a request on to; where a runtime does not tell, as browsers do not, there is no `to`. */
export interface Redirect {
  readonly status: number
  readonly to: URL | undefined
}

/** The redirect that a response is, `from` being what was asked; undefined for any other response. */
export const redirectIn = ({ headers, status, type }: Response, from: string): Redirect | undefined => {
  if (type === "opaqueredirect") return { status, to: undefined }
  const location = headers.get("location")
  if (!statuses.has(status) || location === null) return undefined
  return { status, to: Url.parse(location, from) }
}

const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** True where the request can go there as it is, and no other server sees it: at 301 to 303, `fetch` makes a GET of a POST. */
export const isHarmless = ({ status, to }: Redirect, from: string, { body, method = "GET" }: RequestInit): boolean =>
  to !== undefined
  && to.origin === new URL(from).origin
  && `${to.username}${to.password}` === ""
  && (status === 307 || status === 308 || /^(get|head)$/i.test(method))
  && !(body instanceof ReadableStream)
