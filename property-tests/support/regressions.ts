/**
 * Histories that once failed, kept as data: they are run before the generated ones.
 */
import type { Behaviour, CallSpec, Diverts, History, SinkSpec } from "./history.ts"
import type { Bounds } from "./queueModel.ts"
import { inOrder } from "./scheduler.ts"

/**
 * Histories of a queue, by what they show.
 */
export const queueRegressions: {
  readonly [name: string]: {
    readonly bounds: Bounds
    readonly commands: ReadonlyArray<
      | readonly ["offer", bytes: number, isProtected: boolean, canWait: boolean]
      | readonly ["take", n: number]
    >
  }
} = {
  "G3 a protected value larger than the overdraft evicts the ordinary ones, and gets their place": {
    bounds: { strategy: "backpressure", capacity: 1, maxBytes: 1, overdraft: 0, groupSize: 2 },
    commands: [["offer", 1, false, false], ["offer", 2, true, false]]
  },
  "G2 a take lets in as many waiters as it freed slots, and leaves the overdraft to those who cannot wait": {
    bounds: { strategy: "backpressure", capacity: 1, maxBytes: 1, overdraft: 1, groupSize: 2 },
    commands: [["offer", 1, false, false], ["offer", 1, false, true], ["offer", 1, false, true], ["take", 1]]
  }
}

const sink: SinkSpec = {
  strategy: "sliding",
  capacity: 4,
  maxBytes: undefined,
  overdraft: 0,
  maxWait: undefined,
  protect: "Error",
  minimumLevel: undefined,
  filter: undefined,
  batchSize: 1,
  linger: 0,
  timeout: 30_000,
  maxAttempts: undefined,
  diverts: undefined,
  plan: [],
  flush: "none",
  openFailures: 0,
  closing: "works"
}

const delivers: Behaviour = { _tag: "Deliver" }
const rejects: Behaviour = { _tag: "Rejected", indexes: undefined }

const toNext: Diverts = { fallback: 0, deadLetter: undefined, failures: 1, probeAfter: 100 }

const history: History = {
  minimumLevel: "Info",
  sinks: [sink],
  stages: [],
  pipeline: [],
  onClose: "none",
  closeBy: "close",
  heals: false,
  choices: inOrder,
  commands: []
}

const call: CallSpec = {
  _tag: "Log",
  by: "Effect.log",
  level: "Info",
  logger: undefined,
  region: undefined,
  uninterruptible: false,
  message: "a",
  size: 0,
  times: 1
}

/**
 * Histories of a layer, by what they show.
 */
export const lawRegressions: { readonly [name: string]: History } = {
  "G11 a sink that was opened late is closed after its last batch, by the scope of the layer too": {
    ...history,
    sinks: [{ ...sink, openFailures: 2, plan: [delivers, { _tag: "Gate", hard: false, next: delivers }] }],
    closeBy: "scope",
    commands: [call, { _tag: "Advance", millis: 1_000 }, { ...call, times: 3 }]
  },
  "G11 the finalizer of a sink that was opened late and fails does not reach the program": {
    ...history,
    sinks: [{ ...sink, openFailures: 2, closing: "fails" }],
    closeBy: "scope",
    commands: [call, { _tag: "Advance", millis: 1_000 }]
  },
  "G4 what a sink says it delivered is counted before it is opened anew, also when its close hangs": {
    ...history,
    sinks: [{
      ...sink,
      plan: [{
        _tag: "Gate",
        hard: false,
        next: { _tag: "Unavailable", delivered: 1, retryAfter: undefined, reopen: true }
      }],
      closing: "hangs"
    }],
    commands: [call, { _tag: "Settle" }, { _tag: "Release", sink: 0 }]
  },
  "G32 a sink whose closes hang delivers when it works again": {
    ...history,
    heals: true,
    sinks: [{
      ...sink,
      timeout: 1_000,
      plan: [
        { _tag: "Unavailable", delivered: undefined, retryAfter: undefined, reopen: true },
        { _tag: "Unavailable", delivered: undefined, retryAfter: undefined, reopen: true },
        { _tag: "Unavailable", delivered: undefined, retryAfter: undefined, reopen: true }
      ],
      flush: "fails",
      closing: "hangs"
    }],
    commands: [call, { _tag: "Advance", millis: 5_000 }]
  },
  "G20 a level that is raised while the fiber of a call yields holds for that call": {
    ...history,
    sinks: [{ ...sink, capacity: 1 }, { ...sink, capacity: 1 }],
    choices: { picks: [], gaps: [13, 22, 1] },
    commands: [
      { ...call, by: "acknowledged" },
      { _tag: "Run", tasks: 1 },
      { _tag: "SetLevel", level: "None", logger: undefined, sink: undefined },
      { _tag: "Run", tasks: 1 }
    ]
  },
  "G4 an acknowledgement is of the call's own record, not of those that a gate gives with it": {
    ...history,
    sinks: [{ ...sink, plan: [delivers, { _tag: "Gate", hard: false, next: rejects }] }],
    pipeline: [{ _tag: "Hold", capacity: 2, atClose: "discard" }],
    commands: [call, { ...call, by: "acknowledged", level: "Error" }]
  },
  "G2 Logger.* waits for room under backpressure, also when a gate gives more records than there is room for": {
    ...history,
    sinks: [{ ...sink, strategy: "backpressure", capacity: 1 }],
    pipeline: [{ _tag: "Hold", capacity: 1, atClose: "discard" }],
    commands: [{ ...call, by: "Logger" }, { ...call, by: "Logger", level: "Error" }]
  },
  "G24 a sink that has ended is left alone also when its fallback ends after it": {
    ...history,
    sinks: [
      { ...sink, strategy: "backpressure", capacity: 1, diverts: toNext, plan: [{ _tag: "Fatal" }] },
      { ...sink, capacity: 1, plan: [{ _tag: "Sleep", millis: 1, next: { _tag: "Fatal" } }] },
      { ...sink, capacity: 1 }
    ],
    commands: [call, { ...call, by: "Logger", times: 3 }, { _tag: "Run", tasks: 3 }]
  }
}
