export { publishedPackage as default } from "../../tsup.base.ts"
