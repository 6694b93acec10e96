import { expect, it } from "vitest"
import { isAllowedOrigin } from "../src/Listener.ts"

it("pages of the host they connect to may connect, and programs that are no pages", () => {
  expect(isAllowedOrigin("http://chat.example:8080", "chat.example:8080", undefined)).toBe(true)
  expect(isAllowedOrigin(undefined, "chat.example:8080", undefined)).toBe(true)
  expect(isAllowedOrigin("http://chat.example", "chat.example:8080", undefined)).toBe(false)
  expect(isAllowedOrigin("http://elsewhere.example", "chat.example", undefined)).toBe(false)
  expect(isAllowedOrigin("null", "chat.example", undefined)).toBe(false)
  expect(isAllowedOrigin("", "chat.example", undefined)).toBe(false)
})

it("when origins are listed, those and no others", () => {
  const allowed = ["https://chat.example"]
  expect(isAllowedOrigin("https://chat.example", "10.0.0.1:8080", allowed)).toBe(true)
  expect(isAllowedOrigin("http://chat.example", "chat.example", allowed)).toBe(false)
  expect(isAllowedOrigin("http://10.0.0.1:8080", "10.0.0.1:8080", allowed)).toBe(false)
})
