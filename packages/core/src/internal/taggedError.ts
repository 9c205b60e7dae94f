import * as Data from "effect/Data"

/**
 * The same as Effect's, for errors without a stack: a runner makes them, and the frames would be its own.
 *
 * - to gather the frames of an error takes ten times what the rest of it takes, and each failed call makes two
 */
export const TaggedError: typeof Data.TaggedError = (tag) =>
  new Proxy(Data.TaggedError(tag), {
    construct: (made, given, newTarget) => {
      const { stackTraceLimit } = Error
      // Where a program has frozen it, errors have a stack.
      Reflect.set(Error, "stackTraceLimit", 0)
      try {
        return Reflect.construct(made, given, newTarget)
      } finally {
        Reflect.set(Error, "stackTraceLimit", stackTraceLimit)
      }
    }
  })
