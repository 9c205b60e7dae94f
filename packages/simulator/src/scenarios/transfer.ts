import * as Access from "@volley/core/Access"
import * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Bank } from "../Bank.ts"
import { read, type Scenario } from "../Scenario.ts"

const success = Schema.Struct({ account: Schema.String, balance: Schema.Finite })

const deposit = Tool.make("deposit", {
  description: "Puts money into an account. `account` and `amount` come from the user.",
  parameters: Schema.Struct({ account: Schema.String, amount: Schema.Finite }),
  success,
  access: ({ account }) => [Access.write(`accounts/${account}`)],
  execute: ({ account, amount }) => changed(account, (balance) => balance + amount)
})

const addInterest = Tool.make("add_interest", {
  description: "Adds interest to an account. `account` and `percent` come from the user.",
  parameters: Schema.Struct({ account: Schema.String, percent: Schema.Finite }),
  success,
  access: ({ account }) => [Access.write(`accounts/${account}`)],
  execute: ({ account, percent }) => changed(account, (balance) => balance + (balance * percent) / 100)
})

const getBalance = Tool.make("get_balance", {
  description: "What an account holds. `account` comes from the user.",
  parameters: Schema.Struct({ account: Schema.String }),
  success,
  readOnly: true,
  access: ({ account }) => [Access.read(`accounts/${account}`)],
  execute: ({ account }) =>
    Effect.map(Bank.use((bank) => bank.balance(account, 200)), (balance) => ({ account, balance }))
})

const changed = (account: string, to: (balance: number) => number) =>
  Effect.map(Bank.use((bank) => bank.change(account, 200, to)), (balance) => ({ account, balance }))

/** Two writes to one account, whose order matters, and two reads of others. */
export const transfer: Scenario = {
  name: "transfer",
  prompt: "Put 50 into checking, then add 10 % interest to it; and what do savings and joint hold?",
  toolkit: Toolkit.make(deposit, addInterest, getBalance),
  hasSerial: true,
  script: {
    wants: () => [
      { name: "deposit", arguments: { account: "checking", amount: 50 } },
      { name: "add_interest", arguments: { account: "checking", percent: 10 } },
      { name: "get_balance", arguments: { account: "savings" } },
      { name: "get_balance", arguments: { account: "joint" } }
    ],
    answer: (seen) =>
      `${
        [...read(seen, addInterest), ...read(seen, getBalance)].map(({ account, balance }) => `${account} ${balance}`)
          .join(
            ", "
          )
      }.`
  }
}
