/**
 * Checks values by reading their JSON Schemas, for where nothing may be compiled: Workers, and pages that forbid it.
 */
export { CfWorkerJsonSchemaValidator as Validator } from "@modelcontextprotocol/client/validators/cf-worker"
