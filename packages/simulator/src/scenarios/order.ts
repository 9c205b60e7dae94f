import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Schema from "effect/Schema"
import { answerAfter, read, type Scenario } from "../Scenario.ts"

const getOrder = Tool.make("get_order", {
  description: "Finds an order. `number` comes from the user; gives the order's id.",
  parameters: Schema.Struct({ number: Schema.String }),
  success: Schema.Struct({ orderId: Schema.String }),
  readOnly: true,
  execute: ({ number }) => answerAfter(200, { orderId: `order-${number.toLowerCase()}` })
})

const part = <S extends Schema.Codec<unknown, unknown>>(name: string, what: string, success: S, value: S["Type"]) =>
  Tool.make(name, {
    description: `The ${what} of an order. \`orderId\` comes from get_order.`,
    parameters: Schema.Struct({ orderId: Schema.String }),
    success,
    readOnly: true,
    execute: () => answerAfter(200, value)
  })

const lineItems = part("get_line_items", "line items", Schema.Struct({ items: Schema.Array(Schema.String) }), {
  items: ["lamp", "desk"]
})
const shipment = part("get_shipment", "shipment", Schema.Struct({ state: Schema.String }), { state: "on its way" })
const invoice = part("get_invoice", "invoice", Schema.Struct({ total: Schema.Finite }), { total: 240 })

/** Two rounds: three calls need what the first one finds. */
export const order: Scenario = {
  name: "order",
  prompt: "What is in order A-17, where is it, and what does it cost?",
  toolkit: Toolkit.make(getOrder, lineItems, shipment, invoice),
  hasSerial: true,
  script: {
    wants: (seen) => [
      { name: "get_order", arguments: { number: "A-17" } },
      ...read(seen, getOrder).flatMap(({ orderId }) =>
        ["get_line_items", "get_shipment", "get_invoice"].map((name) => ({ name, arguments: { orderId } }))
      )
    ],
    answer: (seen) => {
      const items = read(seen, lineItems).map(({ items }) => items.join(" and "))
      const state = read(seen, shipment).map(({ state }) => state)
      const total = read(seen, invoice).map(({ total }) => `${total} in all`)
      return `Order A-17: ${[...items, ...state, ...total].join(", ")}.`
    }
  }
}
