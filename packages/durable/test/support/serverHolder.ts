/** Starts a PostgreSQL as the tests do, says what it says, and lives until it is killed. */
import { startServer } from "./postgresProcess.ts"

startServer().stdout.pipe(process.stdout)
