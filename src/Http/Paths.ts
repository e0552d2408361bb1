/**
 * Paths of requests.
 */

/**
 * The path of a request target, without query and fragment.
 */
export const ofUrl = (url: string): string => {
  for (let i = 0; i < url.length; i++) {
    const unit = url.charCodeAt(i)
    if (unit === question || unit === hash) return url.slice(0, i)
  }
  return url
}

const question = 0x3f
const hash = 0x23

/**
 * The query of a request target, without the `?`; `""` for none.
 */
export const queryOf = (url: string): string => {
  const target = url.split("#", 1)[0]!
  const start = target.indexOf("?")
  return start < 0 ? "" : target.slice(start + 1)
}

/**
 * Whether a text is a pattern: a path, or one with `/*` at its end.
 */
export const isPattern = (u: unknown): boolean =>
  typeof u === "string" && u.startsWith("/") && !/[*?#]/.test(u.replace(/\/\*$/, ""))

/**
 * Says whether a path is among these patterns: `"/health"` is that path, `"/internal/*"` is `/internal` and all below.
 */
export const among = (patterns: ReadonlyArray<string>): (path: string) => boolean => {
  const exact = new Set<string>()
  const prefixes: Array<string> = []
  for (const pattern of patterns) {
    if (!pattern.endsWith("/*")) exact.add(pattern)
    else {
      exact.add(pattern.slice(0, -2))
      prefixes.push(pattern.slice(0, -1))
    }
  }
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
}

/**
 * A URL without user, password, query and fragment. What cannot be read as one is `"[invalid URL]"`.
 */
export const withoutSecrets = (url: string): string => {
  const parsed = URL.parse(url)
  return parsed === null
    ? "[invalid URL]"
    : parsed.origin === "null"
    ? parsed.protocol
    : parsed.origin + parsed.pathname
}
