import { expect } from "vitest"

/** Tests that settle tens of thousands of random batches, most of whose calls end in errors. */
const ofLaws = /\/test\/(laws|oracle|graphs|order|told)\/|\/fieldLaws\.test/

// A stack costs ten times as much as its error, and what breaks a law is the case that the message has. For the rest,
// ten lines are enough; vitest asks for 100.
Error.stackTraceLimit = ofLaws.test(expect.getState().testPath ?? "") ? 0 : 10
