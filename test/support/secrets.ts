/**
 * Secrets of each kind that a detector knows, none of them anybody's, and texts that only look like one.
 */
import type { Detector } from "../../src/Redaction.ts"

const header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
const claims = "eyJzdWIiOiIxMjM0NTY3ODkwIn0"
const signature = "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

/** A JSON Web Token. */
export const jwt = `${header}.${claims}.${signature}`

/** A private key, as a file has it. */
export const pem = [
  "-----BEGIN RSA PRIVATE KEY-----",
  "MIIEowIBAAKCAQEAplanted0planted1planted2planted3planted4planted5",
  "planted6==",
  "-----END RSA PRIVATE KEY-----"
].join("\n")

/**
 * A text with the secret in it, and what is left of it. The secret is what makes the difference.
 */
export type Case = readonly [text: string, left: string]

const R = "[redacted]"
const alnum36 = "abcdefghijklmnopqrstuvwxyz0123456789"

/** For each detector, texts with a secret. */
export const found: { readonly [D in Detector]: ReadonlyArray<Case> } = {
  authorization: [
    ["got Bearer mF_9.B5f-4.1JqM back", `got Bearer ${R} back`],
    ["bearer  hunter2", `bearer  ${R}`],
    ["Bearer 12|aBcDeFgHiJ.", `Bearer ${R}.`],
    ["/x?auth=%20Bearer%20mF_9.B5f&a=Bearer+mF_9.B5f", `/x?auth=%20Bearer%20${R}&a=Bearer+${R}`],
    ["BEARER: 'f00ba5'", `BEARER: '${R}'`],
    ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", `Basic ${R}`],
    ["(basic YTpi)", `(basic ${R})`],
    ["Authorization: Bearer mF_9.B5f-4.1JqM", `Authorization: Bearer ${R}`],
    ["Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\nHost: x", `Authorization: Basic ${R}\nHost: x`],
    ["authorization=a39f8b7c6d5e status=200", `authorization=${R} status=200`],
    ["Proxy-Authorization: 3f9a8b7c6d5e", `Proxy-Authorization: ${R}`],
    [`{"authorization":"Token abc def","host":"x"}`, `{"authorization":"Token ${R}","host":"x"}`],
    [
      `{\\"authorization\\":\\"ApiKey abcdef1\\",\\"host\\":\\"x\\"}`,
      `{\\"authorization\\":\\"ApiKey ${R}\\",\\"host\\":\\"x\\"}`
    ],
    [`body: "x\\nBearer mF_9.B5f-4.1JqM"`, `body: "x\\nBearer ${R}"`],
    [`"HTTP_AUTHORIZATION"=>"Bearer mF_9.B5f"`, `"HTTP_AUTHORIZATION"=>"Bearer ${R}"`],
    [
      `Authorization: Digest username="Mufasa", response="6629fae49393"\r\nHost: x`,
      `Authorization: Digest ${R}\r\nHost: x`
    ],
    [
      "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature=fe5f80",
      `Authorization: AWS4-HMAC-SHA256 ${R}`
    ],
    ["\x1b[31mBearer mF_9.B5f\x1b[0m", `\x1b[31mBearer ${R}\x1b[0m`],
    ["\x9b1;38:5;4mbearer f00ba5", `\x9b1;38:5;4mbearer ${R}`],
    [`{"line":"\\u001b[0mBearer f00ba5\\u001b[39m"}`, `{"line":"\\u001b[0mBearer ${R}\\u001b[39m"}`],
    [`'\\x1B[32mBearer f00ba5'`, `'\\x1B[32mBearer ${R}'`],
    [`{\\u0022auth\\u0022:\\u0022Bearer f00ba5\\u0022}`, `{\\u0022auth\\u0022:\\u0022Bearer ${R}\\u0022}`],
    [`\\u0022Authorization\\u0022:\\u0022f00ba5\\u0022,`, `\\u0022Authorization\\u0022:\\u0022${R}\\u0022,`],
    ["Bearer%20mF_9.B5f", `Bearer%20${R}`],
    ["?a=Basic%20QWxhZGRpbjpvcGVuIHNlc2FtZQ%3D%3D&b=1", `?a=Basic%20${R}&b=1`],
    ["?a=Basic+YT8%2FOmI%2Bpz8%2f&b=1", `?a=Basic+${R}&b=1`],
    ["\x1b[Kbasic YTpi", `\x1b[Kbasic ${R}`],
    ["curl -H 'Authorization: Bearer abcdef1' http://x", `curl -H 'Authorization: Bearer ${R}' http://x`]
  ],
  jwt: [
    [`token ${jwt}.`, `token ${R}.`],
    [`?t=${jwt}&x=1`, `?t=${R}&x=1`],
    [`session-${jwt}`, `session-${R}`],
    [`\x1b[90m${jwt}\x1b[39m`, `\x1b[90m${R}\x1b[39m`],
    [`\\u0027${jwt}\\u0027`, `\\u0027${R}\\u0027`],
    [`"${header}..${signature}.${signature}.abc"`, `"${R}"`],
    [`cut: ${header}.eyJzdWIiOiIxM…[+100 characters]`, `cut: ${R}…[+100 characters]`]
  ],
  apiKey: [
    ["key AKIAIOSFODNN7EXAMPLE", `key ${R}`],
    ["ASIAIOSFODNN7EXAMPLE,", `${R},`],
    [`\x1b[33mghp_${alnum36}\x1b[0m`, `\x1b[33m${R}\x1b[0m`],
    ["\\u003dAKIAIOSFODNN7EXAMPLE", `\\u003d${R}`],
    [`ghp_${alnum36}`, R],
    [`token=github_pat_${alnum36}_x`, `token=${R}`],
    ["glpat-abcdefghij0123456789", R],
    [`AIza${alnum36.slice(1)}`, R],
    [`npm_${alnum36}`, R],
    ["xoxb-123456789012-abcdef", R],
    ["(sk_live_abcdefghij0123456789)", `(${R})`],
    ["whsec_abcdefghij0123456789", R],
    [`sk-ant-api03-${alnum36}`, R],
    [`sk-svcacct-${alnum36}`, R],
    [`sk-admin-${alnum36}`, R],
    [`key=sk-${alnum36}${alnum36.slice(0, 12)}`, `key=${R}`]
  ],
  privateKey: [
    [`key:\n${pem}\nend`, `key:\n${R}\nend`],
    [JSON.stringify({ pem }), `{"pem":"${R}"}`],
    [pem.replaceAll("RSA ", ""), R],
    [pem.replaceAll("RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK"), R],
    [`${pem}${pem}`, `${R}${R}`]
  ],
  urlCredentials: [
    ["postgres://app:hunter2@db:5432/shop", `postgres://${R}@db:5432/shop`],
    ["redis://:hunter2@h/0, redis://:hunter3@h/1", `redis://${R}@h/0, redis://${R}@h/1`],
    ["mongodb://u:p@h1,h2/db?w=1", `mongodb://${R}@h1,h2/db?w=1`],
    ["https://3f2a9c@example.org/x", `https://${R}@example.org/x`],
    ["amqp://u:p@ss,w(r)d@h", `amqp://${R}@ss,w(r)d@h`],
    ["amqp://u:p,w(r)d'@h", `amqp://${R}@h`],
    ["postgres://user:pa/ss#1@host/db", `postgres://${R}@host/db`],
    ["redis://:p?ss@h/0 redis://:#1@h/1", `redis://${R}@h/0 redis://${R}@h/1`],
    ["amqp://u:p/a,s(s)'@h", `amqp://${R}@h`],
    ["mysql://u:1a/s@s@h/x@y", `mysql://${R}@h/x@y`],
    ["https://me:/pass@h/x", `https://${R}@h/x`],
    ["x://a:b/c y://d:e/f@h", `x://a:b/c y://${R}@h`],
    ["x://a:b/c,y://d:e/f@h", `x://a:b/c,y://${R}@h`],
    [`"url":"ftp://u:p@h","x":"y@z"`, `"url":"ftp://${R}@h","x":"y@z"`]
  ],
  card: [
    ["paid with 4111111111111111.", `paid with ${R}.`],
    ["4111 1111 1111 1111", R],
    ["5500-0000-0000-0004", R],
    ["3782 822463 10005 amex", `${R} amex`],
    ["paid with 4111.1111.1111.1111.", `paid with ${R}.`],
    ["3782.822463.10005", R],
    ["4111\u00a01111\u00a01111\u00a01111", R],
    ["4111\u202f1111\u202f1111\u202f1111 and 5500\u20090000\u20090000\u20090004", `${R} and ${R}`],
    ["\x1b[1m4111 1111 1111 1111\x1b[22m", `\x1b[1m${R}\x1b[22m`],
    ["\\u00224111111111111111\\u0022", `\\u0022${R}\\u0022`],
    ["6011000990139424,30569309025904;3530111333300000", `${R},${R};${R}`],
    ["2223003122003222", R],
    ["4222222222222", R],
    ["6304000000000000000", R],
    ["order 1234 4111 1111 1111 1111", `order 1234 ${R}`],
    ["[1,4111111111111111,2]", `[1,${R},2]`],
    [`x\\n4111111111111111`, `x\\n${R}`],
    ["-4111111111111111", `-${R}`]
  ],
  email: [
    ["from jane.doe+shop@mail.example.org.", `from ${R}.`],
    ["email=jane@example.org;", `email=${R};`],
    ["<jürgen@straße.example>", `<${R}>`],
    ["a@b.co, c_d@e-f.io", `${R}, ${R}`]
  ]
}

