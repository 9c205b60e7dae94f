/** Laws, random cases and stand-ins for testing what is made with Volley. */
export * as Store from "./Store.ts"
