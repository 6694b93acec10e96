/**
 * The servers of all workloads: every scheduler must know those that are started on it.
 */

import { CounterLive } from "./Counter.ts"
import { PingerLive, PongerLive } from "./PingPongServers.ts"
import { RemotePingerLive, RemotePongerLive } from "./RemotePingPongServers.ts"
import { SinkLive } from "./Sink.ts"

export const implementations = [CounterLive, PingerLive, PongerLive, RemotePingerLive, RemotePongerLive, SinkLive]
