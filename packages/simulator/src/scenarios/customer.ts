import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Schema from "effect/Schema"
import { answerAfter, read, type Scenario } from "../Scenario.ts"

const parameters = Schema.Struct({ customerId: Schema.String })

const getCustomer = Tool.make("get_customer", {
  description: "Who a customer is. `customerId` comes from the user.",
  parameters,
  success: Schema.Struct({ name: Schema.String, since: Schema.Int }),
  readOnly: true,
  execute: () => answerAfter(400, { name: "Ada Byron", since: 2019 })
})

const getOrders = Tool.make("get_orders", {
  description: "The orders of a customer. `customerId` comes from the user.",
  parameters,
  success: Schema.Struct({ orders: Schema.Int, total: Schema.Finite }),
  readOnly: true,
  execute: () => answerAfter(500, { orders: 12, total: 1840.5 })
})

const getTickets = Tool.make("get_tickets", {
  description: "The open support tickets of a customer. `customerId` comes from the user.",
  parameters,
  success: Schema.Struct({ open: Schema.Array(Schema.String) }),
  readOnly: true,
  execute: () => answerAfter(600, { open: ["Parcel arrived late"] })
})

/** Three services that know one part each. */
export const customer: Scenario = {
  name: "customer",
  prompt: "Give me the full picture on customer 1234.",
  toolkit: Toolkit.make(getCustomer, getOrders, getTickets),
  hasSerial: true,
  script: {
    wants: () =>
      ["get_customer", "get_orders", "get_tickets"].map((name) => ({ name, arguments: { customerId: "1234" } })),
    answer: (seen) => {
      const who = read(seen, getCustomer).map(({ name, since }) => `${name}, customer since ${since}`)
      const bought = read(seen, getOrders).map(({ orders, total }) => `${orders} orders worth ${total}`)
      const asked = read(seen, getTickets).map(({ open }) => `open tickets: ${open.join(", ")}`)
      return `${[...who, ...bought, ...asked].join("; ")}.`
    }
  }
}
