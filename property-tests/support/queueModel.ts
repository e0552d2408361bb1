/**
 * The bounded queue as design.md tells of it: an array of values, an array of those who wait, and plain loops. Written
 * from the words, not from the code.
 */

/**
 * A value of the model and of the queue.
 */
export interface Item {
  readonly id: number
  readonly bytes: number
  readonly isProtected: boolean
  /** How many more its caller offers at once, after a wait for this one. */
  readonly more: number
}

/**
 * The bounds and the strategy.
 */
export interface Bounds {
  readonly capacity: number
  readonly maxBytes: number
  readonly strategy: "sliding" | "dropping" | "backpressure"
  readonly overdraft: number
  /** How many of those who wait are let in at a time. */
  readonly groupSize: number
}

/**
 * The model. `evicted` and `admitted` (from the line) are what happened since they were last looked at.
 */
export interface Model {
  readonly bounds: Bounds
  entries: Array<Item>
  line: Array<Item>
  evicted: Array<Item>
  admitted: Array<Item>
  highWatermark: number
  offers: number
  pressed: boolean
  /** Whose callers were let in, and did not run yet. */
  group: Array<Item>
  /** Whether there is room for more of the line, which is left to that group until it has run. */
  groupRuns: boolean
  /** Of the slots that takes have freed, those that are left for the next groups. */
  freed: number
  closed: boolean
}

/**
 * An empty queue.
 */
export const make = (bounds: Bounds): Model => ({
  bounds,
  entries: [],
  line: [],
  evicted: [],
  admitted: [],
  highWatermark: 0,
  offers: 0,
  pressed: false,
  group: [],
  groupRuns: false,
  freed: 0,
  closed: false
})

/**
 * The bytes of some values.
 */
export const bytes = (items: ReadonlyArray<Item>): number => items.reduce((total, item) => total + item.bytes, 0)

/**
 * The most bytes that the queue holds, its overdraft included: `maxBytes` grows in proportion to the records.
 */
export const bytesLimit = ({ capacity, maxBytes, overdraft, strategy }: Bounds): number =>
  strategy === "backpressure" ? maxBytes * (1 + overdraft / capacity) : maxBytes

/**
 * The most values that the queue holds, its overdraft included.
 */
export const sizeLimit = ({ capacity, overdraft, strategy }: Bounds): number =>
  strategy === "backpressure" ? capacity + overdraft : capacity

// A value that is larger than all the bytes fits into an empty queue.
const fits = ({ bounds }: Model, entries: ReadonlyArray<Item>, item: Item): boolean =>
  entries.length === 0 ||
  (entries.length + 1 <= bounds.capacity && bytes(entries) + item.bytes <= bounds.maxBytes)

const fitsOverdraft = ({ bounds }: Model, entries: ReadonlyArray<Item>, item: Item): boolean =>
  entries.length === 0 ||
  (entries.length + 1 <= sizeLimit(bounds) && bytes(entries) + item.bytes <= bytesLimit(bounds))

const admit = (self: Model, item: Item): void => {
  self.entries.push(item)
  self.highWatermark = Math.max(self.highWatermark, self.entries.length)
}

// Evicts the oldest of a kind, one by one, for as long as `item` does not fit.
const makeRoom = (self: Model, item: Item, isProtected: boolean, fits: typeof fitsOverdraft): void => {
  while (!fits(self, self.entries, item)) {
    const oldest = self.entries.findIndex((entry) => entry.isProtected === isProtected)
    if (oldest < 0) return
    self.evicted.push(...self.entries.splice(oldest, 1))
  }
}

/**
 * Offers a value: how the queue answers.
 */
export const offer = (self: Model, item: Item, canWait: boolean): string => {
  const { strategy } = self.bounds
  if (self.closed) return "closed"
  const hasRoom = fits(self, self.entries, item)
  if (!hasRoom) self.pressed = true
  if (strategy === "backpressure") {
    // first in, first out: nobody overtakes the line, except while a group of it runs
    if (canWait && (!hasRoom || (self.line.length > 0 && !self.groupRuns))) return "must_wait"
    if (hasRoom) {
      if (canWait) self.freed = Math.max(0, self.freed - 1)
      admit(self, item)
      return "admitted"
    }
    // under a full overdraft a protected one evicts the oldest ordinary ones
    if (item.isProtected) makeRoom(self, item, false, fitsOverdraft)
    if (!fitsOverdraft(self, self.entries, item)) return "overdraft"
    admit(self, item)
    return "overdrawn"
  }
  if (item.isProtected) {
    // it is neither refused nor loses its place to another protected one while an ordinary one waits
    makeRoom(self, item, false, fits)
    if (strategy === "sliding") makeRoom(self, item, true, fits)
  } else if (strategy === "sliding") {
    // not even all the ordinary ones make room for it: none of them is lost for nothing
    if (!fits(self, self.entries.filter((entry) => entry.isProtected), item)) return "queue_full"
    makeRoom(self, item, false, fits)
  }
  if (!fits(self, self.entries, item)) return "queue_full"
  admit(self, item)
  return "admitted"
}

/**
 * Takes values from the head. The freed slots go to those who wait, group by group, up to the overdraft; whatever room
 * there is besides does too.
 */
export const take = (self: Model, n: number): Array<Item> => {
  const taken = self.entries.splice(0, n)
  self.pressed = false
  admitGroup(self, taken.length)
  return taken
}

/**
 * Those who were let in run, by `resumed`: what room they leave goes to the next group, which runs in its turn.
 */
export const runGroups = (self: Model, resumed: (item: Item) => void): void => {
  while (self.group.length > 0) {
    for (const item of self.group.splice(0)) resumed(item)
    if (!self.groupRuns) continue
    self.groupRuns = false
    admitGroup(self, 0)
  }
}

const admitGroup = (self: Model, freed: number): void => {
  let slots = self.freed + freed
  self.freed = 0
  for (let admitted = 0; self.line.length > 0; admitted++) {
    const first = self.line[0]!
    const getsSlot = slots > 0 && fitsOverdraft(self, self.entries, first)
    if (!getsSlot && !fits(self, self.entries, first)) return
    if (admitted === self.bounds.groupSize) {
      self.groupRuns = true
      self.freed = slots
      return
    }
    if (slots > 0) slots--
    self.line.shift()
    admit(self, first)
    self.admitted.push(first)
    self.group.push(first)
  }
}

/**
 * Somebody leaves the line: whether they still stood there.
 */
export const leave = (self: Model, id: number): boolean => {
  const place = self.line.findIndex((item) => item.id === id)
  if (place < 0) return false
  self.line.splice(place, 1)
  if (!self.groupRuns) admitGroup(self, 0)
  return true
}
