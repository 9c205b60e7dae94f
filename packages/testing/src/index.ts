/** Laws, random cases and stand-ins for testing what is made with Volley. */
export * as Generate from "./Generate.ts"
export * as Laws from "./Laws.ts"
export * as Store from "./Store.ts"
export * as Timeline from "./Timeline.ts"
