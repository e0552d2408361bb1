import type { Reporter } from "vitest/node"

/**
 * Fails the run when a test was skipped or is still to do, and names it.
 */
export const noSkippedTests: Reporter = {
  onTestRunEnd: (testModules) => {
    for (const testModule of testModules) {
      for (const test of testModule.children.allTests("skipped")) {
        console.error(`skipped: ${testModule.relativeModuleId} > ${test.fullName}`)
        process.exitCode = 1
      }
    }
  }
}
