/**
 * The pictures of a run: delivered rates as bars, latencies as distributions, memory over time.
 */
import * as Fs from "node:fs"
import type { TopLevelSpec } from "vega-lite"
import * as Report from "./Report.ts"
import type { Contender, Results, WorkloadResult } from "./Results.ts"
import { directory } from "./Results.ts"
import * as Svg from "./Svg.ts"

/**
 * Draws what the results have figures for, beside them. A workload that was not measured keeps its picture.
 */
export const save = async (results: Results): Promise<void> => {
  for (const [name, spec] of Object.entries(pictures(results))) {
    if (spec !== undefined) Fs.writeFileSync(new URL(`${name}.svg`, directory), await Svg.render(spec))
  }
}

const pictures = (results: Results): { readonly [name: string]: TopLevelSpec | undefined } => {
  const { workloads } = results
  const machine = Report.machine(results.machine)
  return {
    delivered: workloads["delivered"] && rates(workloads["delivered"], "rate", machine),
    call: workloads["call"] && latencies(
      workloads["call"],
      machine,
      "bursts below the capacity of the queue, this library's with backpressure"
    ),
    sustained: workloads["sustained"] && latencies(
      workloads["sustained"],
      machine,
      "in brackets: what happens when the queue is full"
    ),
    deadSink: workloads["deadSink"] && memory(workloads["deadSink"], machine)
  }
}

// Okabe and Ito's, which everybody can tell apart: this library in blues, what is no logger in greys.
const colorOf: { readonly [contender: string]: string } = {
  loggerInfo: "#0072b2",
  effectLog: "#56b4e9",
  effectToFile: "#d55e00",
  effectNull: "#f0a57a",
  pinoSync: "#7fd1b9",
  pinoAsync: "#009e73",
  pinoTransport: "#00614a",
  pinoTransportInEffect: "#00614a",
  pinoSyncInEffect: "#7fd1b9",
  pinoAsyncInEffect: "#009e73",
  winston: "#cc79a7",
  logtape: "#e69f00",
  logtapeNonBlocking: "#b8a13a",
  disabled: "#8250df",
  floor: "#6e7781",
  bare: "#6e7781"
}

const heading = (text: string, machine: string, { rounds }: WorkloadResult, ...notes: Array<string>) => ({
  text: text.charAt(0).toUpperCase() + text.slice(1),
  subtitle: [machine, `${rounds} interleaved rounds, each measurement in a process of its own`, ...notes]
})

const rates = (workload: WorkloadResult, figure: string, machine: string): TopLevelSpec => {
  const values = Object.entries(workload.contenders).flatMap(([name, { figures, title }]) => {
    const value = figures[figure]
    return value === undefined ? [] : { title, color: colorOf[name], ...value }
  })
  return {
    title: heading(
      `${workload.title}, ${workload.figures[figure]!}`,
      machine,
      workload,
      "in brackets: what happens when the queue is full; bar: median, line: from min to max"
    ),
    width: 460,
    height: { step: 26 },
    data: { values: values.toSorted((a, b) => b.median - a.median) },
    encoding: { y: { field: "title", type: "nominal", sort: null, axis: { title: null, labelPadding: 8 } } },
    layer: [
      {
        mark: { type: "bar", height: 16 },
        encoding: {
          x: {
            field: "median",
            type: "quantitative",
            axis: { title: workload.figures[figure]!, labelExpr: amount, tickCount: 6 }
          },
          color: { field: "color", type: "nominal", scale: null }
        }
      },
      {
        mark: { type: "rule", color: Svg.colors.text, strokeWidth: 1.5 },
        encoding: { x: { field: "min", type: "quantitative" }, x2: { field: "max" } }
      },
      {
        mark: { type: "text", align: "left", dx: 6 },
        encoding: {
          x: { field: "max", type: "quantitative" },
          text: { field: "median", type: "quantitative", format: ",.3~s" }
        }
      }
    ]
  }
}

// A contender's series as points, those of some contenders in the order of the workload.
const points = (contenders: WorkloadResult["contenders"], series: string, names: ReadonlyArray<string>) =>
  names.flatMap((name) => {
    const { series: all, title } = contenders[name]!
    return (all[series] ?? []).map(([x, y]) => ({ title, x, y }))
  })

const namesWith = ({ contenders }: WorkloadResult, series: string): ReadonlyArray<string> =>
  Object.keys(contenders).filter((name) => name in colorOf && contenders[name]!.series[series] !== undefined)

const byContender = (contenders: { readonly [name: string]: Contender }, names: ReadonlyArray<string>) => ({
  field: "title",
  type: "nominal" as const,
  scale: { domain: names.map((name) => contenders[name]!.title), range: names.map((name) => colorOf[name]!) }
})

const latencies = (workload: WorkloadResult, machine: string, when: string): TopLevelSpec | undefined => {
  const names = namesWith(workload, "latency")
  if (names.length === 0) return undefined
  return {
    title: heading(workload.title, machine, workload, `${when}; single calls of the median round`),
    width: 470,
    height: 330,
    data: {
      values: points(workload.contenders, "latency", names)
        // on the scale of the nines 1 is nowhere
        .filter(({ x }) => x < 1)
        .map(({ title, x, y }) => ({ title, x: -Math.log10(1 - x), y: Math.max(y, clockStep) }))
    },
    mark: { type: "line", strokeWidth: 2.5, interpolate: "monotone" },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        scale: { nice: false },
        axis: {
          title: "of all calls, so many take no longer",
          values: [0.30103, 1, 2, 3, 4, 5],
          labelOverlap: false,
          labelExpr: "format(1 - pow(10, -datum.value), '.5~%')"
        }
      },
      y: {
        field: "y",
        type: "quantitative",
        scale: { type: "log", domainMin: clockStep },
        axis: { title: "a call takes (log scale)", labelExpr: nanoseconds, values: decades }
      },
      color: byContender(workload.contenders, names)
    }
  }
}

// nanoseconds; what is shorter was not measured, and nothing has no logarithm
const clockStep = 10

const amount = "format(datum.value, '~s')"

const decades = [10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

const nanoseconds = "datum.value < 1e3 ? datum.value + ' ns' : datum.value < 1e6 ? datum.value / 1e3 + ' µs'" +
  " : datum.value / 1e6 + ' ms'"

const memory = (workload: WorkloadResult, machine: string): TopLevelSpec | undefined => {
  const names = namesWith(workload, "heap")
  if (names.length === 0) return undefined
  const panel = (series: string, title: string) => ({
    title: { text: title, fontSize: 12, fontWeight: "normal" as const, frame: "group" as const, offset: 6 },
    width: 310,
    height: 260,
    // the last one is drawn over the others: this library's line is the shortest
    data: { values: points(workload.contenders, series, names.toReversed()) },
    mark: { type: "line" as const, strokeWidth: 2.5 },
    encoding: {
      x: {
        field: "x",
        type: "quantitative" as const,
        axis: { title: "seconds of logging", tickCount: 6 }
      },
      y: { field: "y", type: "quantitative" as const, axis: { title: "MB beyond the start", tickCount: 6 } },
      color: byContender(workload.contenders, names)
    }
  })
  return {
    title: heading(
      workload.title,
      machine,
      workload,
      "in brackets: what happens when the queue is full; a line ends after the last record, or at 1 GiB; the median round"
    ),
    hconcat: [panel("heap", "Heap after garbage collection"), panel("rss", "Resident set size")],
    config: { legend: { orient: "bottom", columns: 2 } }
  }
}
