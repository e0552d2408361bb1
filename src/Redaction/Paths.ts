/**
 * The paths of a redaction, compiled: for an object on the way down, which keys are redacted, and what is left of the
 * paths below each of them.
 *
 * A path is a list of segments, and a walk is in several places of several paths at a time: a `Node` is such a set of
 * places. What a key does there is found out once and kept, so that a record costs one lookup for each of its keys. What
 * is kept is bounded, because keys come from outside.
 */

/**
 * The paths, and what is known of them by now.
 */
export interface Paths {
  /** Keys that are redacted wherever they are. */
  readonly names: ReadonlySet<string>
  /** The segments of the other paths, one behind the other. `undefined` ends a path. */
  readonly segments: ReadonlyArray<string | undefined>
  /** Where each of them begins. */
  readonly starts: ReadonlyArray<number>
  /** How keys are compared. */
  readonly fold: (key: string) => string
  /** What a key is written as. */
  readonly rename: (key: string) => string
  /** The nodes that a walk begins with. */
  readonly roots: Array<Node>
  /** The nodes by their places, and how many nodes and edges are kept in all. */
  readonly nodes: Map<string, Node>
  kept: number
}

/**
 * An object on the way down.
 *
 * - `places`: indexes of the segments that may come next.
 * - `edges`: by their keys.
 * - `last`: those of the first keys of the object before, in order. Most records have the same keys as the one before,
 *   and to compare a key with the expected one takes a fifth of the time of a lookup.
 */
export interface Node {
  readonly places: ReadonlyArray<number>
  readonly edges: Map<string, Edge>
  readonly last: Array<Edge | undefined>
  items: Edge | undefined
}

/**
 * A key of such an object, or the items of such a list.
 *
 * - `key`: the key.
 * - `isRedacted`: whether its value is.
 * - `name`: what the key is written as.
 * - `node`: what holds below it.
 */
export interface Edge {
  readonly key: string
  readonly isRedacted: boolean
  readonly name: string
  readonly node: Node
}

const anyKey = "*"
const anyDepth = "**"

// -----------------------------------------------------------------------------
// parse
// -----------------------------------------------------------------------------

/**
 * What paths may look like, for messages.
 */
export const allowed =
  `a key ("password"), a dotted path ("headers.authorization"), and in it "*" for one key and "**" for any number of them`

/**
 * What is wrong with a path.
 */
export const troubleWith = (path: unknown): string | undefined => {
  if (typeof path !== "string") return `is of type ${path === null ? "null" : typeof path}`
  if (path === "") return "is empty"
  const quoted = JSON.stringify(path)
  const segments = path.split(".")
  if (segments.includes("")) return `is ${quoted}: a segment is empty`
  if (segments.every(isWild)) return `is ${quoted}: it names no key, and would redact everything`
  const partly = segments.find((segment) => segment.includes("*") && !isWild(segment))
  return partly === undefined ? undefined : `is ${quoted}: a wildcard stands for a whole segment`
}

const isWild = (segment: string): boolean => segment === anyKey || segment === anyDepth

/**
 * Paths that have no trouble.
 *
 * - `rename`: what a key is written as.
 */
export const make = (
  paths: ReadonlyArray<string>,
  caseSensitive: boolean,
  rename: (key: string) => string
): Paths => {
  const fold = caseSensitive ? (key: string) => key : (key: string) => key.toLowerCase()
  const names = new Set<string>()
  const segments: Array<string | undefined> = []
  const starts: Array<number> = []
  for (const path of new Set(paths.flatMap((path) => withStack(parse(fold(path)))).map((path) => path.join(".")))) {
    const parts = path.split(".")
    const name = parts.length === 1 ? parts[0]! : parts.length === 2 && parts[0] === anyDepth ? parts[1]! : anyKey
    if (name !== anyKey) names.add(name)
    else {
      starts.push(segments.length)
      segments.push(...parts, undefined)
    }
  }
  return { names, segments, starts, fold, rename, roots: [], nodes: new Map(), kept: 0 }
}

// what is anywhere below a key goes with what is right below it
const parse = (path: string): ReadonlyArray<string> => {
  const segments = path.split(".").filter((segment, i, all) => segment !== anyDepth || all[i + 1] !== anyDepth)
  return segments.at(-1) === anyDepth ? [...segments.slice(0, -1), anyKey] : segments
}

