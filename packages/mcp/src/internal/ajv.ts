/**
 * Checks values by functions that are compiled from their JSON Schemas.
 */
export { AjvJsonSchemaValidator as Validator } from "@modelcontextprotocol/client/validators/ajv"
