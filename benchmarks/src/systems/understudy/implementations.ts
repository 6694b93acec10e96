/**
 * What every scheduler of the benchmarks' system is told: the servers and named processes of all workloads, and to log
 * nothing, as the BEAM does for its rows.
 */

import * as Registry from "@understudy/registry/Registry"
import * as Supervisor from "@understudy/supervisor/Supervisor"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { ChildLive } from "./servers/Child.ts"
import { CounterLive } from "./servers/Counter.ts"
import { ChatConnectionLive } from "./servers/chat/ChatConnection.ts"
import { ChatListenerLive } from "./servers/chat/ChatListener.ts"
import { ChatRoomLive } from "./servers/chat/ChatRoom.ts"
import { FibonacciLive } from "./servers/Fibonacci.ts"
import { PingerLive, PongerLive } from "./servers/PingPongServers.ts"
import { PoolWorkerLive } from "./servers/PoolWorker.ts"
import { ListenerLive, NameHolderLive } from "./servers/Registrants.ts"
import { RemotePingerLive, RemotePongerLive } from "./servers/RemotePingPongServers.ts"
import { DrainLive, EchoLive } from "./servers/RemoteProcesses.ts"
import { SinkLive } from "./servers/Sink.ts"

export const implementations = [
  CounterLive,
  PingerLive,
  PongerLive,
  RemotePingerLive,
  RemotePongerLive,
  SinkLive,
  DrainLive,
  EchoLive,
  FibonacciLive,
  ChildLive,
  NameHolderLive,
  ListenerLive,
  Supervisor.implementation,
  Registry.implementation,
  PoolWorkerLive,
  ChatConnectionLive,
  ChatListenerLive,
  ChatRoomLive
]

export const layer = Layer.merge(Logger.layer([]), Layer.succeed(References.MinimumLogLevel, "None"))
