export * from "./behaviour/GenServer.ts"
