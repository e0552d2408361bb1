/**
 * The public modules, as namespaces.
 */
export * as AsyncLogging from "./AsyncLogging.ts"
export * as Enrichers from "./Enrichers.ts"
export * as Filters from "./Filters.ts"
export * as Formatters from "./Formatters.ts"
export * as Gates from "./Gates.ts"
export * as JsonLine from "./JsonLine.ts"
export * as LogEvent from "./LogEvent.ts"
export * as LogFiles from "./LogFiles.ts"
export * as Logger from "./Logger.ts"
export * as Pipeline from "./Pipeline.ts"
export * as LogRecord from "./Record.ts"
export * as Redaction from "./Redaction.ts"
export * as Sinks from "./Sinks.ts"
