// The show as people see it: two real pages of a real browser chat, a room, a connection and a scheduler are killed from
// the page, and nobody reloads. Skipped where there is no Chromium.
import { existsSync } from "node:fs"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type ChatServer, startServer } from "./server.ts"

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium"
const hasBrowser = existsSync(executablePath)
if (!hasBrowser) {
  console.warn(`Skipped: the browser tests, as there is no Chromium at ${executablePath} (set CHROMIUM to where it is)`)
}

/** How long a page may take for one step. Only failures take so long. */
const patience = 60_000

describe.skipIf(!hasBrowser)("two pages", () => {
  let server: ChatServer
  let browser: Browser
  let ada: Page
  let bo: Page
  const problems: Array<string> = []
  const room = "lobby"

  /** A page of a person of their own, with a mark that a reload would wipe off. */
  const open = async (name: string, viewport: { width: number; height: number }): Promise<Page> => {
    const context = await browser.newContext({ viewport })
    context.setDefaultTimeout(patience)
    const page = await context.newPage()
    page.on("pageerror", (error) => problems.push(`${name}: ${error.stack}`))
    // A refused reconnect is what these tests are about
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("WebSocket"))
        problems.push(`${name}: ${message.text()}`)
    })
    await page.goto(`${server.url}/#${room}`)
    await page.evaluate(() => document.documentElement.setAttribute("data-mark", "never reloaded"))
    await page.getByTestId("name-input").fill(name)
    await page.keyboard.press("Enter")
    await isOpen(page)
    await page.locator("[data-testid=room-state][data-state=joined]").waitFor({ state: "attached" })
    return page
  }

  const isOpen = (page: Page) => page.locator("[data-testid=connection-status][data-state=open]").waitFor()
  const said = (page: Page, text: string) =>
    page.locator("[data-testid=message][data-pending=false]").filter({ hasText: text })
  const say = async (page: Page, text: string) => {
    await page.getByTestId("message-input").fill(text)
    await page.keyboard.press("Enter")
  }
  /** Both pages show it, once. */
  const heardByBoth = async (text: string) => {
    for (const page of [ada, bo]) {
      await said(page, text).first().waitFor()
      expect(await said(page, text).count(), text).toBe(1)
    }
  }
  const scheduler = (page: Page, more = "") => page.locator(`[data-testid=scheduler-row][data-slot="1"]${more}`)
  const openBackstage = async (page: Page) => {
    await page.getByTestId("backstage-toggle").click()
    await scheduler(page, "[data-state=up]").waitFor()
  }
  const marks = () =>
    Promise.all([ada, bo].map((page) => page.evaluate(() => document.documentElement.getAttribute("data-mark"))))

  beforeAll(async () => {
    server = await startServer()
    browser = await chromium.launch({
      executablePath,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync"
      ]
    })
    ada = await open("Ada", { width: 1280, height: 800 })
    bo = await open("Bo", { width: 390, height: 844 })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await server?.dispose()
  })

  it("see each other and talk; what looks like markup is text", async () => {
    await ada.locator('[data-testid=person][data-name="Bo"]').waitFor()
    await say(ada, 'Good evening <img src=x onerror="alert(1)">')
    await heardByBoth("Good evening <img")
    await say(bo, "Good evening, Ada")
    await heardByBoth("Good evening, Ada")
    expect(await bo.locator("[data-testid=message-list] img").count()).toBe(0)
  })

  it("go on when the room is crashed from one of them, with its history", async () => {
    await openBackstage(ada)
    await ada.getByTestId("crash-room").click()
    await ada.getByTestId("event").filter({ hasText: room }).first().waitFor()
    await ada.locator("[data-testid=room-state][data-state=joined]").waitFor({ state: "attached" })
    await say(bo, "after the crash")
    await heardByBoth("after the crash")
    await heardByBoth("Good evening, Ada")
  })

  it("go on when one's own connection is crashed", async () => {
    await ada.getByTestId("crash-connection").click()
    await isOpen(ada)
    await say(ada, "after my crash")
    await heardByBoth("after my crash")
  })

  it("go on when the worker scheduler is killed, and see it come back", async () => {
    const before = Number(await scheduler(ada).getAttribute("data-incarnation"))
    await ada.locator('[data-testid=kill-scheduler][data-slot="1"]').click()
    await scheduler(ada, `[data-state=up][data-incarnation="${before + 1}"]`).waitFor()
    await isOpen(ada)
    await isOpen(bo)
    await say(bo, "after the fall")
    await heardByBoth("after the fall")
    await say(ada, "the show goes on")
    await heardByBoth("the show goes on")
    await heardByBoth("Good evening, Ada")
  })

  it("were never reloaded, and had no errors", async () => {
    expect(await marks()).toEqual(["never reloaded", "never reloaded"])
    expect(problems).toEqual([])
  })
})