// a stack repeats the message
const withStack = (path: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> =>
  path.at(-1) === "message" ? [path, [...path.slice(0, -1), "stack"]] : [path]

// -----------------------------------------------------------------------------
// walk
// -----------------------------------------------------------------------------

/**
 * A node where paths begin, for as long as they are used. They may begin with the name of the root too, if it has one.
 */
export const root = (self: Paths, name?: string): Node => {
  const named = self.starts.filter((start) => name !== undefined && self.segments[start] === name)
  const node = nodeOf(self, [...self.starts, ...named.map((start) => start + 1)])
  self.roots.push(node)
  return node
}

/**
 * Whether nothing below is redacted.
 */
export const isOver = (self: Paths, node: Node): boolean => node.places.length === 0 && self.names.size === 0

/**
 * A key of an object.
 */
export const edge = (self: Paths, node: Node, key: string): Edge => node.edges.get(key) ?? makeEdge(self, node, key)

/**
 * The key of an object that comes at an index.
 */
export const edgeAt = (self: Paths, node: Node, key: string, index: number): Edge => {
  if (index >= mostLast) return edge(self, node, key)
  const last = node.last[index]
  return last !== undefined && last.key === key ? last : (node.last[index] = edge(self, node, key))
}

/**
 * The items of a list: it is passed through, and each of its items may count as a key too.
 */
export const items = (self: Paths, node: Node): Edge =>
  node.items ??= edgeOf(self, "", false, "", [...node.places, ...nextOf(self, node.places, undefined)])

/**
 * What holds in either of two places.
 */
export const both = (self: Paths, one: Node, other: Node): Node => {
  if (one === other || other.places.length === 0) return one
  return one.places.length === 0 ? other : nodeOf(self, [...one.places, ...other.places])
}

const mostLast = 16
const longestKept = 64
const mostKept = 4096
const mostSegments = 16

const makeEdge = (self: Paths, node: Node, key: string): Edge => {
  const folded = self.fold(key)
  const isNamed = self.names.has(folded) ||
    (folded.includes(".") && folded.split(".").some((segment) => self.names.has(segment)))
  const edge = edgeOf(self, key, isNamed, self.rename(key), below(self, node.places, folded))
  if (key.length <= longestKept) {
    keep(self)
    node.edges.set(key, edge)
  }
  return edge
}

const edgeOf = (
  self: Paths,
  key: string,
  isNamed: boolean,
  name: string,
  places: ReadonlyArray<number>
): Edge => ({
  key,
  isRedacted: isNamed || places.some((place) => self.segments[place] === undefined),
  name,
  node: nodeOf(self, places.filter((place) => self.segments[place] !== undefined))
})

const nodeOf = (self: Paths, places: ReadonlyArray<number>): Node => {
  const sorted = [...closed(self, places)].toSorted((a, b) => a - b)
  const id = sorted.join()
  let node = self.nodes.get(id)
  if (node === undefined) {
    keep(self)
    node = { places: sorted, edges: new Map(), last: new Array(mostLast).fill(undefined), items: undefined }
    self.nodes.set(id, node)
  }
  return node
}

// any number of keys may be none of them
const closed = ({ segments }: Paths, places: ReadonlyArray<number>): ReadonlySet<number> =>
  new Set(places.flatMap((place) => segments[place] === anyDepth ? [place, place + 1] : [place]))

// A key may contain dots: it counts as one segment, and as several. What is below one that is redacted is redacted too, so a
// path that ends on the way stays in its place. Keys come from outside, and may be nothing but dots: where a path has not
// come to its end, nor out of the question, after so many segments as no honest key has, it counts as ended.
const below = (self: Paths, places: ReadonlyArray<number>, key: string): ReadonlyArray<number> => {
  if (places.length === 0) return places
  const whole = nextOf(self, places, key)
  if (!key.includes(".")) return whole
  let parts = places
  const segments = key.split(".", mostSegments + 1)
  for (const segment of segments.slice(0, mostSegments)) {
    if (parts.length === 0) break
    const ended = parts.filter((place) => self.segments[place] === undefined)
    parts = [...ended, ...closed(self, nextOf(self, parts, segment))]
  }
  if (segments.length <= mostSegments || parts.length === 0) return [...whole, ...parts]
  return [...whole, ...parts, self.segments.indexOf(undefined)]
}

// `undefined`: the index of a list, which has no name
const nextOf = ({ segments }: Paths, places: ReadonlyArray<number>, segment: string | undefined): Array<number> => {
  const out: Array<number> = []
  for (const place of places) {
    const expected = segments[place]
    if (expected === anyDepth) out.push(place)
    else if (expected !== undefined && (expected === anyKey || expected === segment)) out.push(place + 1)
  }
  return out
}

// Too much is kept: all of it is forgotten, and begins anew. Who holds a node may go on with it.
const keep = (self: Paths): void => {
  if (self.kept++ < mostKept) return
  for (const node of [...self.roots, ...self.nodes.values()]) {
    node.edges.clear()
    node.last.fill(undefined)
    node.items = undefined
  }
  self.nodes.clear()
  self.kept = 1
}