/** For each detector, texts without one. */
export const clean: { readonly [D in Detector]: ReadonlyArray<string> } = {
  authorization: [
    "Bearer token is missing",
    "the bearer of bad news",
    "Bearer authentication failed",
    "BEARER AUTHENTICATION",
    `WWW-Authenticate: Bearer realm="x"`,
    "basic authentication",
    "Basic usage: run it",
    "Authorization: required",
    "authorization failed",
    "authorization: the user may not",
    "Authorization:",
    "Authorization: Bearer ",
    "forbearer abcdef123",
    "[31mbearer abcdef123",
    "\x1b31mbearer abcdef123",
    "\\u022bearer abcdef123",
    "u0022bearer abcdef123",
    "Basic%20authentication",
    "basic+usage"
  ],
  jwt: [
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJhbGciOiJIUzI1NiJ9.",
    "a.b.c",
    "monkeyJhbGciOiJIUz.abcdefghijklmn",
    "eyJ.abcdefghijkl"
  ],
  apiKey: ["AKIA", "AKIASHORT", "ghp_short", "xoxb-", "sk_live_x", "task_live_abcdefghij0123456789", "AIzabc"],
  privateKey: [
    "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN ",
    "----------------------------------------"
  ],
  urlCredentials: [
    "http://host:8080/users/@me",
    "ssh://git@github.com/x",
    "https://example.org/?q=a@b",
    "://@",
    "see http://a:1, or write to x@y.z",
    "http://localhost:3000/node_modules/effect@4.1.0/x.js:1:2",
    "https://[::1]:8080/@me",
    "https://h:443?q=a@b",
    "http://h:80#a@b",
    "file:///C:/x/a@b",
    "file://C:/x/a@b",
    "x://a:b/c d@e",
    "x://a:b/c\"d@e",
    "x://a:b/c\x1b[0md@e",
    "a:b@c"
  ],
  card: [
    "4111111111111112",
    "1763780400123",
    "411111111111",
    "41111111111111111111111",
    "2026-11-21 08:00:00.123",
    "id4111111111111111",
    "4111111111111111x",
    "0.4111111111111111",
    "+4111111111111111",
    "41 11 11 11 11 11 11 11",
    "4111  1111 1111 1111",
    "4111 1111-1111 1111",
    "4111.111111111111",
    "4111.111.111.111.111",
    "4111.11.11.11.11.11.11",
    "0.4111.1111.1111.1111",
    "4111\u00a01111 1111\u00a01111"
  ],
  email: ["effect@4.1.0", "@effect/vitest", "a@b", "x @ y.z", "user@localhost", "@", "a@.b"]
}
