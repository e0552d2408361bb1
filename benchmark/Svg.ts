/**
 * Turns a picture's description (Vega-Lite) into SVG, without a browser, and always into the same.
 */
import * as Vega from "vega"
import * as VegaLite from "vega-lite"

/**
 * The colours of what stands around the data. The background is painted, so that the picture reads the same on a dark
 * page.
 */
export const colors = { background: "#ffffff", text: "#1f2328", quiet: "#59636e", grid: "#e4e8ec" }

const font = "sans-serif"

const config: VegaLite.Config = {
  background: colors.background,
  padding: 16,
  font,
  view: { stroke: null },
  title: {
    anchor: "start",
    color: colors.text,
    fontSize: 16,
    fontWeight: 600,
    frame: "bounds",
    offset: 14,
    subtitleColor: colors.quiet,
    subtitleFontSize: 11,
    subtitleLineHeight: 15,
    subtitlePadding: 5
  },
  axis: {
    domain: false,
    gridColor: colors.grid,
    labelColor: colors.text,
    labelFontSize: 11,
    labelLimit: 400,
    labelPadding: 6,
    ticks: false,
    titleColor: colors.quiet,
    titleFontSize: 11,
    titleFontWeight: "normal",
    titlePadding: 8
  },
  legend: {
    labelColor: colors.text,
    labelFontSize: 11,
    labelLimit: 400,
    symbolSize: 240,
    symbolStrokeWidth: 3,
    title: null
  },
  text: { color: colors.text, fontSize: 11 }
}

// Without a canvas Vega takes each character for 0.8 of the font's size, and leaves that much room: a half too much.
// Its types do not have this.
const { textMetrics } = Vega as unknown as {
  readonly textMetrics: { width: (item: { readonly fontSize?: number }, text: unknown) => number }
}
textMetrics.width = ({ fontSize = 11 }, text) => 0.55 * fontSize * String(text ?? "").length

/**
 * The picture as SVG.
 */
export const render = async (spec: VegaLite.TopLevelSpec): Promise<string> => {
  // the names of what is defined within the SVG would count on from the picture before
  Vega.resetSVGDefIds()
  const view = new Vega.View(Vega.parse(VegaLite.compile(spec, { config }).spec), { renderer: "none" })
  try {
    return `${await view.toSVG()}\n`
  } finally {
    view.finalize()
  }
}
