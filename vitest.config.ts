import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { noSkippedTests } from "./scripts/noSkippedTests.ts"

export default defineConfig({
  resolve: {
    alias: {
      "effect-async-logging/HttpLogging": fileURLToPath(new URL("src/HttpLogging.ts", import.meta.url)),
      "effect-async-logging": fileURLToPath(new URL("src/index.ts", import.meta.url))
    }
  },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts", "property-tests/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    allowOnly: false,
    reporters: process.env["CI"] === undefined ? ["default"] : ["default", noSkippedTests]
  }
})
