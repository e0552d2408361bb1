/**
 * Whether log calls write to a sink at once, as those of `layerSync` do. What it has to do between two writes is done at
 * once then too: a log call cannot wait for it.
 */
import * as Context from "effect/Context"

/**
 * In the background, unless a layer says otherwise.
 */
export const CurrentAtOnce: Context.Reference<boolean> = Context.Reference<boolean>(
  "effect-async-logging/Sinks/CurrentAtOnce",
  { defaultValue: () => false }
)
