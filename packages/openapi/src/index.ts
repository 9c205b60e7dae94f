/** The operations of OpenAPI documents. */
export * as OpenApi from "./OpenApi.ts"
export * as OpenApiError from "./OpenApiError.ts"
