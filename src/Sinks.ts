/**
 * Where records go: the built-in sinks, and the ways to make one.
 */
export type { ConsoleOptions } from "./Sinks/Console.ts"
export { make as console } from "./Sinks/Console.ts"
export type {
  Handle,
  HandleServices,
  HasSync,
  MakeOptions,
  MakeSyncOptions,
  ScopedOptions,
  Write,
  WriteSync
} from "./Sinks/Custom.ts"
export { make, scoped } from "./Sinks/Custom.ts"
export { make as file } from "./Sinks/File.ts"
export type { FileOptions, SyncOptions } from "./Sinks/FileOptions.ts"
// for tests that put a full disk, say, in the place of Node's file system
export type { FileSystem } from "./Files/FileSystem.ts"
export { CurrentFileSystem } from "./Files/FileSystem.ts"
export type { MemoryOptions, MemorySink } from "./Sinks/Memory.ts"
export { make as memory } from "./Sinks/Memory.ts"
export type {
  AnySink,
  BatchOptions,
  BreakerOptions,
  Outcomes,
  QueueOptions,
  RetryOptions,
  Sink,
  SinkOptions,
  Strategy
} from "./Sinks/Sink.ts"
export { Fatal, fatal, isSink, Rejected, rejected, SinkError, Unavailable, unavailable } from "./Sinks/Sink.ts"
// for tests that read what the console sink writes
export type { Stdio } from "./Sinks/Stdio.ts"
export { CurrentStdio } from "./Sinks/Stdio.ts"
