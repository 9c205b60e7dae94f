/** `spawn` of Node, which on Windows also finds what is started by a script, such as `npx`. */
declare module "cross-spawn" {
  export { spawn as default } from "node:child_process"
}
