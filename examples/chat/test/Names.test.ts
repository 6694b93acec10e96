// What may be a name, and which names are one: tables of the kinds there are, and properties over all characters.
import * as Result from "effect/Result"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { lookOf, looksOf, nameProblem } from "../src/Names.ts"
import { decodeClientFrame } from "../src/protocol.ts"

const areOne = (one: string, other: string): boolean => {
  const looks = looksOf(other)
  return [...looksOf(one)].some((look) => looks.has(look))
}

/** All characters that match. */
const charactersOf = (pattern: RegExp, last = 0x10_ffff): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let point = 0; point <= last; point++) {
    // A half of a surrogate pair is no character
    if (point >= 0xd800 && point <= 0xdfff) continue
    const character = String.fromCodePoint(point)
    if (pattern.test(character)) found.push(character)
  }
  return found
}

const ignorables = charactersOf(/\p{Default_Ignorable_Code_Point}/u)
const otherBlanks = charactersOf(/[\p{Cc}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u)

/** Names of one script each, made of its letters. */
const scriptNames = (script: string) =>
  fc.array(fc.constantFrom(...charactersOf(new RegExp(`(?=\\p{L})\\p{Script=${script}}`, "u"), 0xffff)), {
    minLength: 1,
    maxLength: 8
  })
const inScripts = ["Latin", "Cyrillic", "Greek", "Armenian", "Hebrew", "Arabic", "Devanagari", "Han", "Hangul", "Thai"]
const names = fc.oneof(
  fc.constantFrom("Ada", "Ana María O'Neil-Núñez Jr.", "李雷", "Анна", "محمد", "R2.D2_x"),
  ...inScripts.map((script) => scriptNames(script).map((letters) => letters.join("")))
)
const goodNames = names.filter((name) => nameProblem(name) === undefined)
const shortened = { numRuns: 300 }

describe("a name", () => {
  it.each([
    "Ada",
    "R2.D2_x",
    "7of9",
    "Ana María O'Neil-Núñez Jr.",
    "D’Arcy",
    "Zoë",
    "Nguyễn Thị Ánh",
    "Łukasz",
    "Þórunn",
    "Αθηνά",
    "Иван Петров",
    "Ђорђе",
    "Արամ",
    "ნინო",
    "דוד",
    "דוד2",
    "محمد",
    "محمد ٣",
    "अनिता",
    "আনিকা",
    "அனிதா",
    "สมชาย",
    "མེ",
    "ሰላም",
    "李雷",
    "田中さん",
    "サトー Taro 佐藤",
    "김철수",
    "金哲洙 김 Kim",
    "張ㄓㄤ",
    "Ａｄａ"
  ])("may be %s", (name) => {
    expect(nameProblem(name)).toBeUndefined()
  })

  it.each([
    ["begins with a mark", "\u0301a", /letters, digits/],
    ["is only marks", "\u0301\u0302", /letters, digits/],
    ["is only punctuation", "...", /letters, digits/],
    ["ends with a space", "Ada ", /letters, digits/],
    ["has two spaces in a row", "Ada  L", /letters, digits/],
    ["has markup", "<b>", /letters, digits/],
    ["has a digit that is no decimal", "x²", /letters, digits/],
    ["has a zero-width space", "A\u200bda", /U\+200B/],
    ["has a joiner", "A\u200dda", /U\+200D/],
    ["has a variation selector", "Ada\ufe0f", /U\+FE0F/],
    ["has one of the other plane", "Ada\u{e0101}", /U\+E0101/],
    ["turns the direction of text", "Ada\u202e", /U\+202E/],
    ["is a filler of Hangul", "\u3164", /U\+3164/],
    ["is a half-width filler", "\uffa0", /U\+FFA0/],
    ["is two fillers of Hangul", "\u115f\u1160", /U\+115F/],
    ["is Braille without dots", "\u2800", /U\+2800/],
    ["has a space that does not break", "Ada\u00a0L", /U\+00A0/],
    ["has a wide space", "Ada\u3000L", /U\+3000/],
    ["has a control character", "Ada\u0000", /U\+0000/],
    ["has half a surrogate pair", "Ada\ud800", /U\+D800/],
    ["has a character that is not assigned", "Ada\u0378", /U\+0378/],
    ["is an emoji", "😀", /emoji/],
    ["is a sequence of emoji", "👩\u200d💻", /emoji/],
    ["is a heart of text or of emoji", "\u2764\ufe0f", /emoji/],
    ["is a flag", "🇮🇸", /emoji/],
    ["is a key", "1\ufe0f\u20e3", /emoji/],
    ["has a tone of skin", "Ada🏽", /emoji/],
    ["has a letter with five marks", "a\u0300\u0301\u0302\u0303\u0304", /marks/],
    ["has a mark twice", "a\u0301\u0301", /marks/],
    ["mixes Latin and Cyrillic", "p\u0430ypal", /Cyrillic, Latin/],
    ["mixes Latin and Greek", "\u0391da", /Greek, Latin/],
    ["mixes Cyrillic and Greek", "\u0430\u03b1", /Cyrillic, Greek/],
    ["mixes scripts behind a variant of font", "\u{1d6c2}da", /Greek, Latin/],
    ["mixes Japanese and Chinese", "\u3042\u3105", /Bopomofo, Hiragana/],
    ["mixes Japanese and Korean", "\u3042\uac00", /Hangul, Hiragana/],
    ["mixes Hebrew and Latin", "\u05d0b", /Hebrew, Latin/],
    ["is in a script of the past", "\u{10330}", /general use/],
    ["is a blank hieroglyph", "\u{13441}", /general use/],
    ["mixes digits", "\u0967 1", /kind of digits/],
    ["mixes the digits of Arabic", "\u06f1\u0661", /kind of digits/],
    ["is from right to left and begins with a digit", "1\u05d0", /right to left/],
    ["is from right to left and ends with a point", "\u05d0.", /right to left/]
  ])("is refused when it %s", (_title, name, problem) => {
    expect(nameProblem(name)).toMatch(problem)
    const refused = decodeClientFrame(JSON.stringify({ _tag: "Hello", name }))
    expect(Result.isFailure(refused) && refused.failure).toMatchObject({ code: "BadFrame", field: "name" })
    expect(Result.isFailure(refused) && refused.failure.message).toMatch(problem)
  })

  it("of nothing but what shows nothing is refused, whatever that is", () => {
    expect(ignorables.length).toBeGreaterThan(4000)
    for (const blank of [...ignorables, ...otherBlanks]) expect(nameProblem(blank)).toBeDefined()
    const blanks = fc.string({ unit: fc.constantFrom(" ", ...ignorables, ...otherBlanks), minLength: 1, maxLength: 32 })
    fc.assert(fc.property(blanks, (name) => nameProblem(name) !== undefined))
  })

  it("that has what shows nothing anywhere is refused: there is no other name that looks the same", () => {
    const blank = fc.constantFrom(...ignorables, ...otherBlanks)
    fc.assert(
      fc.property(goodNames, blank, fc.nat(), (name, character, place) => {
        const characters = [...name]
        characters.splice(place % (characters.length + 1), 0, character)
        expect(nameProblem(characters.join(""))).toBeDefined()
      }),
      { numRuns: 2000 }
    )
  })

  it("with letters of two scripts is refused, unless people write them together", () => {
    const together = [
      ["Latin", "Han", "Hiragana", "Katakana"],
      ["Latin", "Han", "Bopomofo"],
      ["Latin", "Han", "Hangul"]
    ]
    const letters = {
      ...{
        Latin: "b",
        Greek: "λ",
        Cyrillic: "ж",
        Armenian: "ե",
        Georgian: "ბ",
        Hebrew: "ש",
        Arabic: "ش",
        Devanagari: "क"
      },
      ...{
        Thai: "ก",
        Han: "漢",
        Hiragana: "あ",
        Katakana: "ア",
        Bopomofo: "ㄅ",
        Hangul: "가",
        Ethiopic: "ሀ",
        Thaana: "ދ"
      }
    }
    for (const [one, first] of Object.entries(letters)) {
      for (const [other, second] of Object.entries(letters)) {
        const isFine = one === other || together.some((scripts) => scripts.includes(one) && scripts.includes(other))
        expect([one, other, nameProblem(first + second) === undefined]).toEqual([one, other, isFine])
      }
    }
  })

  it("is looked at without a throw, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        nameProblem(text)
        looksOf(text)
      })
    )
  })
})

