/**
 * The servers and named processes of all workloads: every scheduler must know those that are started on it.
 */

import { CounterLive } from "./servers/Counter.ts"
import { ChatConnectionLive } from "./servers/chat/ChatConnection.ts"
import { ChatListenerLive } from "./servers/chat/ChatListener.ts"
import { ChatRoomLive } from "./servers/chat/ChatRoom.ts"
import { PingerLive, PongerLive } from "./servers/PingPongServers.ts"
import { PoolWorkerLive } from "./servers/PoolWorker.ts"
import { DrainLive, EchoLive } from "./servers/RemotePingPong.ts"
import { RemotePingerLive, RemotePongerLive } from "./servers/RemotePingPongServers.ts"
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
  PoolWorkerLive,
  ChatConnectionLive,
  ChatListenerLive,
  ChatRoomLive
]
