// The paths of Azure and Bedrock in front of the simulator, which knows those of OpenAI and Anthropic alone.

/** What a client asks of Azure, asked of the simulator: the path without the deployment, and the key as `authorization`. */
export const azure = (openai: string): typeof fetch =>
  led(async (request) => {
    const [, path] = /^\/openai\/deployments\/[^/]+(\/chat\/completions)$/.exec(new URL(request.url).pathname) ?? []
    const headers = new Headers(request.headers)
    headers.set("authorization", `Bearer ${headers.get("api-key")}`)
    return path === undefined
      ? undefined
      : fetch(`${openai}${path}`, { ...sent(request), headers, body: await request.text() })
  })

/** What a client asks of Bedrock, whole turns alone: the model goes into the body, and the version of the API out of it. */
export const bedrock = (anthropic: string): typeof fetch =>
  led(async (request) => {
    const [, model] = /^\/model\/([^/]+)\/invoke$/.exec(new URL(request.url).pathname) ?? []
    const { anthropic_version, ...body }: Record<string, unknown> = await request.json()
    const headers = new Headers(request.headers)
    headers.set("anthropic-version", String(anthropic_version))
    return model === undefined ? undefined : fetch(`${anthropic}/v1/messages`, {
      ...sent(request),
      headers,
      body: JSON.stringify({ ...body, model: decodeURIComponent(model) })
    })
  })

/** Prints where each request was to go, and sends it where `lead` says; any other path is not found. */
const led = (lead: (request: Request) => Promise<Response | undefined>): typeof fetch => async (input, init) => {
  const request = new Request(input, init)
  console.log(`${request.method} ${request.url}`)
  return (await lead(request)) ?? new Response(null, { status: 404 })
}

const sent = ({ method, signal }: Request) => ({ method, signal })
