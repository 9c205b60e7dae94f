import { answer, type Call, tool } from "../Contender.ts"

/** Answers one request after the other with JSON texts, and looks at none of them but to count. */
export const stubFetch = (bodies: ReadonlyArray<string>): typeof globalThis.fetch => {
  let turn = 0
  return async () => {
    const body = bodies[turn++ % bodies.length]
    return new Response(body, { status: 200, headers: { "content-type": "application/json" } })
  }
}

/** Both turns of a model on Anthropic's wire. */
export const anthropicBodies = (calls: ReadonlyArray<Call>): ReadonlyArray<string> => {
  const message = (stop_reason: string, content: ReadonlyArray<object>) =>
    JSON.stringify({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-opus-5-5",
      stop_reason,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
      content
    })
  return [
    message(
      "tool_use",
      calls.map(({ id, ...call }) => ({ type: "tool_use", id, name: tool.name, input: JSON.parse(call.arguments) }))
    ),
    message("end_turn", [{ type: "text", text: answer }])
  ]
}

/** Both turns of a model on Chat Completions. */
export const chatBodies = (calls: ReadonlyArray<Call>): ReadonlyArray<string> => {
  const completion = (finish_reason: string, message: object) =>
    JSON.stringify({
      id: "chatcmpl_1",
      object: "chat.completion",
      created: 1,
      model: "gpt-4.1",
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      choices: [{
        index: 0,
        finish_reason,
        logprobs: null,
        message: { role: "assistant", refusal: null, content: null, ...message }
      }]
    })
  return [
    completion("tool_calls", {
      tool_calls: calls.map(({ id, ...call }) => ({
        id,
        type: "function",
        function: { name: call.name, arguments: call.arguments }
      }))
    }),
    completion("stop", { content: answer })
  ]
}
