/**
 * W17: the whole stack. People in another OS process say something in one room, over WebSockets, and each of them hears
 * all that is said. A message counts each time it is delivered.
 */
import { workload } from "../Workload.ts"

const parameters = {
  full: { people: 50, messagesEach: 80 },
  smoke: { people: 8, messagesEach: 10 }
}

export const chat = {
  "chat-1": workload({ id: "W17", name: "chat over WebSockets, 1 scheduler", figures: "messages/s", parameters }),
  "chat-2": workload({
    id: "W17",
    name: "chat over WebSockets, 2 schedulers",
    figures: "messages/s",
    schedulers: 2,
    parameters
  })
}
