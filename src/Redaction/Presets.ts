/**
 * What most programs have to hide, as lists to take or to add to.
 */
import type { Detector } from "./Detectors.ts"

/**
 * Names of keys, and detectors.
 */
export interface Preset {
  readonly paths: ReadonlyArray<string>
  readonly detect: ReadonlyArray<Detector>
}

const passwords = ["password", "passwd", "pwd", "passphrase", "passcode"]
const secrets = ["secret", "clientSecret", "client_secret", "secretKey", "secret_key", "secretAccessKey"]
const tokens = ["accessToken", "access_token", "refreshToken", "refresh_token", "idToken", "id_token"]
const moreTokens = ["token", "authToken", "auth_token", "sessionToken", "session_token", "aws_session_token", "jwt"]
const keys = ["apiKey", "api_key", "api-key", "privateKey", "private_key", "aws_secret_access_key"]
const others = ["credentials", "connectionString", "connection_string"]

/**
 * What lets somebody in: passwords, tokens, keys.
 */
export const credentials: Preset = {
  paths: [...passwords, ...secrets, ...tokens, ...moreTokens, ...keys, ...others],
  detect: ["authorization", "jwt", "apiKey", "privateKey", "urlCredentials"]
}

/**
 * Headers of requests and answers that let somebody in, by their names anywhere.
 */
export const http: Preset = {
  paths: [
    ...["authorization", "proxy-authorization", "authentication-info", "cookie", "cookies", "set-cookie"],
    ...["x-api-key", "x-auth-token", "x-access-token", "x-csrf-token", "x-xsrf-token", "x-amz-security-token"]
  ],
  detect: ["authorization", "jwt", "urlCredentials"]
}

/**
 * What the PCI DSS (requirements 3.3 and 3.4) does not let be kept of a payment card.
 */
export const pci: Preset = {
  paths: [
    ...["cardNumber", "card_number", "card-number", "creditCard", "credit_card", "pan"],
    ...["cvv", "cvv2", "cvc", "cvc2", "cid", "cav2", "securityCode", "security_code"],
    ...["pin", "pinBlock", "pin_block", "track1", "track2", "trackData", "track_data"]
  ],
  detect: ["card"]
}

/**
 * All of these. E-mail addresses are not in it: add `"email"` to `detect`.
 */
export const all: Preset = {
  paths: [...credentials.paths, ...http.paths, ...pci.paths],
  detect: [...new Set([...credentials.detect, ...http.detect, ...pci.detect])]
}
