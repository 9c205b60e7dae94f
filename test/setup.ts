// Properties make thousands of errors, and nobody reads their stacks to the end; vitest asks for 100 lines of each.
Error.stackTraceLimit = 10
