// What people may be called, and which names look the same. Of a person a chat shows the name and nothing else, so every
// name must show something, and no two may be taken for each other. The rules are those of Unicode's "Security
// Mechanisms" (UTS #39): its profile "highly restrictive", and its look-alikes, which the library unhomoglyph knows.
import unhomoglyph from "unhomoglyph"

// --- what may be a name ----------------------------------------------------------------------------------------------

// Letters, their marks, decimal digits and a little punctuation, in words with one space between them. Emoji are none of
// these: variation selectors, joiners and skin tones make too many that look alike.
const shape = /^[\p{L}\p{Nd}][\p{L}\p{Mn}\p{Mc}\p{Nd}._'’-]*(?: [\p{L}\p{Mn}\p{Mc}\p{Nd}._'’-]+)*$/u
const emoji = /[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Emoji_Modifier}]|\u20e3/u

// Default ignorables are what a font may draw as nothing: joiners, variation selectors, the fillers of Hangul (which are
// letters), controls of direction. Then other controls, blanks that are no space, and the pattern without dots of Braille.
const invisible = /[\p{Default_Ignorable_Code_Point}\p{C}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/u

// More marks than this on one letter, or one of them twice, pile up over other lines or hide behind each other.
const pileOfMarks = /\p{Mn}{5}|(\p{Mn})\1/u

// "Recommended scripts" of Unicode (UAX #31): those in general use today. The others have blank letters and look-alikes
// that hardly anybody can tell apart.
const scripts = (
  "Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew " +
  "Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan"
).split(" ")

// What people write in one name: one script, or the scripts of Japanese, Chinese or Korean, with Latin among them.
const writings = [
  ...scripts.map((script) => [script]),
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Bopomofo"],
  ["Latin", "Han", "Hangul"]
]

// Script extensions, since some characters belong to several scripts; digits and punctuation belong to all.
const anyOf = (names: ReadonlyArray<string>): string => names.map((name) => `\\p{Script_Extensions=${name}}`).join("")
const inOneWriting = writings.map((names) => new RegExp(`^[${anyOf(["Common", "Inherited", ...names])}]*$`, "u"))
const inKnownScripts = new RegExp(`^[${anyOf(["Common", "Inherited", ...scripts])}]*$`, "u")
const scriptPatterns = scripts.map((script) => [script, new RegExp(`\\p{Script=${script}}`, "u")] as const)

// Digits of several kinds in one name look like others: an Arabic five is a small circle.
const kindsOfDigits = [/[0-9]/, /[\u0660-\u0669]/, /[\u06f0-\u06f9]/, /[^\P{Nd}0-9\u0660-\u0669\u06f0-\u06f9]/u]

// A name with letters from right to left begins with one and ends with one, or with a digit, as domain names do (RFC
// 5893): otherwise two names could be shown in the same order.
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Thaana}]/u
const rightToLeftShape = /^[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Thaana}](?:.*[\p{L}\p{M}\p{Nd}])?$/u

const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`

/** What is wrong with a name, as a sentence that says what was expected. Nothing when it may be a name. */
export const nameProblem = (name: string): string | undefined => {
  if (emoji.test(name)) return "Expected a name without emoji"
  const hidden = invisible.exec(name)?.[0]
  if (hidden !== undefined) return `Expected a name of visible characters, and ${codePoint(hidden)} is not one`
  if (!shape.test(name)) {
    return "Expected a name of letters, digits, . _ ' - and single spaces, beginning with a letter or digit"
  }
  if (pileOfMarks.test(name.normalize("NFD"))) {
    return "Expected a name with at most four marks on a letter, each of them once"
  }
  // As it is without variants of width and font, which belong to no script
  const plain = name.normalize("NFKC")
  if (!inKnownScripts.test(plain)) return "Expected a name in a script that is in general use today"
  if (!inOneWriting.some((writing) => writing.test(plain))) {
    const mixed = scriptPatterns.flatMap(([script, pattern]) => (pattern.test(plain) ? [script] : []))
    return `Expected a name in one script, but this one mixes ${mixed.join(", ")}`
  }
  if (kindsOfDigits.filter((digits) => digits.test(plain)).length > 1) return "Expected a name with one kind of digits"
  if (rightToLeft.test(plain) && !rightToLeftShape.test(plain)) {
    return "Expected a name that begins and ends with letters from right to left, since it has such letters"
  }
  return undefined
}

// --- which names look the same ---------------------------------------------------------------------------------------

// What looks like an ASCII letter or digit by Unicode 17, and not by the library's table, which is of Unicode 13.
const newerLookAlikes: ReadonlyMap<string, string> = new Map([
  ...[..."ϸþƿ"].map((character) => [character, "p"] as const),
  ...[..."০୦០"].map((character) => [character, "o"] as const),
  ...[..."३૩"].map((character) => [character, "3"] as const),
  ...[..."ငၚ"].map((character) => [character, "c"] as const),
  ...Object.entries({ ӏ: "l", ւ: "i", ƒ: "f", ട: "s", ш: "w", "೦": "O" })
])

// What does not change how a text looks: besides default ignorables, the stroke that only makes Arabic words longer, and
// another dot on a letter that has one.
const ignorable = /[\p{Default_Ignorable_Code_Point}\u0640]|(?<=\p{Soft_Dotted})\u0307/gu

/**
 * How a text looks: texts that look the same have the same one. Not for showing, since it is spelled with whatever
 * characters the look-alikes of all scripts are compared by.
 */
export const lookOf = (text: string): string => {
  const characters = [...text.normalize("NFD").replace(ignorable, "")]
  const known = characters.map((character) => newerLookAlikes.get(character) ?? character).join("")
  const look = unhomoglyph(known).normalize("NFKD")
  // What a look-alike is spelled with may have one itself
  return look === text ? look : lookOf(look)
}

/**
 * The looks of a name: as it is, in small letters and in capitals, and all that without variants of width and font. Names
 * that differ in these only are one name, so two names are taken for each other when they have a look in common.
 */
export const looksOf = (name: string): ReadonlySet<string> =>
  new Set(
    [name, name.normalize("NFKC")].flatMap((written) => {
      const look = lookOf(written)
      // Other case of the look, and the looks of other case: a capital I looks like an l, and a small i does not
      return [look, look.toLowerCase(), lookOf(written.toLowerCase()), lookOf(written.toUpperCase())]
    })
  )
