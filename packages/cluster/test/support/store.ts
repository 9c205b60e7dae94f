/** The store of a cluster by its address: a url of PostgreSQL, or a file. */
import * as Local from "@volley/durable/Local"
import * as Postgres from "@volley/durable/Postgres"

export const storeAt = (address: string) =>
  address.startsWith("postgres:") ? Postgres.layerShared({ url: address }) : Local.layerShared({ file: address })
