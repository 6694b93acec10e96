// The entry file. The main thread runs it, and so does every further scheduler: there is nothing here but what they all
// need, and the call that makes a system of them.

import "@understudy/core/Preload"
import * as System from "@understudy/core/System"
import * as Layer from "effect/Layer"
import { ConnectionLive } from "./ConnectionLive.ts"
import { CurtainLive } from "./Curtain.ts"
import { DoorLive } from "./Door.ts"
import { house } from "./House.ts"
import { ListenerLive } from "./Listener.ts"
import { Sockets } from "./LiveSocket.ts"
import { NoticeBoardLive } from "./NoticeBoard.ts"
import { RoomLive } from "./RoomLive.ts"
import { ChatSettings, settingsOrExit } from "./Settings.ts"

const settings = settingsOrExit()

System.main(import.meta, {
  schedulers: settings.schedulers,
  implementations: [ConnectionLive, CurtainLive, DoorLive, ListenerLive, NoticeBoardLive, RoomLive],
  layer: Layer.merge(Layer.succeed(ChatSettings, settings), Sockets.layer),
  root: house(settings)
})