describe("two names are one", () => {
  it.each([
    ["in other case", "Ada", "ADA"],
    ["with letters of two widths", "Ada", "Ａｄａ"],
    ["in another font", "Ada", "\u{1d400}\u{1d41d}\u{1d41a}"],
    ["with a mark of its own or on the letter", "Ana Mar\u00eda", "ana mari\u0301a"],
    ["with a ligature", "Fiona", "\ufb01ona"],
    ["in Cyrillic or Latin", "paypa", "\u0440\u0430\u0443\u0440\u0430"],
    ["in capitals of Cyrillic or small letters of Latin", "pay", "\u0420\u0410\u0423"],
    ["with the l of the Caucasus", "apple", "\u0430\u0440\u0440\u04cf\u0435"],
    ["in Greek or Latin", "BOB", "\u0392\u039f\u0392"],
    ["with a capital I for an l", "Bill", "BiII"],
    ["with an l for a capital I", "BILL", "BlLL"],
    ["with an l for a capital I, of one in small letters", "bill", "BlLL"],
    ["with 1 for l", "Alice", "A1ice"],
    ["with 0 for o", "Bob", "B0b"],
    ["with rn for m", "Adam", "Adarn"],
    ["with another apostrophe", "O'Neil", "O’Neil"],
    ["with a stretched word", "محمد", "مـحمد"],
    ["with a dot on an i", "ipek", "i\u0307pek"],
    ["of Turkey", "İpek", "ipek"],
    ["with a sharp s", "straße", "STRASSE"],
    ["with either sigma at the end", "Σίσυφος", "ΣΊΣΥΦΟΣ"],
    ["with an Arabic-Indic digit of either kind", "محمد ١", "محمد ۱"]
  ])("%s: %s, %s", (_title, one, other) => {
    expect(areOne(one, other)).toBe(true)
    expect(areOne(other, one)).toBe(true)
  })

  it.each([
    ["Ada", "Adam"],
    ["Ada", "Ida"],
    ["Neil", "Nell"],
    ["Lisa", "Ilsa"],
    ["Gail", "Gali"],
    ["Elia", "Eila"],
    ["Ada L", "AdaL"],
    ["Jose", "José"],
    ["李雷", "李蕾"],
    ["Anna", "Анна"],
    ["Client 10", "Client 11"]
  ])("but not %s and %s", (one, other) => {
    expect(areOne(one, other)).toBe(false)
  })

  it("in any case and any form of Unicode", () => {
    const forms = ["NFC", "NFD", "NFKC", "NFKD"] as const
    fc.assert(
      fc.property(goodNames, fc.constantFrom(...forms), (name, form) => {
        for (const other of [name.toLowerCase(), name.toUpperCase(), name.normalize(form)]) {
          expect(areOne(name, other)).toBe(true)
        }
      }),
      shortened
    )
  })

  it("with any look-alike in any place, if that may be a name", () => {
    const byLook = Map.groupBy(charactersOf(/[\p{L}\p{Nd}]/u, 0xffff), lookOf)
    let met = 0
    fc.assert(
      fc.property(goodNames, fc.nat(), fc.nat(), (name, place, choice) => {
        const characters = [...name]
        const at = place % characters.length
        const alike = byLook.get(lookOf(characters[at] ?? "")) ?? []
        if (alike.length === 0) return
        characters[at] = alike[choice % alike.length] ?? ""
        const other = characters.join("")
        if (nameProblem(other) !== undefined) return
        if (other !== name) met++
        expect(areOne(name, other)).toBe(true)
      }),
      { numRuns: 2000 }
    )
    expect(met).toBeGreaterThan(100)
  })

  it("or not, by looks that do not change when they are looked at again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const look = lookOf(text)
        expect(lookOf(look)).toBe(look)
      })
    )
  })
})

it("a name shows the same when something ignorable is in it", () => {
  const ignorable = fc.constantFrom(...ignorables)
  fc.assert(
    fc.property(goodNames, ignorable, fc.nat(), (name, character, place) => {
      const at = place % (name.length + 1)
      // Between two letters: inside a surrogate pair is no place
      fc.pre(!/[\udc00-\udfff]/.test(name.charAt(at)))
      expect(lookOf(name.slice(0, at) + character + name.slice(at))).toBe(lookOf(name))
    }),
    shortened
  )
})
